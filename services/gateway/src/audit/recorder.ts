/**
 * The durable way of audit entries. Group-committed: while one batch is being written, what comes forms the next one.
 *
 * Goal: nothing is asked of a service before it stands in the database that it was asked, and no answer leaves before
 * its outcome stands there, too. What can't be written isn't done.
 */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import { type Entry, type Outcome, refused } from './entry.ts';

export interface Recorder {
  /** Resolves once the entry is committed; throws UNAVAILABLE where it can't be. */
  open(entry: Entry): Promise<void>;
  /** Resolves once the outcome is committed, or after a bounded time: then it is kept here and tried again. Never throws. */
  close(id: string, outcome: Outcome): Promise<void>;
  /** Both at once. Throws UNAVAILABLE where it can't be committed. */
  record(entry: Entry, outcome: Outcome): Promise<void>;
  /** Writes what is still to be written, or gives up after a moment. */
  stop(): Promise<void>;
}

const maxBatch = 500;
/** More than this waits for nobody: who comes is turned away. */
const maxWaiting = 20_000;
const closeMs = 2000;
const retryMs = 250;
const stopMs = 3000;

const writeSql = {
  name: 'audit_write',
  text: `
    with opened as (
      insert into read.audit_entry (id, tenant_id, correlation, changed_tenant, told, outcome)
      select id, tenant, correlation, changed, told, outcome
      from json_to_recordset($1) as e(id text, tenant text, correlation text, changed text, told json, outcome json)
      on conflict (id) do nothing
    )
    update read.audit_entry e set outcome = o.outcome
    from json_to_recordset($2) as o(id text, outcome json) where e.id = o.id and e.outcome is null`,
};

interface Write {
  readonly entry: Entry | null;
  readonly id: string;
  readonly outcome: Outcome | null;
  readonly done: (error?: unknown) => void;
}

const unwritten = (cause: unknown) =>
  new ApiError('UNAVAILABLE', 'What is asked can not be recorded now, and so nothing was done: try again.', {
    originalError: cause instanceof Error ? cause : new Error(String(cause)),
  });

export function createRecorder(options: { pool: Pool; log: Logger; resolved: () => void }): Recorder {
  const { pool, log, resolved } = options;
  let waiting: Write[] = [];
  /** Outcomes that could not be written: what they are of is committed, so they are tried until they are. */
  let owed: Write[] = [];
  let writing = false;
  let timer: NodeJS.Timeout | undefined;

  async function write(batch: readonly Write[]): Promise<void> {
    const opened = batch.flatMap(({ entry, outcome }) =>
      entry === null
        ? []
        : {
            ...{ id: entry.id, tenant: entry.tenant, correlation: entry.correlation, changed: entry.changedTenant },
            ...{ told: entry.told, outcome },
          },
    );
    const closed = batch.flatMap(({ entry, id, outcome }) => (entry === null ? { id, outcome } : []));
    await pool.query({ ...writeSql, values: [JSON.stringify(opened), JSON.stringify(closed)] });
    if (batch.some(({ outcome }) => outcome !== null)) resolved();
  }

  async function work(): Promise<void> {
    if (writing) return;
    writing = true;
    try {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, maxBatch);
        waiting = waiting.slice(maxBatch);
        try {
          await write(batch);
          for (const { done } of batch) done();
        } catch (error) {
          log.warn({ err: error, entries: batch.length }, 'audit entries could not be written');
          for (const item of batch) {
            if (item.entry === null) owe(item);
            else {
              item.done(error);
              // It may be committed all the same, and only the answer was lost. Nothing is done for it any more.
              owe({ entry: null, id: item.id, outcome: refused({ code: 'UNAVAILABLE' }), done: () => {} });
            }
          }
        }
      }
    } finally {
      writing = false;
    }
  }

  function owe(item: Write): void {
    // Beyond this the reconciliation finds out.
    if (owed.length < maxWaiting) owed.push(item);
    timer ??= setTimeout(() => {
      timer = undefined;
      waiting = [...owed, ...waiting];
      owed = [];
      void work();
    }, retryMs);
  }

  const put = (item: Omit<Write, 'done'>): Promise<void> =>
    new Promise((resolve, reject) => {
      if (waiting.length + owed.length >= maxWaiting) {
        reject(new Error(`${maxWaiting} audit entries wait already.`));
        return;
      }
      waiting.push({ ...item, done: (error) => (error === undefined ? resolve() : reject(error)) });
      void work();
    });

  const orUnavailable = (written: Promise<void>) =>
    written.catch((error: unknown) => {
      throw unwritten(error);
    });

  return {
    open: (entry) => orUnavailable(put({ entry, id: entry.id, outcome: null })),
    record: (entry, outcome) => orUnavailable(put({ entry, id: entry.id, outcome })),
    async close(id, outcome) {
      let late: NodeJS.Timeout | undefined;
      const bound = new Promise<void>((resolve) => {
        late = setTimeout(resolve, closeMs);
      });
      const written = put({ entry: null, id, outcome }).catch((error: unknown) =>
        log.warn({ err: error, id }, 'an outcome is left to the reconciliation'),
      );
      await Promise.race([written, bound]);
      clearTimeout(late);
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      waiting = [...owed, ...waiting];
      owed = [];
      const until = performance.now() + stopMs;
      while ((waiting.length > 0 || writing) && performance.now() < until) {
        await work();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      clearTimeout(timer);
    },
  };
}

/** What a gateway costs without one. */
export const unrecorded: Recorder = {
  open: async () => {},
  close: async () => {},
  record: async () => {},
  stop: async () => {},
};
