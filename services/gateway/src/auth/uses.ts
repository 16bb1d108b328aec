/** When API keys and service accounts were last used: to the minute, and written now and then, never by a request. */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';

const flushMs = 30_000;
const coarseMs = 60_000;
/** What is in use at one time; beyond that uses go untold. */
const maxWaiting = 50_000;
const maxTold = 100_000;

const writeSql = {
  name: 'credential_use',
  // Not of a tenant that is gone: its row is held, so that one that is just going takes what is written here along.
  text: `with there as (select id from read.tenant where id = any($2::text[]) order by id for key share)
    insert into read.credential_use (id, tenant_id, last_used_at)
    select used.* from unnest($1::text[], $2::text[], $3::text[]) used (id, tenant_id, last_used_at)
      join there on there.id = used.tenant_id
    on conflict (id) do update set last_used_at = excluded.last_used_at
    where credential_use.last_used_at < excluded.last_used_at`,
};

export interface Uses {
  used(id: string, tenant: string): void;
  /** Writes what waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function createUses(pool: Pool, log: Logger, now: () => number = Date.now): Uses {
  const waiting = new Map<string, { readonly tenant: string; readonly minute: number }>();
  const told = new Map<string, number>();

  async function flush(): Promise<void> {
    const batch = [...waiting];
    if (batch.length === 0) return;
    waiting.clear();
    try {
      await pool.query({
        ...writeSql,
        values: [
          batch.map(([id]) => id),
          batch.map(([, { tenant }]) => tenant),
          batch.map(([, { minute }]) => new Date(minute).toISOString()),
        ],
      });
    } catch (error) {
      log.warn({ err: error }, 'the last use of some keys could not be written');
    }
  }
  const timer = setInterval(() => void flush(), flushMs);
  timer.unref();

  return {
    used(id, tenant) {
      const minute = Math.floor(now() / coarseMs) * coarseMs;
      if (told.get(id) === minute || (waiting.size >= maxWaiting && !waiting.has(id))) return;
      if (told.size >= maxTold) told.clear();
      told.set(id, minute);
      waiting.set(id, { tenant, minute });
    },
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
