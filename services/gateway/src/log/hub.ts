/**
 * Followers of the tenants' logs. New records are read once per tenant and given to all who follow; who is further
 * behind reads for itself until it has caught up. A follower sees every record after its place, in order, once: cursors
 * are contiguous, so a gap or a repeat can't pass unseen.
 */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { type LogReader, type LogRow, trimmedError } from './read.ts';

export interface LogHub {
  /** Ends when `signal` is aborted. */
  follow(scope: string, after: number, signal: AbortSignal): AsyncGenerator<LogRow, void, undefined>;
  /** The log is now at least there. */
  wake(scope: string, cursor: number): void;
  stop(): Promise<void>;
}

/** Newest records kept per followed tenant, and how many are read at once. */
const kept = 1000;
const pageSize = 500;
/** How often the heads are looked at, where a wake didn't come through. */
const pollMs = 1000;

interface Topic {
  /** The newest cursor that was read. */
  cursor: number;
  /** Up to `cursor`, contiguous. */
  rows: LogRow[];
  /** The newest cursor that was told. */
  wanted: number;
  reading: boolean;
  followers: number;
  readonly waiting: Set<() => void>;
}

const headsSql = {
  name: 'log_heads',
  text: 'select tenant_id, cursor from read.tenant_log_head where tenant_id = any($1)',
};

export function createLogHub(options: { log: LogReader; pool: Pool; logger: Logger }): LogHub {
  const { log, pool, logger } = options;
  const topics = new Map<string, Topic>();

  async function read(scope: string, topic: Topic): Promise<void> {
    if (topic.reading) return;
    topic.reading = true;
    try {
      while (topic.cursor < topic.wanted && topics.get(scope) === topic) {
        const rows = await log.after(scope, topic.cursor, pageSize);
        const last = rows.at(-1);
        if (!last) break;
        topic.rows = [...topic.rows, ...rows].slice(-kept);
        topic.cursor = Number(last.cursor);
        topic.wanted = Math.max(topic.wanted, topic.cursor);
        for (const go of topic.waiting) go();
      }
    } catch (error) {
      logger.warn({ err: error, scope }, 'a log could not be read; trying again');
    } finally {
      topic.reading = false;
    }
  }

  function wake(scope: string, cursor: number): void {
    const topic = topics.get(scope);
    if (!topic || cursor <= topic.wanted) {
      if (topic && topic.cursor < topic.wanted) void read(scope, topic);
      return;
    }
    topic.wanted = cursor;
    void read(scope, topic);
  }

  async function poll(): Promise<void> {
    if (topics.size === 0) return;
    const { rows } = await pool.query<{ tenant_id: string; cursor: number }>({
      ...headsSql,
      values: [[...topics.keys()]],
    });
    for (const row of rows) wake(row.tenant_id, Number(row.cursor));
  }

  let polling: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    polling = poll().catch((error: unknown) => logger.warn({ err: error }, 'the heads of the logs could not be read'));
  }, pollMs);

  async function join(scope: string): Promise<Topic> {
    const { cursor } = await log.head(scope);
    const topic = topics.get(scope) ?? {
      ...{ cursor, rows: [], wanted: cursor, reading: false, followers: 0 },
      waiting: new Set<() => void>(),
    };
    topics.set(scope, topic);
    topic.followers += 1;
    wake(scope, cursor);
    return topic;
  }

  function leave(scope: string, topic: Topic): void {
    topic.followers -= 1;
    if (topic.followers === 0 && topics.get(scope) === topic) topics.delete(scope);
  }

  /** What the hub has after a place; null where it must be read from the log. */
  function held(topic: Topic, cursor: number): readonly LogRow[] | null {
    if (cursor >= topic.cursor) return [];
    const first = topic.cursor - topic.rows.length + 1;
    return cursor + 1 >= first ? topic.rows.slice(cursor + 1 - first) : null;
  }

  /** There is something after the place: what comes right after it, or it was trimmed. */
  async function missed(scope: string, cursor: number): Promise<readonly LogRow[]> {
    const rows = await log.after(scope, cursor, pageSize);
    if (rows[0]?.cursor !== String(cursor + 1)) throw trimmedError(await log.head(scope));
    return rows;
  }

  function change(topic: Topic, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        topic.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      topic.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  return {
    wake,
    async *follow(scope, after, signal) {
      const topic = await join(scope);
      try {
        let cursor = after;
        while (!signal.aborted) {
          const rows = held(topic, cursor) ?? (await missed(scope, cursor));
          if (rows.length === 0) await change(topic, signal);
          for (const row of rows) {
            if (signal.aborted) return;
            yield row;
            cursor = Number(row.cursor);
          }
        }
      } finally {
        leave(scope, topic);
      }
    },
    async stop() {
      clearInterval(timer);
      await polling;
    },
  };
}
