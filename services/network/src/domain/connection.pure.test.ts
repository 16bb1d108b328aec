import { newId } from '@atoll/service/ids';
import { describe, expect, it } from 'vitest';
import { type ConnectionCommand, type ConnectionState, connection } from './connection.ts';

const tenantId = newId('tenant');
type Told = Omit<ConnectionCommand, 'tenantId'>;

function after(facts: readonly Told[]): ConnectionState {
  return facts.reduce((state, fact) => {
    const decision = connection.decide(state, { ...fact, tenantId });
    if (!decision.ok) throw new Error('it is never refused');
    return decision.events.reduce(connection.evolve, state);
  }, connection.initial);
}

const suspended: Told = { kind: 'isolate', told: 10 };
const resumed: Told = { kind: 'reconnect', told: 20 };
const deletionStarted: Told = { kind: 'isolate', told: 30 };
const deletionCancelled: Told = { kind: 'reconnect', told: 40 };

const permutations = <T>(all: readonly T[]): T[][] =>
  all.length === 0
    ? [[]]
    : all.flatMap((one, index) => permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]));

describe('whether a tenant is connected', () => {
  const facts = [suspended, resumed, deletionStarted, deletionCancelled];
  it.each([1, 2, 3, 4])('is what the newest of %i facts says, in whatever order they are followed', (count) => {
    const told = facts.slice(0, count);
    const newest = told.at(-1);
    for (const order of permutations(told)) {
      expect(after(order)).toEqual({
        status: newest?.kind === 'isolate' ? 'isolated' : 'connected',
        told: newest?.told,
      });
    }
  });

  it('is not asked any more once it is deleted', () => {
    expect(after([{ kind: 'forget', told: 50 }, suspended])).toEqual({ status: 'forgotten' });
  });
});
