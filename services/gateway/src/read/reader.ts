/** The only way to the read models for queries: as atoll_reader, under a tenant, in turn. */
import { withSpan } from '@atoll/service/spans';
import type { Pool } from 'pg';
import type { Param, SqlRequest, Statement } from './compile/sql.ts';
import { createFairQueue } from './fair.ts';
import { runAsTenant } from './submit.ts';

/** The setting of row security: the operator sees the rows of all tenants. */
export const everyTenant = '*';

export interface Reader {
  /** First column of each row. `scope` is a tenant, `platform` or `everyTenant`. */
  rows(
    scope: string,
    statement: { readonly name: string; readonly text: string },
    values: readonly Param[],
  ): Promise<string[]>;
  /** The one JSON text of a compiled statement. */
  json(statement: Statement, request: SqlRequest): Promise<string>;
}

const readSpan = { kind: 'client', attributes: { 'db.system.name': 'postgresql' } } as const;

export function createReader(pool: Pool): Reader {
  const queue = createFairQueue(pool.options.max);

  const rows: Reader['rows'] = (scope, statement, values) =>
    queue.run(scope, async () => {
      const client = await pool.connect();
      try {
        const answer = await runAsTenant(client, scope, statement, values);
        client.release();
        return answer;
      } catch (error) {
        // A broken connection mustn't come back from the pool; after an error of the statement the connection is fine.
        client.release(isStatementError(error) ? undefined : true);
        throw error;
      }
    });

  return {
    rows,
    async json(statement, request) {
      const values = statement.params.map((param) => param(request));
      const [text] = await withSpan('read', readSpan, () => rows(request.tenant ?? everyTenant, statement, values));
      return text ?? 'null';
    },
  };
}

/** The server told it (SQLSTATE of five characters), and not to end the session (class 57P). */
const isStatementError = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^[0-9A-Z]{5}$/.test(error.code) &&
  !error.code.startsWith('57P');
