/** Reads that outlast a restart of PostgreSQL, or the loss of pooled sessions. Only for what may be repeated. */

import { backoff, pause } from '../waiting.ts';
import { isPassing } from './postgres-errors.ts';

const PATIENCE_MS = 3000;

export async function patiently<T>(read: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await read();
    } catch (error) {
      const wait = backoff(tries, 10, 500);
      if (!isPassing(error) || performance.now() + wait > giveUpAt) throw error;
      await pause(wait);
    }
  }
}
