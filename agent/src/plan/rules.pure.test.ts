import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, type Opening, pools } from '../../test/fixtures.ts';
import { applyToModel, emptyModel, observe, ruleOf } from '../../test/kernel-model.ts';
import { chain, inSet, jump } from '../render/chain.ts';
import { RuleSetInvalid } from '../render/intent.ts';
import { nodeNames } from '../render/names.ts';
import { assemble, renderRules } from '../render/rules.ts';
import { ipSet } from '../render/set.ts';
import { anchor, builtins, type RenderedPart, tables } from '../render/tables.ts';
import { isEmpty, planRemoval, planRules } from './rules.ts';

const names = nodeNames(fixedId('node', 1));
const neighbour = nodeNames(fixedId('node', 2));
const instances = [1, 2, 3, 4].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));

/** Any rule set over four endpoints. */
const intents = fc
  .array(
    fc.record({
      from: fc.subarray(instances),
      to: fc.subarray(instances),
      port: fc.integer({ min: 1, max: 9 }),
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    }),
    { maxLength: 5 },
  )
  .chain((openings) => fc.subarray(instances).map((local) => ({ openings, local })))
  .map(({ openings, local }) => {
    const opened = openings.map(
      ({ from, to, port, protocol }, index): Opening => ({
        policyId: fixedId('policy', index),
        from: from.map((endpoint) => endpoint.instanceId),
        to: to.map((endpoint) => endpoint.instanceId),
        protocol,
        ports: { from: port, to: port },
      }),
    );
    return { pools, rules: compile(instances, opened, local) };
  });

type Intent = Parameters<typeof renderRules>[1];
const render = (of: typeof names, intent: Intent) => ({
  ipv4: renderRules(of, intent, 'ipv4'),
  ipv6: renderRules(of, intent, 'ipv6'),
});

describe('planning rules', () => {
  test('after a plan is applied, the plan is empty: from any rule set to any other', () => {
    fc.assert(
      fc.property(fc.array(intents, { minLength: 1, maxLength: 4 }), (walk) => {
        const model = emptyModel();
        for (const intent of walk) {
          const wanted = render(names, intent);
          applyToModel(model, planRules(names, wanted, observe(model, names)));
          expect(planRules(names, wanted, observe(model, names)).differences).toEqual([]);
        }
        applyToModel(model, planRemoval(names, observe(model, names)));
        expect(model).toEqual(emptyModel());
      }),
    );
  });

  test('what rules of others hold on to is emptied and stays, whatever comes after, and goes once they let go', () => {
    const all: Intent = {
      pools,
      rules: compile(instances, [
        {
          ...{ policyId: fixedId('policy', 1), from: [instances[0]?.instanceId ?? fixedId('instance', 1)] },
          to: instances.map((one) => one.instanceId),
          ...{ protocol: 'TCP', ports: { from: 80, to: 80 } },
        },
      ]),
    };
    fc.assert(
      fc.property(intents, fc.nat(), fc.nat(), (later, chainAt, setAt) => {
        const model = emptyModel();
        const toEmpty = (intent: Intent) => {
          const wanted = render(names, intent);
          applyToModel(model, planRules(names, wanted, observe(model, names)));
          const next = planRules(names, wanted, observe(model, names));
          expect(next.differences).toEqual([]);
          return next.held;
        };
        expect(toEmpty(all)).toEqual([]);
        const { chains } = model.tables.ipv4.filter;
        const [own, sets] = [
          [...chains.keys()],
          [...model.sets.keys()].filter((name) => name.startsWith(names.prefix)),
        ];
        const [chainName = '', set = ''] = [own[chainAt % own.length], sets[setAt % sets.length]];
        const theirs = [ruleOf(`-m set --match-set ${set} src -j ACCEPT`), ruleOf(`-s 192.0.2.7/32 -j ${chainName}`)];
        chains.set('ADMIN', [...theirs]);
        for (const intent of [later, all, later]) {
          const held = toEmpty(intent);
          const wanted = render(names, intent).ipv4;
          const isWanted = wanted.tables.filter.chains.some((one) => one.name === chainName);
          expect(chains.get(chainName)?.length === 0).toBe(!isWanted);
          expect(held.some((line) => line.includes(chainName) && line.includes('ADMIN'))).toBe(!isWanted);
          expect(chains.get('ADMIN')).toEqual(theirs);
        }
        chains.delete('ADMIN');
        expect(toEmpty(later)).toEqual([]);
        const fresh = emptyModel();
        applyToModel(fresh, planRules(names, render(names, later), observe(fresh, names)));
        expect([...chains.keys()].sort()).toEqual([...fresh.tables.ipv4.filter.chains.keys()].sort());
        expect([...model.sets.keys()].filter((name) => name === set)).toEqual(
          [...fresh.sets.keys()].filter((name) => name === set),
        );
      }),
    );
  });

  test('over all tables, from anything that several parts add to anything else', () => {
    const chainName = fc.constantFrom('one', 'two', 'three');
    const part = fc.record({
      table: fc.constantFrom(...tables),
      chains: fc.uniqueArray(chainName, { minLength: 1 }),
      builtin: fc.nat({ max: 4 }),
      mark: fc.nat({ max: 2 }),
      members: fc.array(fc.constantFrom('10.64.1.2', '10.64.1.3'), { maxLength: 2 }),
    });
    const rendered = (parts: readonly (typeof part extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const of = (family: 'ipv4' | 'ipv6') =>
        assemble(
          family,
          parts.map(({ table, chains: wanted, builtin, mark, members }, index): RenderedPart => {
            const set = ipSet(names, family, 'hash:ip', `part ${index}`, family === 'ipv4' ? members : []);
            const match = [...inSet(set.name, 'dst'), '-m', 'mark', '--mark', String(mark)];
            const chains = wanted.map((name) =>
              chain(names.chain(`${index}-${name}`), [{ match, target: jump('RETURN') }]),
            );
            const of = builtins[table];
            const at = of[builtin % of.length] ?? of[0];
            return {
              sets: [set],
              tables: { [table]: { chains, anchors: chains.map((to) => anchor(at, [], to.name)) } },
            };
          }),
        );
      return { ipv4: of('ipv4'), ipv6: of('ipv6') };
    };
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), (walk) => {
        const model = emptyModel();
        model.tables.ipv4.nat.builtins.get('PREROUTING')?.push(ruleOf('-j FOREIGN'));
        for (const parts of walk) {
          const wanted = rendered(parts);
          applyToModel(model, planRules(names, wanted, observe(model, names)));
          expect(planRules(names, wanted, observe(model, names)).differences).toEqual([]);
          for (const table of tables) {
            for (const builtin of builtins[table]) {
              const inOrder = wanted.ipv4.tables[table].anchors.filter((one) => one.builtin === builtin);
              const foreign = table === 'nat' && builtin === 'PREROUTING' ? ['-j FOREIGN'] : [];
              const there = model.tables.ipv4[table].builtins.get(builtin)?.map((rule) => rule.text);
              expect(there).toEqual([...inOrder.map((one) => one.rule.text), ...foreign]);
            }
          }
        }
      }),
    );
  });

  test('the wall stands before what leads to it, and falls after it', () => {
    const base = renderRules(names, { pools, rules: compile(instances, []) }, 'ipv4');
    const service: RenderedPart = {
      sets: [],
      tables: {
        nat: {
          chains: [chain(names.chain('svc'), [{ match: [], target: jump('RETURN') }])],
          anchors: [anchor('PREROUTING', [], names.chain('svc'))],
        },
      },
    };
    const wanted = (family: 'ipv4' | 'ipv6') => assemble(family, [{ sets: base.sets, tables: base.tables }, service]);
    const model = emptyModel();
    const both = { ipv4: wanted('ipv4'), ipv6: wanted('ipv6') };
    const order = (text: string | null) => text?.split('\n').filter((line) => line.startsWith('*'));
    const plan = planRules(names, both, observe(model, names));
    expect(order(plan.restore.ipv4)).toEqual(['*filter', '*raw', '*mangle', '*nat']);
    applyToModel(model, plan);
    expect(order(planRemoval(names, observe(model, names)).restore.ipv4)).toEqual([
      '*nat',
      '*mangle',
      '*raw',
      '*filter',
    ]);
  });

  test.each([['two chains of one table with one name', [['filter', 'svc'] as const, ['filter', 'svc'] as const]]])(
    'parts are refused that have %s',
    (_, chains) => {
      const parts = chains.map(
        ([table, name]): RenderedPart => ({
          sets: [],
          tables: { [table]: { chains: [chain(names.chain(name), [])], anchors: [] } },
        }),
      );
      expect(() => assemble('ipv4', parts)).toThrow(RuleSetInvalid);
    },
  );

  test('two nodes on one host leave each other alone, and every check comes before every accept', () => {
    const intent = { pools, rules: compile(instances, []) };
    const model = emptyModel();
    model.tables.ipv4.filter.builtins.get('FORWARD')?.push(ruleOf('-j FOREIGN'));
    const both = [names, neighbour] as const;
    for (let round = 0; round < 3; round++) {
      for (const of of both) applyToModel(model, planRules(of, render(of, intent), observe(model, of)));
    }
    for (const of of both) expect(isEmpty(planRules(of, render(of, intent), observe(model, of)))).toBe(true);
    const targets = model.tables.ipv4.filter.builtins.get('FORWARD')?.map((rule) => rule.target) ?? [];
    const kinds = targets.map((target) => /far|check|accept|FOREIGN/.exec(target)?.[0]);
    expect(kinds).toEqual(['far', 'check', 'far', 'check', 'accept', 'accept', 'FOREIGN']);
    applyToModel(model, planRemoval(names, observe(model, names)));
    expect(isEmpty(planRules(neighbour, render(neighbour, intent), observe(model, neighbour)))).toBe(true);
  });

  test('a set that changed is built beside and swapped, never emptied in place', () => {
    const [a, b] = [instances[0], instances[1]];
    if (!a || !b) throw new Error('there are four');
    const model = emptyModel();
    const opening = (to: readonly (typeof a)[]) => {
      const open: Opening = {
        policyId: fixedId('policy', 1),
        from: [a.instanceId],
        to: to.map((endpoint) => endpoint.instanceId),
        protocol: 'TCP',
        ports: { from: 80, to: 80 },
      };
      return { pools, rules: compile(instances, [open], [a]) };
    };
    applyToModel(model, planRules(names, render(names, opening([b])), observe(model, names)));
    const plan = planRules(names, render(names, opening([b, a])), observe(model, names));
    const inForce = names.set('ipv4', `policy addresses to${fixedId('policy', 1).slice(-12)}`);
    expect(plan.swap).toContain(`swap ${inForce}n ${inForce}`);
    expect(plan.prepare.filter((line) => line.split(' ')[1] === inForce)).toEqual([]);
  });
});
