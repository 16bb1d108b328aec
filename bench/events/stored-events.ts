/** Many events in a store, written by one statement: what benches of reading begin with. */
import { engineMigrations } from '@atoll/events/migrations';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import { actor, correlation, movedData, ownerOf, streamName, traceparent } from './workload.ts';

const PER_STATEMENT = 200_000;
/** A vacuum of millions of events on a busy machine says nothing for a while. */
const SILENCE_MS = 600_000;
const log = createLogger('bench');
log.level = 'error';

export interface StoredEvents {
  readonly events: number;
  /** Event n is on stream n % streams: the first of each opens it, the others move. */
  readonly streams: number;
  readonly tenants?: number;
}

/** Makes the engine's tables in the schema `deploy` and fills them. */
export async function storeEvents(url: string, { events, streams, tenants = 1 }: StoredEvents): Promise<void> {
  const pool = createPool({ url, name: 'bench', max: 1, log, silenceMs: SILENCE_MS });
  try {
    await migrate({ pool, schema: 'deploy', folders: [engineMigrations], log });
    await pool.query('set statement_timeout = 0');
    const prefix = streamName(':', 'account', 0).slice(0, -26);
    for (let from = 0; from < events; from += PER_STATEMENT) {
      await pool.query(
        `insert into deploy.event
         select n + 1, 'evt_01' || lpad(n::text, 24, '0'), case when n < $3 then 'Opened' else 'Moved' end, 1,
           case when $4 = 1 then 'platform' else 'ten_01' || lpad((n % $3 % $4)::text, 24, '0') end,
           $5 || lpad((n % $3)::text, 26, '0'), n / $3 + 1, '2026-01-01'::timestamptz + n * interval '1 ms',
           $6, null, $7, $8, case when n < $3 then $9::jsonb else $10::jsonb || jsonb_build_object('amount', n % 200 - 100) end
         from generate_series($1::bigint, $2::bigint) n`,
        [
          from,
          Math.min(events, from + PER_STATEMENT) - 1,
          streams,
          tenants,
          prefix,
          actor,
          correlation,
          traceparent,
          JSON.stringify({ owner: ownerOf(0) }),
          JSON.stringify(movedData(0)),
        ],
      );
    }
    await pool.query('vacuum (analyze) deploy.event');
  } finally {
    await pool.end();
  }
}
