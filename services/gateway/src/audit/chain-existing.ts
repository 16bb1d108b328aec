/** Logs from before there was a chain: chained once, as they are, before anything is added to them. */
import { transaction } from '@atoll/events/database/transaction';
import { genesis, link } from '@atoll/schema/audit/chain';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { takeTurn } from '../project/log.ts';

const page = 1000;

const pageSql = `
  select cursor, event_id, type, resource_id, time, actor, cause, correlation, data, changes
  from read.tenant_log where tenant_id = $1 and cursor > $2 order by cursor limit ${page}`;
const hashSql = `
  update read.tenant_log l set hash = c.hash
  from json_to_recordset($2) as c(cursor bigint, hash text) where l.tenant_id = $1 and l.cursor = c.cursor`;

interface Row {
  readonly cursor: number;
  readonly event_id: string;
  readonly type: string;
  readonly resource_id: string;
  readonly time: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly data: unknown;
  readonly changes: unknown;
}

async function chainOne(pool: Pool, tenant: string): Promise<void> {
  await transaction(pool, async (tx) => {
    await takeTurn(tx);
    const { rows: heads } = await tx.query<{ trimmed: number }>(
      'select trimmed from read.tenant_log_head where tenant_id = $1 and hash is null',
      [tenant],
    );
    const [head] = heads;
    if (head === undefined) return;
    let hash = genesis(tenant);
    for (let after = Number(head.trimmed); ; ) {
      const { rows } = await tx.query<Row>(pageSql, [tenant, after]);
      const last = rows.at(-1);
      if (last === undefined) break;
      const hashes = rows.map((row) => {
        const { cursor, event_id: id, resource_id: resourceId, ...rest } = row;
        hash = link(hash, { ...rest, cursor: String(cursor), id, tenant, resourceId });
        return { cursor, hash };
      });
      await tx.query(hashSql, [tenant, JSON.stringify(hashes)]);
      after = Number(last.cursor);
    }
    await tx.query('update read.tenant_log_head set hash = $2 where tenant_id = $1', [tenant, hash]);
  });
}

/** Before the projections begin: each log in one transaction, so that a start that is cut short goes on there. */
export async function chainExisting(pool: Pool, log: Logger): Promise<void> {
  const { rows } = await pool.query<{ tenant_id: string }>(
    'select tenant_id from read.tenant_log_head where hash is null order by tenant_id',
  );
  for (const { tenant_id } of rows) await chainOne(pool, tenant_id);
  if (rows.length > 0) log.info({ logs: rows.length }, 'the logs from before there was a chain are chained');
}
