/**
 * The consumer's floor: JetStream's own ordered consumer with a callback, JSON.parse, and the same read model and
 * checkpoint written in one transaction for each batch of up to 500. No checks, no gaps, no parking, no second process.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream } from '@atoll/schema/subjects';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { applyToAccounts, createAccounts, totals } from '../accounts.ts';
import { given, serve } from '../contestant.ts';

const BATCH = 500;

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 5, log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'bare', log });
let runs = 0;

interface Wire {
  readonly subject: string;
  readonly type: string;
  readonly position: string;
  readonly data: unknown;
}
type Read = Pick<EventRecord, 'stream' | 'type' | 'position' | 'data'>;

const tasks = {
  async consume({ last }: { last: number }): Promise<{ perSecond: number; totals: string }> {
    runs += 1;
    const table = `deploy.bare_${runs}`;
    await createAccounts(pool, table);
    await pool.query('create table if not exists deploy.bare_checkpoint (name text primary key, position bigint)');
    await pool.query('insert into deploy.bare_checkpoint values ($1, 0)', [table]);
    const began = performance.now();
    let buffer: Read[] = [];
    let wake: (() => void) | null = null;
    const consumer = await jetstream(nc).consumers.get(eventStream('deploy'), {
      deliver_policy: DeliverPolicy.All,
    });
    const messages = await consumer.consume({
      max_messages: 1000,
      callback(message) {
        const { subject, type, position, data } = message.json<Wire>();
        buffer.push({ stream: subject, type: type.slice('atoll.deploy.'.length), position: Number(position), data });
        wake?.();
      },
    });
    const client = await pool.connect();
    try {
      for (let at = 0; at < last; ) {
        if (buffer.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = null;
          continue;
        }
        const batch = buffer.slice(0, BATCH);
        buffer = buffer.slice(BATCH);
        at = batch.at(-1)?.position ?? at;
        await client.query('begin');
        await applyToAccounts(client, table, batch as EventRecord[]);
        await client.query({
          name: 'checkpoint',
          text: 'update deploy.bare_checkpoint set position = $2 where name = $1',
          values: [table, at],
        });
        await client.query('commit');
      }
      const perSecond = (last * 1000) / (performance.now() - began);
      return { perSecond, totals: await totals(pool, table) };
    } finally {
      client.release();
      await messages.close();
    }
  },
};
export type BareConsumer = typeof tasks;

serve(tasks, async () => {
  await nc.close();
  await pool.end();
});
