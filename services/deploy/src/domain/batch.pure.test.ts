import { batchOperation, itemOutcomes } from '@atoll/schema/deploy/batches';
import type { Id } from '@atoll/schema/ids';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Batch,
  type BatchEvent,
  batchStates,
  countOf,
  evolveBatch,
  heldBy,
  isOver,
  isUnderWay,
  listOf,
  type There,
} from './batch.ts';
import { type BatchCommand, batchDecider, IN_BATCH, MOST_BEGUN } from './batch-decide.ts';
import { type BatchStimulus, batchTable } from './batch-table.ts';

const batchId: Id<'batch'> = 'bat_1';
const ids = (count: number) => Array.from({ length: count }, (_, n): Id<'deployment'> => `dep_${n + 1}`);
const start = (count: number, more: Partial<Extract<BatchCommand, { action: 'start' }>> = {}): BatchCommand => ({
  ...{ action: 'start', batchId, environmentId: 'env_1', namespaceId: 'ns_1', labels: { app: 'shop' } },
  ...{ operation: { kind: 'RESTART' }, pauseSeconds: 0, maxFailures: 0, waves: { count: 2 } },
  deployments: ids(count).map((deploymentId) => ({ deploymentId, name: deploymentId.replace('_', '-') })),
  ...more,
});
const end = (deploymentId: Id<'deployment'>, outcome: (typeof itemOutcomes)[number], now = 0): BatchCommand => ({
  ...{ action: 'end', deploymentId, outcome, now },
  reason: outcome === 'FAILED' ? { code: 'ILLEGAL_STATE', message: 'It did not get ready.' } : null,
});
const accepted = (deploymentId: Id<'deployment'>): BatchCommand => ({
  ...{ action: 'accept', deploymentId, rolloutId: 'rol_1', deadlineAt: null },
});
const advance = (now = 0): BatchCommand => ({ action: 'advance', now });

/** Given what was commanded, when one more is, then these events. */
class Given {
  state: Batch = batchDecider.initial;
  events: readonly BatchEvent[] = [];
  when(...commands: readonly BatchCommand[]): this {
    for (const command of commands) {
      const decision = batchDecider.decide(this.state, command);
      if (!decision.ok) throw new Error(`${decision.rejection.code}: ${decision.rejection.message}`);
      this.events = decision.events;
      this.state = decision.events.reduce(evolveBatch, this.state);
    }
    return this;
  }
  get types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }
  get there(): There {
    if (this.state.status === 'NONE') throw new Error('There is no batch.');
    return this.state;
  }
  get underWay(): readonly string[] {
    return listOf(this.there)
      .filter(isUnderWay)
      .map(({ deploymentId }) => deploymentId);
  }
}
const given = (...commands: readonly BatchCommand[]) => new Given().when(...commands);

describe('waves', () => {
  test('the next one begins when all of the one before are over, and its pause', () => {
    const batch = given(start(3, { pauseSeconds: 60 }), advance());
    expect(batch.underWay).toEqual(['dep_1', 'dep_2']);
    expect(batch.when(advance()).events).toEqual([]);
    batch.when(accepted('dep_1'), end('dep_1', 'SUCCEEDED'), advance());
    expect(batch.underWay).toEqual(['dep_2']);
    batch.when(end('dep_2', 'UNCHANGED', 1000));
    expect(batch.events).toMatchObject([
      { type: 'BatchItemEnded' },
      { type: 'BatchWaveEnded', data: { wave: 1, nextAt: new Date(61_000).toISOString() } },
    ]);
    expect(batch.when(advance(60_999)).events).toEqual([]);
    expect(batch.when(advance(61_000)).underWay).toEqual(['dep_3']);
    batch.when(end('dep_3', 'SUCCEEDED'));
    expect(batch.events.at(-1)).toMatchObject({ type: 'BatchCompleted', data: { succeeded: 2, unchanged: 1 } });
  });

  test('a percentage is of all, rounded up, and a size larger than the batch is all of it', () => {
    expect(given(start(10, { waves: { percent: 25 } })).there.waveSize).toBe(3);
    expect(given(start(3, { waves: { percent: 1 } })).there.waveSize).toBe(1);
    expect(given(start(3, { waves: { count: 1000 } })).there.waveSize).toBe(3);
  });

  test('a large wave is begun part by part, so that a stop comes before it is begun whole', () => {
    const batch = given(start(30, { waves: { count: 30 } }), advance());
    expect(batch.underWay).toHaveLength(MOST_BEGUN);
    batch.when(end('dep_1', 'FAILED'), advance());
    expect(batch.there.status).toBe('STOPPED');
    expect(batch.underWay).toHaveLength(MOST_BEGUN - 1);
  });
});

describe('a failure', () => {
  test('too many stop it: what is under way goes on, nothing else begins', () => {
    const batch = given(start(6, { maxFailures: 1 }), advance(), end('dep_1', 'FAILED'));
    expect(batch.types).toEqual(['BatchItemEnded']);
    batch.when(end('dep_2', 'FAILED'));
    expect(batch.types).toEqual(['BatchItemEnded', 'BatchWaveEnded', 'BatchStopped']);
    expect(batch.events.at(-1)?.data).toMatchObject({ failed: 2, message: expect.stringContaining('dep-2') });
    expect(batch.when(advance(1e9)).events).toEqual([]);
  });

  test('resumed, it goes on at once, and what had failed stops it no more', () => {
    const batch = given(start(6, { pauseSeconds: 60 }), advance(), end('dep_1', 'FAILED'), end('dep_2', 'SUCCEEDED'));
    batch.when({ action: 'resume' }, advance());
    expect(batch.underWay).toEqual(['dep_3', 'dep_4']);
    expect(batch.when(end('dep_3', 'SUCCEEDED')).there.status).toBe('RUNNING');
    expect(batch.when(end('dep_4', 'FAILED')).there.status).toBe('STOPPED');
  });

  test('when nothing is left to stop, the batch is complete, and says how many have failed', () => {
    const batch = given(start(1), advance(), end('dep_1', 'FAILED'));
    expect(batch.types).toEqual(['BatchItemEnded', 'BatchCompleted']);
    expect(batch.events.at(-1)?.data).toMatchObject({ failed: 1, succeeded: 0 });
  });
});

describe('what people do', () => {
  test('pausing freezes it, and what is under way comes to its end', () => {
    const batch = given(start(4), advance(), { action: 'pause' });
    batch.when(end('dep_1', 'SUCCEEDED'), end('dep_2', 'SUCCEEDED'));
    expect(batch.when(advance(1e9)).events).toEqual([]);
    expect(batch.when({ action: 'resume' }, advance()).underWay).toEqual(['dep_3', 'dep_4']);
  });

  test('cancelling ends it: at once where nothing is under way, else when that is over', () => {
    expect(given(start(2), { action: 'cancel' }).types).toEqual(['BatchCancelled', 'BatchCompleted']);
    const batch = given(start(4), advance(), { action: 'cancel' });
    expect(batch.events).toMatchObject([{ type: 'BatchCancelled', data: { skipped: 2 } }]);
    batch.when(end('dep_1', 'FAILED'), end('dep_2', 'SUCCEEDED'));
    expect(batch.events.at(-1)).toMatchObject({ type: 'BatchCompleted', data: { failed: 1, skipped: 2 } });
    expect(batch.there.status).toBe('CANCELLED');
  });

  test('one that is over is refused with what to do instead', () => {
    const over = given(start(1), advance(), end('dep_1', 'SUCCEEDED')).state;
    for (const action of ['pause', 'resume', 'cancel'] as const) {
      expect(batchDecider.decide(over, { action })).toMatchObject({ ok: false, rejection: { code: 'ILLEGAL_STATE' } });
      expect(batchDecider.decide(batchDecider.initial, { action })).toMatchObject({
        ok: false,
        rejection: { code: 'NOT_FOUND' },
      });
    }
  });
});

test('a deployment is held until it is over, so that it is in one batch at a time', () => {
  const first = batchDecider.decide(batchDecider.initial, start(2));
  const taken = first.ok ? first.claims.filter(({ set }) => set === IN_BATCH) : [];
  expect(taken.map((claim) => 'key' in claim && claim.key)).toEqual(['dep_1', 'dep_2']);
  const batch = given(start(2), advance());
  const last = batchDecider.decide(batch.state, end('dep_1', 'SUCCEEDED'));
  expect(last).toMatchObject({ claims: [{ op: 'release', key: 'dep_1', owner: batchId }] });
});

test.each([
  [{ kind: 'UPGRADE', change: {} }, /RESTART/],
  [{ kind: 'SCALE', replicas: -1 }, /0/],
  [{ kind: 'RESTART', replicas: 1 }, /replicas/],
])('an operation that makes no sense is refused: %j', (operation, message) => {
  expect(batchOperation.safeParse(operation).error?.message).toMatch(message);
});

/** Any walk: what time, people and deployments may do, in any order. */
const count = 4;
type Step =
  | { readonly of: 'batch'; readonly command: BatchCommand }
  /** Of one that is under way, where any is; else of any. */
  | {
      readonly of: 'item';
      readonly nth: number;
      readonly stray: boolean;
      readonly command: (id: Id<'deployment'>) => BatchCommand;
    };
const times = fc.integer({ min: 0, max: 200_000 });
const ofItem = (command: fc.Arbitrary<(id: Id<'deployment'>) => BatchCommand>): fc.Arbitrary<Step> =>
  fc.record({ of: fc.constant('item'), nth: fc.nat(count), stray: fc.nat(9).map((n) => n === 0), command });
const ends = fc.tuple(fc.constantFrom('FAILED', ...itemOutcomes), times);
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: times.map((now): Step => ({ of: 'batch', command: advance(now) })) },
    { weight: 2, arbitrary: ofItem(fc.constant(accepted)) },
    {
      weight: 6,
      arbitrary: ofItem(
        ends.map(
          ([outcome, now]) =>
            (id: Id<'deployment'>) =>
              end(id, outcome, now),
        ),
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom<'pause' | 'resume' | 'cancel'>('pause', 'resume', 'resume', 'cancel')
        .map((action): Step => ({ of: 'batch', command: { action } })),
    },
  ),
  { maxLength: 60, size: 'max' },
);
function commandOf(step: Step, batch: There): BatchCommand {
  if (step.of === 'batch') return step.command;
  const open = listOf(batch).filter(isUnderWay);
  const among = open.length === 0 || step.stray ? listOf(batch) : open;
  return step.command(among[step.nth % among.length]?.deploymentId ?? 'dep_none');
}
const plans = fc.record({
  waves: fc.oneof(
    fc.record({ count: fc.integer({ min: 1, max: count + 1 }) }),
    fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
  ),
  pauseSeconds: fc.integer({ min: 0, max: 60 }),
  maxFailures: fc.integer({ min: 0, max: 3 }),
});

/** What has come, in the words of the table. */
function stimulusOf(before: There, command: BatchCommand, after: There): BatchStimulus | null {
  switch (command.action) {
    case 'pause':
    case 'resume':
    case 'cancel':
      return command.action;
    case 'advance':
      return listOf(after).some((item) => item.status !== before.items.get(item.deploymentId)?.status)
        ? 'time for more'
        : null;
    case 'end': {
      if (countOver(after) === countOver(before)) return null;
      if (listOf(after).every(isOver)) return 'the last one ends';
      const failed = countOf(after, 'FAILED') - after.forgiven;
      return command.outcome === 'FAILED' && failed > after.maxFailures
        ? 'one fails too many'
        : 'one ends, some are left';
    }
    default:
      return null;
  }
}
const countOver = (batch: There) => listOf(batch).filter(isOver).length;

/** Answers which cells of the table it came through. */
function walk(parameters: fc.Parameters<unknown>): ReadonlySet<string> {
  const visited = new Set<string>();
  fc.assert(
    fc.property(plans, steps, (plan, walked) => {
      const batch = given(start(count, plan));
      const begun = new Set<string>();
      const ended = new Set<string>();
      for (const step of walked) {
        const before = batch.there;
        const command = commandOf(step, before);
        const decision = batchDecider.decide(before, command);
        if (!decision.ok) {
          const cell =
            command.action === 'pause' || command.action === 'resume' || command.action === 'cancel'
              ? batchTable[before.status][command.action]
              : null;
          expect(cell?.kind).toBe('refused');
          continue;
        }
        batch.when(command);
        const after = batch.there;
        expect(listOf(after).filter(isUnderWay).length).toBeLessThanOrEqual(after.waveSize);
        for (const event of batch.events) {
          if (event.type === 'BatchItemEnded') {
            expect(ended.has(event.data.deploymentId), 'it ends once').toBe(false);
            ended.add(event.data.deploymentId);
          }
          if (event.type !== 'BatchItemsBegun') continue;
          expect(before.status).toBe('RUNNING');
          expect(
            before.nextAt === null || (command.action === 'advance' && command.now >= Date.parse(before.nextAt)),
          ).toBe(true);
          for (const id of event.data.deploymentIds) {
            expect(begun.has(id), `${id} is begun once`).toBe(false);
            begun.add(id);
            expect(
              listOf(after).every((item) => item.wave >= event.data.wave || isOver(item)),
              'no wave before it is open',
            ).toBe(true);
          }
        }
        const stopsNow = countOf(after, 'FAILED') - after.forgiven > after.maxFailures;
        if (stopsNow) expect(after.status).not.toBe('RUNNING');
        const released = decision.claims.map((claim) => ('key' in claim ? claim.key : ''));
        expect([...heldBy(after), ...released].sort()).toEqual([...heldBy(before)].sort());
        const stimulus = stimulusOf(before, command, after);
        if (stimulus === null) continue;
        const cell = batchTable[before.status][stimulus];
        visited.add(`${before.status} ${stimulus}`);
        expect(after.status).toBe(cell.kind === 'to' ? cell.to : before.status);
      }
    }),
    parameters,
  );
  return visited;
}

test('whatever comes in whichever order: never more than a wave under way, nothing twice, nothing new where it stands still', () => {
  walk({ numRuns: 300 });
});

test('each cell of the table can come to pass', () => {
  const visited = walk({ numRuns: 1500, seed: 1 });
  const some = batchStates.flatMap((state) =>
    Object.entries(batchTable[state]).flatMap(([stimulus, cell]) => (cell.kind === 'to' ? `${state} ${stimulus}` : [])),
  );
  expect(some.filter((cell) => !visited.has(cell))).toEqual([]);
});
