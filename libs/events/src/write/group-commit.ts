/**
 * Group commit: while one batch is being written, the commands that arrive form the next one.
 *
 * Guarantees: one batch at a time; commands of one batch in the order of arrival; a bounded queue; a batch whose answer
 * was lost is sent again, marked so that the database can tell what was done (nothing is doubled); a command that the
 * database can't take (a bug) fails alone.
 */
import type { Logger } from '@atoll/service/log';
import { outsideOfTraces } from '@atoll/service/spans';
import { isFinal } from '../database/postgres-errors.ts';
import { StoreOverloaded, StoreUnavailable } from '../errors.ts';
import { type CommitSpan, inCommit } from '../spans.ts';
import { backoff, pause } from '../waiting.ts';
import type { PreparedAppend } from './prepare.ts';

const MAX_BATCH_COMMANDS = 500;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_QUEUED_COMMANDS = 10_000;
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

export interface BatchRow {
  readonly command: number;
  readonly outcome: 'appended' | 'replayed' | 'version-conflict' | 'claim-conflict' | 'key-reused' | 'foreign-stream';
  readonly at_position: number;
  readonly at_version: number;
  readonly at_time: string;
  readonly detail: unknown;
  /** The commit that it went into, for traces. */
  readonly commit?: CommitSpan;
}

/** A row as `write_batch` gives it. */
export type OutcomeTuple = readonly [number, BatchRow['outcome'], number, number, string, unknown];

export const toBatchRow = ([command, outcome, position, version, time, detail]: OutcomeTuple): BatchRow => ({
  command,
  outcome,
  at_position: position,
  at_version: version,
  at_time: time,
  detail,
});

interface Waiting {
  readonly prepared: PreparedAppend;
  readonly resolve: (row: BatchRow) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  add(prepared: PreparedAppend): Promise<BatchRow>;
  /** Refuses new commands and resolves once the ones that were taken are answered. */
  close(): Promise<void>;
}

export function createGroupCommit(options: {
  /** Writes a batch and resolves to one row for each command. `again`: it was sent before, and may have been written. */
  write: (batch: readonly PreparedAppend[], again: boolean) => Promise<readonly BatchRow[]>;
  /** How long a batch is tried while the database can't be reached. */
  retryMs: number;
  log: Logger;
}): GroupCommit {
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let writing: Promise<void> | null = null;
  let closed = false;

  function takeBatch(): Waiting[] {
    let bytes = 0;
    let size = 0;
    for (const { prepared } of queue) {
      if (size === MAX_BATCH_COMMANDS || (size > 0 && bytes + prepared.bytes > MAX_BATCH_BYTES)) break;
      bytes += prepared.bytes;
      size += 1;
    }
    queuedBytes -= bytes;
    const batch = queue.slice(0, size);
    queue = queue.slice(size);
    return batch;
  }

  /** `again`: a try of these commands was made before, and may have written some of them. */
  const write = (
    batch: readonly Waiting[],
    again = false,
    giveUpAt = performance.now() + options.retryMs,
  ): Promise<void> =>
    inCommit(
      batch.map(({ prepared }) => prepared.request.origin),
      (span) => writeIn(span, batch, again, giveUpAt),
    );

  async function writeIn(
    commit: CommitSpan,
    batch: readonly Waiting[],
    again: boolean,
    giveUpAt: number,
  ): Promise<void> {
    const prepared = batch.map((waiting) => waiting.prepared);
    for (let tries = 0; ; tries++) {
      try {
        if (performance.now() > giveUpAt) throw new Error('The time of the batch is over.');
        const rows = await options.write(prepared, again || tries > 0);
        const byCommand = new Map(rows.map((row) => [row.command, row]));
        batch.forEach((waiting, index) => {
          const row = byCommand.get(index);
          if (row) waiting.resolve({ ...row, commit });
          else waiting.reject(new Error(`append_batch gave no answer for command ${index} of ${batch.length}.`));
        });
        return;
      } catch (error) {
        if (isFinal(error)) {
          if (batch.length === 1) {
            for (const waiting of batch) waiting.reject(error);
            return;
          }
          // One of them is at fault; the others must not suffer. A part of them may have been written before it was asked for.
          // They share its time: should the database be gone now, what waits behind them must not wait for each of them.
          for (const waiting of batch) await write([waiting], true, giveUpAt);
          return;
        }
        const wait = backoff(tries, 20, 1000);
        if (performance.now() + wait > giveUpAt) {
          const failure = new StoreUnavailable(
            'The database could not be reached; whether the command was carried out is not known.',
            { cause: error },
          );
          for (const waiting of batch) waiting.reject(failure);
          return;
        }
        options.log.warn({ err: error, commands: batch.length, tries }, 'an append got no answer; asking again');
        await pause(wait);
      }
    }
  }

  async function drain(): Promise<void> {
    // What arrives in the same turn of the event loop goes into the same batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await write(takeBatch());
    writing = null;
  }

  return {
    add(prepared) {
      if (closed) return Promise.reject(new StoreOverloaded('The event store is closing; try again.'));
      if (queue.length >= MAX_QUEUED_COMMANDS || queuedBytes + prepared.bytes > MAX_QUEUED_BYTES) {
        return Promise.reject(
          new StoreOverloaded(`${queue.length} commands (${queuedBytes} bytes) wait to be written; try again later.`),
        );
      }
      return new Promise((resolve, reject) => {
        queue.push({ prepared, resolve, reject });
        queuedBytes += prepared.bytes;
        writing ??= outsideOfTraces(drain);
      });
    },
    async close() {
      closed = true;
      await writing;
    },
  };
}
