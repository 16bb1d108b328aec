/** What a cell says holds for every pair of instances of its groups: each pair is asked by itself. */
import type { AskedTraffic } from '@atoll/schema/network/reachability';
import { readRules } from '@atoll/schema/node/decide';
import { emptyRuleSet, type PolicyRule, type RuleSet } from '@atoll/schema/node/network';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betweenInstances } from './explain.ts';
import { groupsOf, type MappedEnd, maxGroups, reachabilityMatrix } from './matrix.ts';

const suffix = (n: number) => `01h455vb4pex5vsknk0${String(n).padStart(7, '0')}`;
const pools = { ipv4: ['10.64.0.0/10'], ipv6: ['fd61::/48'], reserved: [] };
const ipv4 = (n: number) => `10.64.0.${n + 2}`;
const ipv6 = (n: number) => `fd61::${(n + 2).toString(16)}`;
const hex = (direction: string, n: number) => `${direction === 'ingress' ? 'a' : 'b'}${String(n).padStart(15, '0')}`;

interface Drawn {
  readonly action: 'ALLOW' | 'DENY';
  readonly protocol: PolicyRule['protocol'];
  readonly set: number;
}
const rule = fc.record({
  action: fc.constantFrom('ALLOW', 'DENY'),
  protocol: fc.constantFrom(null, null, null, 'TCP', 'UDP', 'ICMP'),
  set: fc.constantFrom(0, 1, 2, 3, 4, 4, 5, 5),
}) as fc.Arbitrary<Drawn>;
/** Sets 0–3 are of endpoints, of which 3 has some in one family only; 4 is a network outside, 5 all of them. */
const drawn = fc.record({
  sets: fc.tuple(...Array.from({ length: 4 }, () => fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 10 }))),
  chains: fc.array(fc.array(rule, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  ends: fc.array(fc.record({ node: fc.integer({ min: 0, max: 1 }), chain: fc.integer({ min: 0, max: 5 }) }), {
    maxLength: 10,
  }),
});
type World = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

function endsOf({ sets, chains, ends }: World): MappedEnd[] {
  const named: RuleSet['sets'] = [
    ...sets.map((members, at) => ({
      ...{ name: `s${at}`, kind: 'addresses' as const, ipv4: members.map(ipv4) },
      ipv6: (at === 3 ? members.slice(1) : members).map(ipv6),
    })),
    { name: 's4', kind: 'networks', ipv4: ['203.0.113.0/24'], ipv6: ['2001:db8::/32'] },
    { name: 's5', kind: 'networks', ipv4: ['0.0.0.0/1', '128.0.0.0/1'], ipv6: ['::/1', '8000::/1'] },
  ];
  const listed = chains.flatMap((list, n) =>
    (['ingress', 'egress'] as const).map((direction) => ({
      ...{ name: hex(direction, n), direction },
      rules: list.map(
        ({ action, protocol, set }): PolicyRule => ({
          ...{ policyId: `pol_${suffix(n)}`, action, protocol, ports: null, icmp: null, set: `s${set}`, log: false },
        }),
      ),
    })),
  );
  const chainOf = (direction: string, n: number) => (n < chains.length ? hex(direction, n) : null);
  const endpoints = ends.map(({ chain }, n) => ({
    ...{ instanceId: `ins_${suffix(n)}` as const, ipv4: ipv4(n), ipv6: ipv6(n) },
    ...{ ingress: chainOf('ingress', chain % 4), egress: chainOf('egress', (chain + 1) % 4) },
  }));
  const nodes = [0, 1].map((node) => {
    const rules = {
      ...emptyRuleSet,
      chains: listed,
      sets: named,
      endpoints: endpoints.filter((_, n) => ends[n]?.node === node),
    };
    return { rules, reader: readRules({ rules, pools }), revisions: new Map<string, number>() };
  });
  return endpoints.flatMap(({ ingress: _, egress: __, ...end }, n): MappedEnd[] => {
    const at = ends[n]?.node ?? 0;
    const node = nodes[at];
    const namespaceId = `ns_${suffix(0)}` as const;
    return node ? [{ ...end, namespaceId, nodeId: `node_${suffix(at)}`, labels: { parity: String(n % 2) }, node }] : [];
  });
}

const asked: readonly AskedTraffic[] = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'ICMP', icmp: 'ECHO_REQUEST' },
];

describe('the matrix of a namespace', () => {
  it('says of each pair of groups what holds for every pair of their instances, in each family', () => {
    fc.assert(
      fc.property(drawn, fc.constantFrom(...asked), (world, traffic) => {
        const ends = endsOf(world);
        const groups = groupsOf(ends);
        const { cells } = reachabilityMatrix(ends, traffic);
        for (const [from, group] of groups.entries()) {
          for (const [to, other] of groups.entries()) {
            for (const a of group) {
              for (const b of other) {
                if (a === b) continue;
                for (const [family, shown] of [
                  ['ipv4', 'IPV4'],
                  ['ipv6', 'IPV6'],
                ] as const) {
                  const cell = cells.find(
                    (one) => one.from === from && one.to === to && (one.family === null || one.family === shown),
                  );
                  const allowed = betweenInstances(a, b, family, traffic).allowed;
                  expect(cell?.state).toBe(allowed ? 'ALLOWED' : 'DENIED');
                }
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('says of what is outside all, some or nothing, as addresses there find it', () => {
    fc.assert(
      fc.property(drawn, fc.constantFrom(...asked), (world, traffic) => {
        const ends = endsOf(world);
        const { cells } = reachabilityMatrix(ends, traffic);
        for (const [place, [end]] of groupsOf(ends).entries()) {
          for (const direction of ['egress', 'ingress'] as const) {
            const guarded = end.node.reader.endpointOf(end.instanceId);
            // Inside of the one network that is named, and everywhere else.
            const found = ['203.0.113.9', '198.51.100.7'].map(
              (peer) =>
                guarded !== undefined &&
                end.node.reader.atEnd(direction, guarded, peer, { ...traffic, family: 'ipv4' }).allowed,
            );
            const cell = cells.find(
              (one) =>
                (direction === 'egress'
                  ? one.from === place && one.to === null
                  : one.from === null && one.to === place) && one.family !== 'IPV6',
            );
            if (cell?.state === 'ALLOWED') expect(found).toEqual([true, true]);
            if (cell?.state === 'DENIED') expect(found).toEqual([false, false]);
            if (found[0] !== found[1]) expect(cell?.state).toBe('PARTLY');
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  const part = 4;
  const all = 5;
  it.each([
    ['nothing', [], 'DENIED', 0],
    ['a part', [['ALLOW', part]], 'PARTLY', 1],
    ['all', [['ALLOW', all]], 'ALLOWED', 1],
    [
      'all but a part',
      [
        ['DENY', part],
        ['ALLOW', all],
      ],
      'PARTLY',
      2,
    ],
    [
      'all, and what comes after it decides nothing',
      [
        ['ALLOW', all],
        ['DENY', part],
      ],
      'ALLOWED',
      1,
    ],
    [
      'all in two parts',
      [
        ['ALLOW', part],
        ['ALLOW', all],
      ],
      'ALLOWED',
      2,
    ],
    ['a part that is denied', [['DENY', part]], 'DENIED', 1],
  ] as const)('of what is outside, a chain that lets through %s', (_what, rules, state, count) => {
    const chain = rules.map(([action, set]) => ({ action, protocol: null, set }));
    const world = { sets: [[], [], [], []], chains: [chain], ends: [{ node: 0, chain: 3 }] } as World;
    const { cells } = reachabilityMatrix(endsOf(world), { protocol: 'TCP', port: 1 });
    // Its egress chain is the one, and it has none for ingress.
    expect(cells).toMatchObject([
      { from: 0, to: null, family: null, state, outside: Array.from({ length: count }, () => ({})) },
      { from: null, to: 0, family: null, state: 'DENIED', outside: [] },
    ]);
  });

  it('tells of a group the labels that all of it have, and keeps apart who is in a set by one family or by the other', () => {
    const world: World = {
      ...{ sets: [[], [], [], []], chains: [[{ action: 'ALLOW', protocol: null, set: 0 }]] },
      ends: [0, 1, 2].map(() => ({ node: 0, chain: 0 })),
    };
    const labels = [
      { app: 'web', tier: 'a' },
      { app: 'web', tier: 'a' },
      { app: 'web', tier: 'b' },
    ];
    const ends = endsOf(world).map((end, n) => ({ ...end, labels: labels[n] ?? {} }));
    const { groups } = reachabilityMatrix(ends, { protocol: 'TCP', port: 1 });
    expect(groups).toMatchObject([{ count: 3, labels: { app: 'web' } }]);
    expect(Object.keys(groups[0]?.labels ?? {})).toEqual(['app']);

    const [a, b, c] = ends;
    if (!a || !b || !c) throw new Error('There are three.');
    const set = { name: 's0', kind: 'addresses' as const, ipv4: [a.ipv4], ipv6: [b.ipv6] };
    const rules = { ...a.node.rules, sets: [set] };
    const node = { rules, reader: readRules({ rules, pools }), revisions: new Map<string, number>() };
    expect(groupsOf([a, b, c].map((end) => ({ ...end, node })))).toHaveLength(3);
  });

  it('has no more cells where there are more instances of a kind, and shows too many groups page by page, the largest first', () => {
    const world = (count: number): World => ({
      ...{ sets: [[], [], [], []], chains: [[{ action: 'ALLOW', protocol: null, set: 5 }]] },
      ends: Array.from({ length: count }, () => ({ node: 0, chain: 0 })),
    });
    const of = (count: number) => reachabilityMatrix(endsOf(world(count)), { protocol: 'TCP', port: 1 });
    expect(of(200).cells).toHaveLength(of(2).cells.length);
    expect(of(200).groups[0]?.instanceIds).toHaveLength(20);
    // Each is a member of a set of its own.
    const many = maxGroups + 3;
    const ends = endsOf(world(many)).map((end, n) => {
      const set = { name: `own${n}`, kind: 'addresses' as const, ipv4: [end.ipv4], ipv6: [end.ipv6] };
      return { end, set };
    });
    const [first] = ends;
    if (!first) throw new Error('There are some.');
    const base = first.end.node.rules;
    const chains = base.chains.map((chain) => ({
      ...chain,
      rules: ends.map(
        ({ set }): PolicyRule => ({
          ...{ policyId: `pol_${suffix(0)}`, action: 'ALLOW', protocol: null, ports: null, icmp: null },
          ...{ set: set.name, log: false },
        }),
      ),
    }));
    const rules = { ...base, chains, sets: ends.map(({ set }) => set) };
    const node = { rules, reader: readRules({ rules, pools }), revisions: new Map<string, number>() };
    const all = ends.map(({ end }) => ({ ...end, node }));
    const page = (from: number, to: number) => reachabilityMatrix(all, { protocol: 'TCP', port: 1 }, { from, to });
    const { groups, groupCount, omitted } = page(0, 0);
    expect({ groups: groups.length, groupCount, omitted }).toEqual({ groups: maxGroups, groupCount: many, omitted: 3 });
    // Pages make up the whole, without a cell twice.
    const pages = [page(0, 0), page(0, maxGroups), page(maxGroups, 0), page(maxGroups, maxGroups)];
    const cells = pages.flatMap((one) => one.cells.map(({ from, to, family }) => `${from} ${to} ${family}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells).toHaveLength(many * (many - 1) + 2 * many);
    for (const one of pages) {
      const shown = new Set(one.groups.map(({ index }) => index));
      for (const { from, to } of one.cells) {
        for (const place of [from, to]) expect(place === null || shown.has(place)).toBe(true);
      }
    }
  });
});
