/**
 * Forgets answers under idempotency keys that nobody asks for any more: oldest first, in small batches by index, off the
 * way of the commands.
 *
 * A key protects whoever asks again because he has no answer. Clients do so within minutes, hours at the most. The
 * platform's own reactions do so between an effect and its checkpoint: seconds, or as long as the process is down, so
 * the first sweep comes an hour after the start, when they have caught up; and after an operator's retry of a parked
 * event, so answers from an hour before the oldest parked event on are kept (`forget_answers`). Whoever comes later than
 * all that is judged by the state of the stream, as if he asked for the first time.
 */
import type { Context } from '@atoll/schema/contexts';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { quoteSchema } from '../database/sql.ts';

export const DEFAULT_KEEP_DAYS = 7;
const FIRST_MS = 3_600_000;
const EVERY_MS = 60_000;
const BATCH = 500;
const BATCHES = 20;

/** One sweep; resolves to how many were forgotten, at most 10,000. */
export async function sweepAnswers(options: { pool: Pool; schema: string; keepDays: number }): Promise<number> {
  const { pool, schema, keepDays } = options;
  if (!(keepDays > 0)) throw new Error(`Answers can't be kept for ${keepDays} days: give a number above 0.`);
  const text = `select ${quoteSchema(schema)}.forget_answers(make_interval(secs => $1), $2) as forgotten`;
  let total = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const { rows } = await pool.query<{ forgotten: number }>(text, [keepDays * 86_400, BATCH]);
    const forgotten = rows[0]?.forgotten ?? 0;
    total += forgotten;
    if (forgotten < BATCH) break;
  }
  return total;
}

/** Sweeps now and then until it is stopped. */
export function startRetention(options: {
  pool: Pool;
  context: Context;
  schema: string;
  keepDays: number;
  log: Logger;
}): { stop(): Promise<void> } {
  const { context, log } = options;
  let sweeping: Promise<void> = Promise.resolve();
  let timer = setTimeout(next, FIRST_MS);
  timer.unref();
  let stopped = false;

  function next(): void {
    sweeping = sweepAnswers(options).then(
      (forgotten) => {
        if (forgotten > 0) log.info({ context, forgotten }, 'answers under old idempotency keys are forgotten');
      },
      (error: unknown) => log.warn({ err: error, context }, 'old idempotency keys could not be swept'),
    );
    void sweeping.then(() => {
      if (stopped) return;
      timer = setTimeout(next, EVERY_MS);
      timer.unref();
    });
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await sweeping;
    },
  };
}
