/**
 * Mutations that were asked and whose outcome nobody recorded: the gateway was killed, or no answer came. Where their
 * events are in a log, they were accepted; else it is said that the outcome isn't known. Should events of one come
 * later than that, they stand in the log under its correlation.
 */
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { accepted, unknown } from './entry.ts';

/** Longer than a command may take (10 s), and its events until they are in the log (5 s). */
const patienceSeconds = 30;
const lookMs = 2_000;
const maxAtOnce = 500;

interface Open {
  readonly id: string;
  /** The first event that it led to. */
  readonly event_id: string | null;
  /** Other mutations of the same request, told or open: then the events can't be told apart. */
  readonly others: boolean;
}

const openSql = `
  select e.id, found.event_id,
    exists(select from read.audit_entry o where o.correlation = e.correlation and o.id <> e.id)
      or exists(select from read.tenant_log t where t.tenant_id = e.tenant_id and t.correlation = e.correlation
        and t.type like 'audit.Mutation%') as others
  from read.audit_entry e
  left join lateral (
    select event_id from read.tenant_log l
    where l.tenant_id = e.changed_tenant and l.correlation = e.correlation and l.cause is null
      and l.type not like 'audit.%'
    order by cursor limit 1
  ) found on true
  where e.outcome is null and e.asked < now() - make_interval(secs => $1)
  order by e.id limit ${maxAtOnce}`;

const closeSql = `
  update read.audit_entry e set outcome = o.outcome
  from json_to_recordset($1) as o(id text, outcome json) where e.id = o.id and e.outcome is null`;

/** One round; how many were closed. */
export async function reconcile(pool: Pool, olderThanSeconds = patienceSeconds): Promise<number> {
  const { rows } = await pool.query<Open>(openSql, [olderThanSeconds]);
  if (rows.length === 0) return 0;
  const outcomes = rows.map(({ id, event_id, others }) => {
    const outcome = event_id !== null && !others ? accepted(null) : unknown(null);
    return { id, outcome: { ...outcome, data: { ...outcome.data, reconciled: true } } };
  });
  await pool.query(closeSql, [JSON.stringify(outcomes)]);
  return rows.length;
}

export function startReconciliation(options: { pool: Pool; log: Logger; resolved: () => void }): Controller {
  const { pool, log, resolved } = options;
  return startController({
    name: 'audit-reconciliation',
    resyncMs: lookMs,
    log,
    async reconcile() {
      const closed = await reconcile(pool);
      if (closed === 0) return;
      log.info({ closed }, 'mutations without a recorded outcome are told by what they led to');
      resolved();
    },
  });
}
