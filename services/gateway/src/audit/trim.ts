/**
 * Trims a log: what is old goes, and a record in the chain says up to where, and with which hash it ended there. So the
 * rest can be verified, and nobody can take away the beginning unseen.
 */
import { transaction } from '@atoll/events/database/transaction';
import { trimmedType } from '@atoll/schema/audit/lines';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { appendEntries, takeTurn } from '../project/log.ts';

export type Trimmed =
  | { readonly ok: true; readonly from: number; readonly to: number }
  | { readonly ok: false; readonly why: string };

/** Removed at once. */
const batch = 5000;

const removeSql = `
  with gone as (
    delete from read.tenant_log where tenant_id = $1 and cursor in (
      select cursor from read.tenant_log where tenant_id = $1 and cursor <= $2 order by cursor limit ${batch}
    ) returning event_id
  )
  insert into read.tenant_log_trimmed select event_id from gone on conflict do nothing`;

/** Up to a cursor, that included. The newest record before the trimming stays. */
export async function trimLog(pool: Pool, tenant: string, to: number, actor: string): Promise<Trimmed> {
  if (!Number.isSafeInteger(to) || to < 1) return { ok: false, why: 'There is nothing so far back.' };
  const done = await transaction(pool, async (tx): Promise<Trimmed> => {
    await takeTurn(tx);
    const { rows: heads } = await tx.query<{ cursor: number; trimmed: number }>(
      'select cursor, trimmed from read.tenant_log_head where tenant_id = $1',
      [tenant],
    );
    const [head] = heads;
    if (head === undefined) return { ok: false, why: `There is no log of ${tenant}.` };
    const trimmed = Number(head.trimmed);
    if (to <= trimmed) return { ok: false, why: `It is trimmed up to ${trimmed} already.` };
    if (to >= Number(head.cursor)) return { ok: false, why: `It ends at ${head.cursor}: the newest record stays.` };
    const { rows } = await tx.query<{ hash: string | null }>(
      'select hash from read.tenant_log where tenant_id = $1 and cursor = $2',
      [tenant, to],
    );
    const hash = rows[0]?.hash ?? null;
    if (hash === null) {
      return { ok: false, why: `Record ${to} is not there: the log is damaged. Verify it before anything is removed.` };
    }
    await appendEntries(tx, [
      {
        ...{ tenant_id: tenant, event_id: newId('event'), type: trimmedType, resource_id: tenant },
        ...{ time: new Date().toISOString(), actor, cause: null, correlation: newId('event'), traceparent: null },
        data: { from: String(trimmed + 1), to: String(to), hash },
        changes: null,
      },
    ]);
    await tx.query('update read.tenant_log_head set trimmed = $2, trimmed_hash = $3 where tenant_id = $1', [
      ...[tenant, to, hash],
    ]);
    return { ok: true, from: trimmed + 1, to };
  });
  // Nobody reads them any more; a trimming that is cut short is finished by the next.
  if (done.ok) while (((await pool.query(removeSql, [tenant, to])).rowCount ?? 0) > 0);
  return done;
}

/** The cursor up to which a log is older than a time; 0 where nothing is. */
export async function cursorBefore(pool: Pool, tenant: string, time: Date): Promise<number> {
  const { rows } = await pool.query<{ cursor: number }>(
    `select coalesce(min(l.cursor) - 1, max(h.cursor) - 1) as cursor from read.tenant_log_head h
     left join read.tenant_log l on l.tenant_id = h.tenant_id and l.time >= $2 and l.cursor > h.trimmed
     where h.tenant_id = $1`,
    [tenant, time.toISOString()],
  );
  return Number(rows[0]?.cursor ?? 0);
}
