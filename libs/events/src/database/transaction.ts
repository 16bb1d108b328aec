import { isSilence } from '@atoll/service/postgres';
import type { Pool, PoolClient, QueryResult } from 'pg';

/**
 * Runs `work` in a transaction on one connection. A connection that breaks is not given back to the pool. `opening` is SQL
 * without parameters (`set local …`, a first statement) that goes along with BEGIN, in the same round trip; `work` gets
 * the rows of its last statement.
 */
export async function transaction<T>(
  pool: Pool,
  work: (tx: PoolClient, rows: readonly unknown[]) => Promise<T>,
  opening?: string,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  // Without a listener, a session that the server ends between two statements would end the process.
  client.on('error', onError);
  try {
    // Several statements in one text have as many results, which the type doesn't say.
    const results: unknown = await client.query(opening === undefined ? 'begin' : `begin; ${opening}`);
    const last: QueryResult | undefined = Array.isArray(results) ? results.at(-1) : undefined;
    const result = await work(client, last?.rows ?? []);
    await client.query('commit');
    return result;
  } catch (error) {
    // Who gave no answer gives none to a rollback: the session is left to its end.
    if (isSilence(error)) broken ??= error;
    if (!broken) {
      await client.query('rollback').catch((problem: Error) => {
        broken = problem;
      });
    }
    throw broken ?? error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
