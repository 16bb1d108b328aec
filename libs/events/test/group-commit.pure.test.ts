import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { StoreOverloaded, StoreUnavailable } from '../src/errors.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { testLog as log } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { type BatchRow, createGroupCommit } from '../src/write/group-commit.ts';
import { prepareAppend } from '../src/write/prepare.ts';

const prepared = (owner = 'ann', changes: Parameters<typeof opening>[0] = {}) =>
  prepareAppend('deploy', bankEvents, opening({ events: [{ type: 'Opened', data: { owner } }], ...changes }));

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
    expect(sizes).toEqual([500, 500, 101, 100]);
  });

  /** What is sent stays without an answer until `answer` is called for it. */
  function held() {
    const batches: { owners: string[]; answer: () => void }[] = [];
    const commits = createGroupCommit({
      log,
      retryMs: 1000,
      write: async (batch) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const owners = batch.flatMap(({ events }) => events.map(({ data }) => (data as { owner: string }).owner));
        batches.push({ owners, answer: resolve });
        await promise;
        return batch.map((_, index) => row(index));
      },
    });
    const sent = (count: number) => expect.poll(() => batches.length).toBe(count);
    return { commits, batches, sent };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test('few commands go in one batch after the other; many in two at a time, and in no more', async () => {
    const { commits, batches, sent } = held();
    const all = [commits.add(prepared('first'))];
    await sent(1);
    all.push(...Array.from({ length: 20 }, () => commits.add(prepared())));
    await turn();
    await turn();
    expect(batches).toHaveLength(1);
    batches[0]?.answer();
    await sent(2);
    all.push(...Array.from({ length: 60 }, () => commits.add(prepared())));
    await sent(3);
    all.push(...Array.from({ length: 60 }, () => commits.add(prepared())));
    await turn();
    await turn();
    expect(batches.map(({ owners }) => owners.length)).toEqual([1, 20, 40]);
    batches[2]?.answer();
    // The later one may be through before the other.
    await sent(4);
    for (let next = 1; next < batches.length; next++) {
      batches[next]?.answer();
      await turn();
      await turn();
    }
    await Promise.all(all);
    expect(batches.reduce((sum, { owners }) => sum + owners.length, 0)).toBe(141);
  });

  type Opening = NonNullable<Parameters<typeof opening>[0]>;
  const keyed: Opening = { idempotency: { key: 'shared', request: 1 } };
  const dependent: readonly (readonly [string, Opening, Opening])[] = [
    ['on the stream of one on its way', { stream: 'account:shared' }, { stream: 'account:shared' }],
    ['under the key of one on its way', keyed, keyed],
    ['with claims', {}, { claims: [{ op: 'require', set: 's', key: 'k' }] }],
  ];
  test.each(dependent)(
    'a command %s waits until that is through, and so does what came behind',
    async (_, theirs, own) => {
      const { commits, batches, sent } = held();
      const all = Array.from({ length: 40 }, (_, n) => commits.add(prepared(`a${n}`, n === 3 ? theirs : {})));
      await sent(2);
      expect(batches.map(({ owners }) => owners.length)).toEqual([20, 20]);
      batches[1]?.answer();
      await turn();
      await turn();
      const behind = [prepared('b0'), prepared('b1', own), prepared('b2')];
      all.push(
        ...[...behind, ...Array.from({ length: 40 }, () => prepared('c'))].map((command) => commits.add(command)),
      );
      await sent(3);
      await turn();
      expect(batches[2]?.owners).toEqual(['b0']);
      batches[2]?.answer();
      await turn();
      await turn();
      expect(batches).toHaveLength(3);
      batches[0]?.answer();
      await sent(5);
      expect(batches[3]?.owners.slice(0, 2)).toEqual(['b1', 'b2']);
      batches[3]?.answer();
      batches[4]?.answer();
      await Promise.all(all);
    },
  );

  test('closing waits for all that is on its way', async () => {
    const { commits, batches, sent } = held();
    const all = Array.from({ length: 64 }, () => commits.add(prepared()));
    await sent(2);
    let closed = false;
    const closing = commits.close().then(() => {
      closed = true;
    });
    await expect(commits.add(prepared())).rejects.toThrow(StoreOverloaded);
    batches[1]?.answer();
    await turn();
    await turn();
    expect(closed).toBe(false);
    batches[0]?.answer();
    await Promise.all([...all, closing]);
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
