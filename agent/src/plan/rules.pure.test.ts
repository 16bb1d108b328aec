import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, type Opening, pools } from '../../test/fixtures.ts';
import { applyToModel, emptyModel, observe } from '../../test/kernel-model.ts';
import { nodeNames } from '../render/names.ts';
import { renderRules } from '../render/rules.ts';
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

  test('two nodes on one host leave each other alone, and every check comes before every accept', () => {
    const intent = { pools, rules: compile(instances, []) };
    const model = emptyModel();
    model.tables.ipv4.builtins.FORWARD.push({ text: '-j FOREIGN', hash: null, target: 'FOREIGN' });
    const both = [names, neighbour] as const;
    for (let round = 0; round < 3; round++) {
      for (const of of both) applyToModel(model, planRules(of, render(of, intent), observe(model, of)));
    }
    for (const of of both) expect(isEmpty(planRules(of, render(of, intent), observe(model, of)))).toBe(true);
    const targets = model.tables.ipv4.builtins.FORWARD.map((rule) => rule.target);
    const kinds = targets.map((target) => /check|accept|FOREIGN/.exec(target)?.[0]);
    expect(kinds).toEqual(['check', 'check', 'accept', 'accept', 'FOREIGN']);
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
