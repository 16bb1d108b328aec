/**
 * Group commit: while batches are being written, the commands that arrive form the next one.
 *
 * Under load two batches are on their way: one is formed and sent while the other is written, and waits for the lock of
 * the log inside PostgreSQL. Which of them comes first doesn't matter, because they have nothing to do with each other:
 * what shares a stream or a key with a batch on its way, or has claims, waits until it is through.
 *
 * Guarantees: commands that depend on each other in the order of arrival; a bounded queue; a batch whose answer was lost
 * is sent again, marked so that the database can tell what was done (nothing is doubled); a command that the database
 * can't take (a bug) fails alone.
 */
import type { Logger } from '@atoll/service/log';
import { outsideOfTraces } from '@atoll/service/spans';
import { isFinal } from '../database/postgres-errors.ts';
import { StoreOverloaded, StoreUnavailable } from '../errors.ts';
import { type CommitSpan, inCommit } from '../spans.ts';
import { backoff, pause } from '../waiting.ts';
import { keyName, type PreparedAppend } from './prepare.ts';

const MAX_BATCH_COMMANDS = 500;
/** Batches on their way at the same time. With a third one there are more of them, each smaller, and nothing is won. */
const MAX_WRITING = 2;
/** Fewer commands than this are cheaper in one batch after the other than in two at a time. */
const WORTH_DIVIDING = 32;
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
  const writing = new Set<Promise<void>>();
  let commandsInWriting = 0;
  /** The streams and keys of the commands that are being written. */
  const taken = new Set<string>();
  let planned = false;
  let closed = false;
  let onIdle = () => {};

  /** A batch that may be written beside those on their way: up to the first command that has to wait for them. */
  function takeBatch(): Waiting[] {
    const known = queue.length + commandsInWriting;
    const divided = known >= WORTH_DIVIDING;
    if (!divided && writing.size > 0) return [];
    const most = divided ? Math.min(MAX_BATCH_COMMANDS, Math.ceil(known / MAX_WRITING)) : MAX_BATCH_COMMANDS;
    let bytes = 0;
    let size = 0;
    for (const { prepared } of queue) {
      if (size === most || (size > 0 && bytes + prepared.bytes > MAX_BATCH_BYTES)) break;
      if (writing.size > 0 && dependsOnWriting(prepared)) break;
      bytes += prepared.bytes;
      size += 1;
    }
    queuedBytes -= bytes;
    const batch = queue.slice(0, size);
    queue = queue.slice(size);
    return batch;
  }
  function dependsOnWriting(prepared: PreparedAppend): boolean {
    const { request, columns } = prepared;
    return columns.claims || taken.has(request.stream) || (columns.key !== null && taken.has(keyName(prepared)));
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
        const byCommand: (BatchRow | undefined)[] = [];
        for (const row of rows) byCommand[row.command] = row;
        batch.forEach((waiting, index) => {
          const row = byCommand[index];
          if (row) waiting.resolve(commit.traceparent === null ? row : { ...row, commit });
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

  async function writeBeside(batch: readonly Waiting[]): Promise<void> {
    const names: string[] = [];
    for (const { prepared } of batch) {
      names.push(prepared.request.stream);
      if (prepared.columns.key !== null) names.push(keyName(prepared));
    }
    for (const name of names) taken.add(name);
    commandsInWriting += batch.length;
    await write(batch);
    commandsInWriting -= batch.length;
    for (const name of names) taken.delete(name);
  }

  function send(): void {
    planned = false;
    while (queue.length > 0 && writing.size < MAX_WRITING) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      const done: Promise<void> = writeBeside(batch).then(() => {
        writing.delete(done);
        if (queue.length > 0) plan();
        else if (writing.size === 0) onIdle();
      });
      writing.add(done);
    }
  }
  /**
   * What arrives together goes into the same batch: until all that is being done is done, and where a batch is on its way
   * anyhow, until the end of this turn of the event loop.
   */
  function plan(): void {
    if (planned) return;
    planned = true;
    if (writing.size === 0) process.nextTick(() => outsideOfTraces(send));
    else setImmediate(() => outsideOfTraces(send));
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
        if (writing.size < MAX_WRITING) plan();
      });
    },
    async close() {
      closed = true;
      if (queue.length > 0 || writing.size > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
    },
  };
}
