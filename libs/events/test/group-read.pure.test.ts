import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { createGroupRead } from '../src/database/group-read.ts';

interface Row {
  readonly request: number;
  readonly of: string;
}
const rowsOf = (asked: readonly string[]): Row[] => asked.map((of, index) => ({ request: index + 1, of }));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Groups stay without an answer until `answer` is called for them. */
function held(most: number) {
  const groups: { asked: readonly string[]; answer: () => void }[] = [];
  const read = createGroupRead(async (asked: readonly string[]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    groups.push({ asked, answer: resolve });
    await promise;
    return rowsOf(asked);
  }, most);
  const sent = (count: number) => expect.poll(() => groups.length).toBe(count);
  return { read, groups, sent };
}

describe('group reads', () => {
  test('each gets its own rows, in groups that are bounded, two at a time', async () => {
    const { read, groups, sent } = held(10);
    const names = Array.from({ length: 45 }, (_, n) => `s${n}`);
    const all = names.map((name) => read(name));
    await sent(2);
    await turn();
    await turn();
    expect(groups.map(({ asked }) => asked.length)).toEqual([10, 10]);
    // The later one may be through before the other.
    for (const next of [1, 0, 2, 3, 4]) {
      await expect.poll(() => groups.length).toBeGreaterThan(next);
      groups[next]?.answer();
    }
    expect((await Promise.all(all)).map((rows) => rows.map(({ of }) => of))).toEqual(names.map((name) => [name]));
    expect(groups.map(({ asked }) => asked.length)).toEqual([10, 10, 10, 10, 5]);
  });

  test('few wait for the group under way, many are read beside it', async () => {
    const { read, groups, sent } = held(10);
    const all = [read('first')];
    await sent(1);
    all.push(...Array.from({ length: 7 }, (_, n) => read(`few${n}`)));
    await turn();
    await turn();
    expect(groups).toHaveLength(1);
    all.push(read('one more'));
    await sent(2);
    expect(groups[1]?.asked).toHaveLength(8);
    for (const { answer } of groups) answer();
    await Promise.all(all);
  });

  test('one that the server refuses fails alone', async () => {
    const read = createGroupRead(async (asked: readonly string[]) => {
      if (asked.includes('bad')) throw Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: '22021' });
      return rowsOf(asked);
    });
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((name) => read(name)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await read('after')).toEqual([{ request: 1, of: 'after' }]);
  });
});
