import { emptyRuleSet } from '@atoll/schema/node/network';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, type Opening, pools } from '../../test/fixtures.ts';
import { families } from './family.ts';
import { RuleSetInvalid } from './intent.ts';
import { nodeNames, podMac } from './names.ts';
import { renderRules } from './rules.ts';
import { tables } from './tables.ts';

const node = fixedId('node', 1);
const names = nodeNames(node);
const web = endpointAt(fixedId('instance', 1), 1, 10);
const db = endpointAt(fixedId('instance', 2), 1, 11);
const open: Opening = {
  policyId: fixedId('policy', 1),
  from: [web.instanceId],
  to: [db.instanceId],
  protocol: 'TCP',
  ports: { from: 5432, to: 5432 },
};
const text = (intent: Parameters<typeof renderRules>[1]) =>
  families
    .map((family) => {
      const rendered = renderRules(names, intent, family);
      return [
        `# ${family}`,
        ...rendered.sets.flatMap((set) => [
          `set ${set.name} ${set.type}`,
          ...set.members.map((member) => `  ${member}`),
        ]),
        ...tables.flatMap((table) => {
          const { chains, anchors } = rendered.tables[table];
          if (chains.length === 0 && anchors.length === 0) return [];
          return [
            `*${table}`,
            ...chains.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule.text}`)),
            ...anchors.map((anchor) => `-I ${anchor.builtin} ${anchor.rule.text}`),
          ];
        }),
      ].join('\n');
    })
    .join('\n');

describe('rendering a rule set', () => {
  test('gives these bytes', async () => {
    await expect(`${text({ pools, rules: compile([web, db], [open]) })}\n`).toMatchFileSnapshot(
      '../../test/golden/rules.txt',
    );
  });

  test('denies everything where there is no document', async () => {
    const nothing = { pools: null, rules: emptyRuleSet };
    await expect(`${text(nothing)}\n`).toMatchFileSnapshot('../../test/golden/deny-all.txt');
  });

  test('never accepts in a chain that checks: only `accept`, which stands behind all checks, and the node input', () => {
    for (const family of families) {
      const { chains } = renderRules(names, { pools, rules: compile([web, db], [open]) }, family).tables.filter;
      const accepting = chains.filter((chain) => chain.rules.some((rule) => rule.text.endsWith('-j ACCEPT')));
      expect(accepting.map((chain) => chain.name).sort()).toEqual([names.chain('accept'), names.chain('input')]);
      for (const chain of chains) {
        const last = chain.rules.at(-1)?.text ?? '';
        const open = [names.chain('check'), names.chain('accept')].includes(chain.name);
        expect(open || last.endsWith('-j DROP'), `${chain.name} ends in: ${last}`).toBe(true);
      }
    }
  });

  test('gives equal bytes for equal intent, in whatever order members are listed', () => {
    const arbitrary = fc.array(fc.integer({ min: 2, max: 250 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(arbitrary, arbitrary, (hosts, order) => {
        const endpoints = [...new Set(hosts)].map((host) => endpointAt(fixedId('instance', host), 1, host));
        const ids = endpoints.map((endpoint) => endpoint.instanceId);
        const rules = compile(endpoints, [{ ...open, from: ids, to: ids }]);
        const shuffled = rules.sets.map((set) => ({
          ...set,
          ipv4: [...set.ipv4].sort((a, b) => (order.length % 2 ? a.localeCompare(b) : b.localeCompare(a))),
          ipv6: [...set.ipv6].reverse().map((member) => member.replace('::', ':0:0:0:')),
        }));
        expect(text({ pools, rules: { ...rules, sets: shuffled } })).toBe(text({ pools, rules }));
      }),
    );
  });

  test('chains each rule into the hash of all that follow', () => {
    const before = renderRules(names, { pools, rules: compile([web, db], [open]) }, 'ipv4');
    const other = renderRules(
      names,
      { pools, rules: compile([web, db], [{ ...open, ports: { from: 1, to: 1 } }]) },
      'ipv4',
    );
    const hashes = (rendered: typeof before) =>
      rendered.tables.filter.chains
        .find((chain) => chain.name === names.chain('from'))
        ?.rules.map((rule) => rule.hash) ?? [];
    const [a, b] = [hashes(before), hashes(other)];
    const first = a.findIndex((hash, index) => hash !== b[index]);
    expect(first).toBe(4);
    for (let index = first; index < a.length; index++) expect(a[index]).not.toBe(b[index]);
  });

  test.each([
    ['a set', { sets: [] }],
    ['a chain', { chains: [] }],
  ])('refuses a rule set that names %s that is not there', (_, without) => {
    const rules = { ...compile([web, db], [open]), ...without };
    expect(() => renderRules(names, { pools, rules }, 'ipv4')).toThrow(RuleSetInvalid);
  });

  test('a packet passes a bounded number of rules, however many chains there are', () => {
    const many = Array.from({ length: 600 }, (_, index) =>
      endpointAt(fixedId('instance', index), index >> 7, (index & 127) + 2),
    );
    const openings = many.map(
      (endpoint, index): Opening => ({
        ...open,
        policyId: fixedId('policy', index),
        from: [endpoint.instanceId],
        to: [endpoint.instanceId],
        ports: { from: index + 1, to: index + 1 },
      }),
    );
    const { chains } = renderRules(names, { pools, rules: compile(many, openings) }, 'ipv4').tables.filter;
    const longest = Math.max(...chains.map((chain) => chain.rules.length));
    expect(chains.length).toBeGreaterThan(1200);
    expect(longest).toBeLessThanOrEqual(16 + 5);
  });
});

describe('names', () => {
  test('fit their limits and tell nodes and instances apart', () => {
    const other = nodeNames(fixedId('node', 2));
    expect(other.prefix).not.toBe(names.prefix);
    const interfaces = new Set<string>();
    for (let index = 0; index < 5000; index++) {
      const name = names.interface(fixedId('instance', index));
      expect(name.length).toBeLessThanOrEqual(15);
      interfaces.add(name);
    }
    expect(interfaces.size).toBe(5000);
    expect(names.nextSet(names.set('ipv6', `policy ${'x'.repeat(24)}`)).length).toBeLessThanOrEqual(31);
    expect(names.chain(`id-${'0'.repeat(16)}`).length).toBeLessThanOrEqual(28);
    expect(podMac(fixedId('instance', 1))).toMatch(/^02(:[0-9a-f]{2}){5}$/);
  });
});
