/** How much of a tenant or an environment the read models still have: the gateway's part of the proof. */

import { contexts } from '@atoll/schema/contexts';
import type { Count, RemainsScope } from '@atoll/schema/remains';
import { namespacesOf, readRemainsRequest } from '@atoll/schema/remains';
import { readRemainsSubject } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readSchema } from '../migrations.ts';
import type { Projections } from './projections.ts';
import { tablesOfTenants } from './tenancy-deletion.ts';

const WAIT_MS = 3000;

interface Column {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Those that no event alone fills, too. */
const counted: readonly string[] = [...tablesOfTenants, 'credential_use'];

/** Which of the tables tell the environment or the namespace of their rows. */
async function readColumns(pool: Pool): Promise<readonly Column[]> {
  const { rows } = await pool.query<Column>(
    `select table_name as name, array_agg(column_name::text) as columns from information_schema.columns
     where table_schema = $1 and table_name = any($2) group by table_name order by table_name`,
    [readSchema, counted],
  );
  return rows;
}

/** Kept when their namespaces go, because the log still tells of them. */
const ofTheLog: ReadonlySet<string> = new Set(['namespace_home']);

const kindOf = (table: string) => table.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function countRows(pool: Pool, tenant: string, scope: RemainsScope): Promise<readonly Count[]> {
  const counts: Count[] = [];
  for (const { name, columns } of await readColumns(pool)) {
    const values: unknown[] = [tenant];
    const among = (column: string, ids: readonly string[]) => `${column} = any($${values.push(ids)}::text[])`;
    const within = (column: string, ids: readonly string[] | null) =>
      ids !== null && columns.includes(column) ? [among(column, ids)] : [];
    const environments = scope.kind === 'environment' ? [scope.environmentId] : null;
    const namespaces = namespacesOf(scope);
    const inside = [
      ...(name === 'environment' ? within('id', environments) : within('environment_id', environments)),
      ...(name === 'namespace' ? within('id', namespaces) : within('namespace_id', namespaces)),
    ];
    if (scope.kind !== 'tenant' && (inside.length === 0 || ofTheLog.has(name))) continue;
    const where = inside.length === 0 ? '' : `and (${inside.join(' or ')})`;
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::integer as count from ${readSchema}.${name} where tenant_id = $1 ${where}`,
      values,
    );
    counts.push({ kind: kindOf(name), count: rows[0]?.count ?? 0 });
  }
  return counts;
}

export function serveRemains(options: {
  nc: NatsConnection;
  pool: Pool;
  projections: Pick<Projections, 'waitFor'>;
  log: Logger;
}): { stop(): Promise<void> } {
  const { nc, pool, projections, log } = options;
  return serveJson(nc, { subject: readRemainsSubject, queue: 'gateway', concurrency: 4, log }, async (body) => {
    const asked = readRemainsRequest.safeParse(body);
    if (!asked.success) return { error: { code: 'INVALID_ARGUMENT', message: z.prettifyError(asked.error) } };
    const { tenant, scope, seen } = asked.data;
    const deadline = Date.now() + WAIT_MS;
    for (const context of contexts) {
      if (!(await projections.waitFor(context, seen[context], deadline))) return { counts: null };
    }
    return { counts: await countRows(pool, tenant, scope) };
  });
}
