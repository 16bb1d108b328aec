import type { Pool, QueryResult } from 'pg';

export interface SentStatement {
  readonly name: string;
  readonly values: readonly unknown[];
  readonly rows: number;
}

/** A pool that tells of each prepared statement, once it is answered. Everything else is as with the pool itself. */
export function watchedPool(pool: Pool, onAnswered: (statement: SentStatement) => void): Pool {
  const query = async (statement: { name?: string; text: string; values?: unknown[] }): Promise<QueryResult> => {
    const result = await pool.query(statement);
    if (statement.name) onAnswered({ name: statement.name, values: statement.values ?? [], rows: result.rows.length });
    return result;
  };
  return new Proxy(pool, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)) });
}
