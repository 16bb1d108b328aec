import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { StoreOverloaded, StoreUnavailable } from '../src/errors.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { testLog as log } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/store-contract.ts';
import { type BatchRow, createGroupCommit } from '../src/write/group-commit.ts';
import { prepareAppend } from '../src/write/prepare.ts';

const prepared = (owner = 'ann') =>
  prepareAppend('deploy', bankEvents, opening({ events: [{ type: 'Opened', data: { owner } }] }));

const row = (command: number): BatchRow => ({
  command,
  outcome: 'appended',
  at_position: command,
  at_version: 1,
  at_time: '',
  detail: null,
});

describe('group commit', () => {
  test('what arrives while a batch is being written is the next batch, and batches are bounded', async () => {
    const sizes: number[] = [];
    const commits = createGroupCommit({
      log,
      retryMs: 1000,
      write: async (batch) => {
        sizes.push(batch.length);
        return batch.map((_, index) => row(index));
      },
    });
    const first = commits.add(prepared());
    await Promise.all([first, ...Array.from({ length: 1200 }, () => commits.add(prepared()))]);
    expect(sizes).toEqual([500, 500, 201]);
  });

  test('a batch is bounded in bytes, too', async () => {
    const sizes: number[] = [];
    const commits = createGroupCommit({
      log,
      retryMs: 1000,
      write: async (batch) => {
        sizes.push(batch.reduce((sum, { bytes }) => sum + bytes, 0));
        return batch.map((_, index) => row(index));
      },
    });
    await Promise.all(Array.from({ length: 40 }, () => commits.add(prepared('x'.repeat(200_000)))));
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThan(4.3 * 1024 * 1024);
  });

  test('the queue is bounded: what does not fit is refused and nothing else is', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const commits = createGroupCommit({
      log,
      retryMs: 1000,
      write: async (batch) => {
        await promise;
        return batch.map((_, index) => row(index));
      },
    });
    const command = prepared();
    const all = Array.from({ length: 10_001 }, () => commits.add(command));
    await expect(all[10_000]).rejects.toThrow(StoreOverloaded);
    resolve();
    expect(await Promise.all(all.slice(0, 10_000))).toHaveLength(10_000);
  });

  test('a batch without an answer is sent again, marked as such, and given up at last as of unknown outcome', async () => {
    const marks: boolean[] = [];
    const commits = createGroupCommit({
      log,
      retryMs: 200,
      write: async (_, again) => {
        marks.push(again);
        throw new Error('Connection terminated unexpectedly');
      },
    });
    await expect(commits.add(prepared())).rejects.toThrow(StoreUnavailable);
    expect(marks.length).toBeGreaterThan(2);
    expect(marks).toEqual(marks.map((_, index) => index > 0));
  });

  test('a batch whose answer was lost and that is refused then goes on one by one, and as sent before', async () => {
    const sent: boolean[][] = [];
    const commits = createGroupCommit({
      log,
      retryMs: 1000,
      write: async (batch, again) => {
        sent.push(batch.map(() => again));
        if (sent.length === 1) throw new Error('Connection terminated unexpectedly');
        if (sent.length === 2) throw Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: '42883' });
        return batch.map((_, index) => row(index));
      },
    });
    await Promise.all([commits.add(prepared()), commits.add(prepared())]);
    expect(sent).toEqual([[false, false], [true, true], [true], [true]]);
  });

  test('a batch that is taken apart has one time for all of it: an outage then is not waited for command by command', async () => {
    let tries = 0;
    const commits = createGroupCommit({
      log,
      retryMs: 200,
      write: async () => {
        tries += 1;
        if (tries === 1) throw Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: '42883' });
        throw new Error('Connection terminated unexpectedly');
      },
    });
    const asked = Array.from({ length: 50 }, () => commits.add(prepared()));
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    }
    // The first one was asked for again and again until the time was over; the others at most once.
    expect(tries).toBeLessThan(70);
  });
});
