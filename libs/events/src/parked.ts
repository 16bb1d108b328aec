/** What consumers have put aside: to list, to retry, to skip. Any process may ask; the consumer's own does the work. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { Pool } from 'pg';
import { quoteSchema } from './database/sql.ts';
import { transaction } from './database/transaction.ts';

export interface ParkedEvent {
  readonly consumer: string;
  readonly position: number;
  readonly stream: string;
  readonly event: EventRecord;
  /** Why it failed; null for one that only waits behind another of its stream. */
  readonly error: string | null;
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly retryRequested: boolean;
  /** When its consumer tries it again by itself; null where that waits for a person, or for the one before it. */
  readonly retryAt: Date | null;
}

interface Where {
  readonly pool: Pool;
  readonly schema: string;
}

/** In the order of consumers and positions; at most `limit` (≤ 1000), after `after`. */
export async function listParked(
  { pool, schema }: Where,
  page: {
    consumer?: string;
    stream?: string;
    position?: number;
    after?: { consumer: string; position: number };
    limit: number;
  },
): Promise<readonly ParkedEvent[]> {
  const { rows } = await pool.query<Omit<ParkedEvent, 'position'> & { position: number | string }>(
    `select consumer, position, stream, event, error, attempts, parked_at as "parkedAt",
        retry_requested as "retryRequested", retry_at as "retryAt"
      from ${quoteSchema(schema)}.parked_event
      where ($1::text is null or consumer = $1) and (consumer, position) > ($2, $3)
        and ($5::text is null or stream = $5) and ($6::bigint is null or position = $6)
      order by consumer, position
      limit $4`,
    [
      page.consumer ?? null,
      page.after?.consumer ?? '',
      page.after?.position ?? 0,
      Math.min(page.limit, 1000),
      page.stream ?? null,
      page.position ?? null,
    ],
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** Asks the consumer to try a parked stream again, from its first parked event on. False where nothing of it is parked. */
export async function retryParked(
  { pool, schema }: Where,
  what: { consumer: string; stream: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update ${quoteSchema(schema)}.parked_event set retry_requested = true where consumer = $1 and stream = $2`,
    [what.consumer, what.stream],
  );
  return (rowCount ?? 0) > 0;
}

/** Gives an event up for this consumer, and asks it to go on with the rest of the stream. False where it isn't parked. */
export async function skipParked(
  { pool, schema }: Where,
  what: { consumer: string; position: number },
): Promise<boolean> {
  const q = quoteSchema(schema);
  return transaction(pool, async (tx) => {
    // Not while the consumer works on it.
    await tx.query(`select 1 from ${q}.consumer where name = $1 for update`, [what.consumer]);
    const { rows } = await tx.query<{ stream: string }>(
      `delete from ${q}.parked_event where consumer = $1 and position = $2 returning stream`,
      [what.consumer, what.position],
    );
    const stream = rows[0]?.stream;
    if (stream === undefined) return false;
    await tx.query(`update ${q}.parked_event set retry_requested = true where consumer = $1 and stream = $2`, [
      what.consumer,
      stream,
    ]);
    return true;
  });
}
