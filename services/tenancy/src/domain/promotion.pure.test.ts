import { given } from '@atoll/events/given';
import type { Id } from '@atoll/schema/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cycleOf, neighboursOf, type PromotionEvent, type PromotionState, promotion } from './promotion.ts';

const tenant = 'ten_01h455vb4pex5vsknk084sn02q';
const env = (n: number): Id<'environment'> => `env_01h455vb4pex5vsknk084sn0${String(n).padStart(2, '0')}`;
const [dev, test, prod] = [env(1), env(2), env(3)];
const step = (environmentId: Id<'environment'>, promotesTo: Id<'environment'>[], before: typeof promotesTo = []) =>
  ({ type: 'PromotionSet', data: { environmentId, promotesTo, before } }) satisfies PromotionEvent;
const set = (environmentId: Id<'environment'>, promotesTo: Id<'environment'>[]) =>
  ({ kind: 'set', tenant, environmentId, promotesTo }) as const;

describe('the order of promotion', () => {
  it('leads from one environment to several, all of which must be there', () => {
    expect(given(promotion, []).when(set(dev, [test, prod]))).toMatchObject({
      ok: true,
      events: [step(dev, [test, prod])],
      claims: expect.arrayContaining([
        { op: 'require', set: 'environment', key: `${tenant}/${dev}` },
        { op: 'require', set: 'environment', key: `${tenant}/${test}` },
        { op: 'require', set: 'environment', key: `${tenant}/${prod}` },
      ]),
    });
  });

  it('has no circle: the step that would close it is refused, and all of it named', () => {
    const there = given(promotion, [step(dev, [test]), step(test, [prod])]);
    expect(there.when(set(prod, [dev]))).toMatchObject({
      ok: false,
      rejection: {
        code: 'PROMOTION_CYCLE',
        message: expect.stringContaining(`${prod} → ${dev} → ${test} → ${prod}`),
        field: 'promotesTo',
      },
    });
    expect(given(promotion, []).when(set(dev, [dev]))).toMatchObject({ rejection: { code: 'PROMOTION_CYCLE' } });
    // What is replaced doesn't count.
    expect(given(promotion, [step(dev, [test])]).when(set(dev, [prod]))).toMatchObject({ ok: true });
  });

  it('lets go of an environment, and of whatever leads to it', () => {
    const there = given(promotion, [step(dev, [test, prod]), step(test, [prod])]);
    expect(there.when({ kind: 'forget', tenant, environmentId: test })).toMatchObject({
      events: [step(dev, [prod], [test, prod]), step(test, [], [prod])],
    });
    const order = { [dev]: [test, prod], [test]: [prod] };
    expect(neighboursOf(order, test)).toEqual([dev, prod]);
    expect(neighboursOf({ [dev]: [prod] }, test)).toEqual([]);
  });

  it('never has a circle, whatever is asked for', () => {
    const node = fc.integer({ min: 1, max: 8 }).map(env);
    const asked = fc.array(fc.tuple(node, fc.uniqueArray(node, { maxLength: 4 })), { maxLength: 40 });
    fc.assert(
      fc.property(asked, (steps) => {
        let order: PromotionState = {};
        for (const [from, targets] of steps) {
          const decided = promotion.decide(order, set(from, targets));
          if (decided.ok) order = decided.events.reduce(promotion.evolve, order);
        }
        for (const [from, targets] of Object.entries(order)) {
          expect(cycleOf(order, from as Id<'environment'>, targets)).toBe(null);
        }
      }),
    );
  });
});
