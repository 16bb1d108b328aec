/**
 * Somebody who follows the accounts from outside, as a partner does: with a log of his own, from whose last line he goes
 * on. A line that a kill has torn is cut off and asked for again.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import type { Cursor } from '@atoll/events/consume/feed';
import { openStreamFeed } from '@atoll/events/stream/stream-feed';
import { accountEvents } from './account.ts';
import { ACCOUNTS, type RoleContext } from './role.ts';

export interface LogLine {
  readonly position: number;
  readonly id: string;
}

/** Whole lines only. */
export function readLog(file: string): { lines: readonly LogLine[]; bytes: number } {
  if (!existsSync(file)) return { lines: [], bytes: 0 };
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [position, id = ''] = line.split(' ');
      return { position: Number(position), id };
    });
  return { lines, bytes: Buffer.byteLength(whole) };
}

export async function runSubscriber({ nc, log, logFile, onStop, signal, fail }: RoleContext): Promise<void> {
  const { lines, bytes } = readLog(logFile);
  if (existsSync(logFile)) truncateSync(logFile, bytes);
  const last = lines.at(-1);
  let cursor: Cursor = { position: last?.position ?? 0, eventId: last?.id ?? null };
  const feed = openStreamFeed({ nc, context: ACCOUNTS, registry: accountEvents, log });

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const events = await feed.next(cursor, 500, signal);
      const newest = events.at(-1);
      if (newest === undefined) continue;
      appendFileSync(logFile, events.map(({ position, id }) => `${position} ${id}\n`).join(''));
      cursor = { position: newest.position, eventId: newest.id };
    }
  }
  const following = follow().catch(fail);
  onStop('feed', async () => {
    await following;
    await feed.close();
  });
}
