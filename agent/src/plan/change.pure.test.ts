import { difference } from '@atoll/schema/node/rules-changes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, type Opening, pools } from '../../test/fixtures.ts';
import { applyChangeToModel, applyToModel, emptyModel, type Model, observe } from '../../test/kernel-model.ts';
import { accepts, type Packet } from '../../test/kernel-verdict.ts';
import { families } from '../render/family.ts';
import type { RuleIntent } from '../render/intent.ts';
import { changeAlias } from '../render/memory.ts';
import { nodeNames } from '../render/names.ts';
import { renderRules } from '../render/rules.ts';
import { type ChangePlan, type KernelState, planChange, stateOf } from './change.ts';
import { planRules } from './rules.ts';

const ends = [1, 2, 3, 4].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
const ports = [1, 2, 3];

interface Facts {
  readonly openings: readonly {
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly port: number;
  }[];
  readonly local: readonly number[];
}
const indexes = ends.map((_, index) => index);
const facts: fc.Arbitrary<Facts> = fc.record({
  openings: fc.array(
    fc.record({ from: fc.subarray(indexes), to: fc.subarray(indexes), port: fc.constantFrom(...ports) }),
    { minLength: 3, maxLength: 3 },
  ),
  local: fc.subarray(indexes, { minLength: 1 }),
});
const toggled = (list: readonly number[], item: number) =>
  (list.includes(item) ? list.filter((one) => one !== item) : [...list, item]).sort();

/** What can happen to a node: an endpoint comes or goes, somebody joins or leaves a side of a policy, a policy's port changes. */
const happening = fc.oneof(
  fc.constantFrom(...indexes).map(
    (index) =>
      (of: Facts): Facts => ({ ...of, local: toggled(of.local, index) }),
  ),
  fc
    .record({
      policy: fc.nat({ max: 2 }),
      side: fc.constantFrom('from' as const, 'to' as const),
      end: fc.constantFrom(...indexes),
    })
    .map(
      ({ policy, side, end }) =>
        (of: Facts): Facts => ({
          ...of,
          openings: of.openings.map((one, at) => (at === policy ? { ...one, [side]: toggled(one[side], end) } : one)),
        }),
    ),
  fc.record({ policy: fc.nat({ max: 2 }), port: fc.constantFrom(...ports) }).map(
    ({ policy, port }) =>
      (of: Facts): Facts => ({
        ...of,
        openings: of.openings.map((one, at) => (at === policy ? { ...one, port } : one)),
      }),
  ),
);

function intentOf({ openings, local }: Facts): RuleIntent {
  const at = (list: readonly number[]) => ends.filter((_, index) => list.includes(index));
  const opened = openings.map(
    ({ from, to, port }, policy): Opening => ({
      policyId: fixedId('policy', policy),
      from: at(from).map((end) => end.instanceId),
      to: at(to).map((end) => end.instanceId),
      protocol: 'TCP',
      ports: { from: port, to: port },
    }),
  );
  return { pools, rules: compile(ends, opened, at(local)) };
}
const intents = facts.map(intentOf);

const packets: Packet[] = families.flatMap((family) =>
  ends.flatMap((from) => ends.flatMap((to) => (from === to ? [] : ports.map((port) => ({ family, from, to, port }))))),
);

function agent() {
  const names = nodeNames(fixedId('node', 1));
  const model = emptyModel();
  let state: KernelState | null = null;
  const render = (intent: RuleIntent) => ({
    ipv4: renderRules(names, intent, 'ipv4'),
    ipv6: renderRules(names, intent, 'ipv6'),
  });
  function start(intent: RuleIntent): void {
    const wanted = render(intent);
    applyToModel(model, planRules(names, wanted, observe(model, names)));
    state = stateOf(wanted);
  }
  function change(intent: RuleIntent, each: () => void): ChangePlan {
    if (state === null) throw new Error('start first');
    for (;;) {
      const plan = planChange(names, state, render(intent), true);
      if (plan === null) throw new Error('it has to look');
      if ('sets' in plan) {
        for (const set of plan.sets) changeAlias(names, set.family, set.name);
        continue;
      }
      applyChangeToModel(model, plan, each);
      state = plan.state;
      return plan;
    }
  }
  const left = (intent: RuleIntent) => planRules(names, render(intent), observe(model, names));
  const verdicts = () => packets.map((packet) => accepts(model, names, packet));
  return { names, model, start, change, left, verdicts };
}

const copy = (model: Model) => JSON.stringify([...model.sets].map(([name, members]) => [name, [...members].sort()]));

describe('a change', () => {
  test('leaves in force what is wanted, from any rule set to any other, and beside it only what nothing leads to', () => {
    fc.assert(
      fc.property(fc.array(intents, { minLength: 2, maxLength: 6 }), ([first, ...walk]) => {
        const one = agent();
        if (first === undefined) throw new Error('there are two');
        one.start(first);
        for (const intent of walk) {
          one.change(intent, () => {});
          for (const difference of one.left(intent).differences) expect(difference).toMatch(/is left over$/);
          const other = agent();
          other.start(intent);
          expect(one.verdicts()).toEqual(other.verdicts());
        }
        // The next look takes away what is left over, and finds the rest as it should be.
        const last = walk.at(-1) ?? first;
        applyToModel(one.model, one.left(last));
        expect(one.left(last).differences).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test('lets each packet pass or not as before it or as after it, at every moment', () => {
    fc.assert(
      fc.property(
        facts,
        fc.array(fc.array(happening, { minLength: 1, maxLength: 2 }), { maxLength: 3 }),
        (first, walk) => {
          const one = agent();
          one.start(intentOf(first));
          let now = first;
          for (const happens of walk) {
            now = happens.reduce((of, change) => change(of), now);
            const before = one.verdicts();
            const wanted = agent();
            wanted.start(intentOf(now));
            const after = wanted.verdicts();
            one.change(intentOf(now), () => {
              const verdicts = one.verdicts();
              const astray = packets.filter((_, at) => verdicts[at] !== before[at] && verdicts[at] !== after[at]);
              expect(astray).toEqual([]);
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  test('writes nothing where nothing changed, and one member where one did', () => {
    const one = agent();
    const [a, b, c] = ends;
    if (!a || !b || !c) throw new Error('there are four');
    const opening = (from: readonly (typeof a)[]): RuleIntent => {
      const open: Opening = {
        policyId: fixedId('policy', 1),
        from: from.map((end) => end.instanceId),
        to: [c.instanceId],
        protocol: 'TCP',
        ports: { from: 1, to: 1 },
      };
      return { pools, rules: compile(ends, [open], [c]) };
    };
    one.start(opening([a]));
    const there = copy(one.model);
    const nothing = one.change(opening([a]), () => {});
    expect([nothing.before, nothing.restore, nothing.after]).toEqual([[], { ipv4: null, ipv6: null }, []]);
    expect(copy(one.model)).toBe(there);
    const plan = one.change(opening([a, b]), () => {});
    expect(plan.restore).toEqual({ ipv4: null, ipv6: null });
    expect([...plan.before, ...plan.after].map((line) => line.split(' ').slice(0, 1)[0])).toEqual(['add', 'add']);
  });
});

test('the difference of two sorted lists', () => {
  const list = fc.uniqueArray(fc.string({ maxLength: 2 })).map((items) => items.sort());
  fc.assert(
    fc.property(list, list, (before, after) => {
      expect(difference(before, after)).toEqual({
        added: after.filter((item) => !before.includes(item)),
        removed: before.filter((item) => !after.includes(item)),
      });
    }),
  );
});
