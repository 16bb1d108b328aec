import { isSilence } from '@atoll/service/postgres';
import type { Pool, PoolClient } from 'pg';

/**
 * Runs `work` in a transaction on one connection. A connection that breaks is not given back to the pool. `settings` are
 * SQL (`set local …`) that goes along with BEGIN, in the same round trip.
 */
export async function transaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>, settings?: string): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  // Without a listener, a session that the server ends between two statements would end the process.
  client.on('error', onError);
  try {
    await client.query(settings === undefined ? 'begin' : `begin; ${settings}`);
    const result = await work(client);
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
