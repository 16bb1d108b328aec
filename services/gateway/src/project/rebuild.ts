/**
 * Throws the read models away, so that consumers that start afterwards make them again from each context's first event.
 * The tenants' logs stay: their cursors are known outside, and an event is in them once, however often it is replayed.
 */
import { contexts } from '@atoll/schema/contexts';
import type { Pool } from 'pg';
import { readSchema } from '../migrations.ts';
import { tables } from './effects.ts';
import { historyTable } from './history.ts';
import { consumerName } from './projections.ts';

/** No process may be projecting meanwhile: their consumers refuse to go on over a checkpoint that moved back. */
export async function resetReadModels(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`truncate ${[...tables, historyTable].map((table) => `${readSchema}.${table}`).join(', ')}`);
    const names = contexts.map(consumerName);
    await client.query(`delete from ${readSchema}.parked_event where consumer = any($1)`, [names]);
    await client.query(`delete from ${readSchema}.consumer where name = any($1)`, [names]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}
