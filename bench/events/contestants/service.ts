/** A service under load: commands by the clock, each loaded, decided and appended, and a relay that publishes them. */
import { setTimeout as after } from 'node:timers/promises';
import { engineMigrations } from '@atoll/events/migrations';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, handleCommand } from '@atoll/events/store';
import { bank, bankEvents } from '@atoll/events/testing/bank';
import { PLATFORM } from '@atoll/schema/ids';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { openLoop } from '../../statistics.ts';
import { clock } from '../clock.ts';
import { given, serve } from '../contestant.ts';
import { sampleMemory } from '../memory.ts';
import { actor, correlation, ownerOf, type StreamSet, streamName, streamOfTurn, traceparent } from '../workload.ts';

/** A machine that is far behind shouldn't take all its memory to show it. */
const MAX_UNANSWERED = 8000;

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'service', max: 10, log });
await migrate({ pool, schema: 'deploy', folders: [engineMigrations], log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'service', log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const relay = await startRelay({ store, nc, log });
const origin = { tenant: PLATFORM, actor, cause: null, correlation, traceparent } as const;
let turn = 0;

export interface Sent {
  /** Position of each command's event and when the command was due, in turns. */
  readonly due: readonly number[];
  /** From when it was due to its answer, in ms. */
  readonly answers: readonly number[];
  /** Commands that were not sent, because too many had no answer yet. */
  readonly held: number;
  readonly memory: readonly number[];
}

const tasks = {
  async open({ kind, streams }: StreamSet): Promise<void> {
    for (let n = 0; n < streams; n += 200) {
      const some = Array.from({ length: Math.min(200, streams - n) }, (_, k) => n + k);
      await Promise.all(
        some.map((stream) =>
          handleCommand(store, {
            decider: bank,
            stream: streamName(':', kind, stream),
            command: { kind: 'open', owner: ownerOf(stream) },
            origin,
          }),
        ),
      );
    }
  },

  async load(options: { set: StreamSet; perSecond: number; seconds: number }): Promise<Sent> {
    const { set, perSecond, seconds } = options;
    const total = perSecond * seconds;
    const began = clock();
    const loop = openLoop({ began, perSecond, total });
    const due: number[] = [];
    const answers: number[] = [];
    const memory = sampleMemory();
    let unanswered = 0;
    let held = 0;
    const send = async (n: number) => {
      unanswered += 1;
      const outcome = await handleCommand(store, {
        decider: bank,
        stream: streamName(':', set.kind, streamOfTurn(turn++, set.streams)),
        command: { kind: 'move', amount: (n % 200) + 1 },
        origin,
      });
      unanswered -= 1;
      if (!outcome.ok) throw new Error(outcome.rejection.message);
      const dueAt = began + (n * 1000) / perSecond;
      answers.push(clock() - dueAt);
      due.push(outcome.position, dueAt);
    };
    let failure: unknown = null;
    const sending = new Set<Promise<void>>();
    for (let n = 0; n < total && failure === null; ) {
      for (let count = loop.due(clock(), n); count > 0; count--, n++) {
        if (unanswered >= MAX_UNANSWERED) {
          held += 1;
          continue;
        }
        const sent: Promise<void> = send(n)
          .catch((error: unknown) => {
            failure = error;
          })
          .finally(() => sending.delete(sent));
        sending.add(sent);
      }
      await after(1);
    }
    await Promise.all(sending);
    if (failure !== null) throw failure;
    return { due, answers, held, memory: memory.stop() };
  },
};
export type Service = typeof tasks;

serve(tasks, async () => {
  await relay.stop();
  await store.close();
  await nc.close();
  await pool.end();
});
