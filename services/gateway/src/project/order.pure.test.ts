import { describe, expect, it } from 'vitest';
import { type Candidate, inOrder, PATIENCE_MS } from './order.ts';

let position = 0;
const event = (eventId: string, context: Candidate['context'], more: Partial<Candidate> = {}): Candidate => {
  position += 1;
  const none = { cause: null, startedInstance: null, securedInstance: null };
  return { eventId, tenant: 'ten_1', context, position, since: 0, ...none, ...more };
};
const nothing = { told: new Set<string>(), secured: new Set<string>() };
const ids = (events: readonly Candidate[]) => events.map(({ eventId }) => eventId);

describe('events are told', () => {
  it('after their cause, whichever context comes first', () => {
    const addressed = event('addressed', 'network', { cause: 'placed' });
    expect(inOrder([addressed], nothing, 0)).toEqual({ tell: [], wait: [addressed] });
    const both = inOrder([addressed, event('placed', 'deploy')], nothing, 0);
    expect(ids(both.tell)).toEqual(['placed', 'addressed']);
  });

  it('when their cause was told before', () => {
    const known = { ...nothing, told: new Set(['placed']) };
    expect(ids(inOrder([event('addressed', 'network', { cause: 'placed' })], known, 0).tell)).toEqual(['addressed']);
  });

  it('to have started after their rules are in force, also where each context waits for the other', () => {
    const deploy = [
      event('placed', 'deploy'),
      event('started', 'deploy', { cause: 'placed', startedInstance: 'ins_1' }),
    ];
    const network = [
      event('addressed', 'network', { cause: 'placed' }),
      event('secured', 'network', { cause: 'placed', securedInstance: 'ins_1' }),
    ];
    expect(ids(inOrder(deploy, nothing, 0).tell)).toEqual(['placed']);
    const secured = { ...nothing, secured: new Set(['ins_1']) };
    expect(ids(inOrder([...deploy, ...network], secured, 0).tell)).toEqual([
      'placed',
      'addressed',
      'secured',
      'started',
    ]);
  });

  it('in the order of their context: what comes after one that waits waits, too', () => {
    const [waits, after] = [event('waits', 'network', { cause: 'not here' }), event('after', 'network')];
    const other = event('other', 'network', { tenant: 'ten_2' });
    const { tell, wait } = inOrder([after, other, waits], nothing, 0);
    expect([ids(tell), ids(wait)]).toEqual([['other'], ['waits', 'after']]);
  });

  it('late rather than never, where the cause does not come', () => {
    const orphan = event('orphan', 'network', { cause: 'parked' });
    const effect = event('effect', 'tenancy', { cause: 'orphan' });
    expect(ids(inOrder([effect, orphan], nothing, PATIENCE_MS).tell)).toEqual([]);
    expect(ids(inOrder([effect, orphan], nothing, PATIENCE_MS + 1).tell)).toEqual(['orphan', 'effect']);
  });
});
