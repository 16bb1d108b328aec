import { describe, expect, it } from 'vitest';
import { createBudget } from './budget.ts';
import { parsePositions } from './graphql/positions.ts';
import { RawJson, stringifyAnswer } from './graphql/raw.ts';
import { combine, patch, purge, put, remove } from './project/effects.ts';
import { toldData } from './project/redact.ts';
import { decodeCursor, encodeCursor } from './read/compile/cursor.ts';
import { createFairQueue } from './read/fair.ts';

describe('a budget', () => {
  it('fills evenly, holds a minute’s worth, and says when there will be enough', () => {
    let now = 0;
    const budget = createBudget(600, () => now);
    budget.spend('a', 600);
    expect(() => budget.spend('a', 50)).toThrow(/Try again in 5 s/);
    budget.spend('b', 600);
    now = 5000;
    budget.spend('a', 50);
    now = 10_000_000;
    budget.spend('a', 600);
    expect(() => budget.spend('a', 1)).toThrow(expect.objectContaining({ code: 'BUDGET_EXCEEDED' }));
  });
});

describe('the queue in front of the database', () => {
  it('takes tenants in turn: one that floods it delays itself', async () => {
    const queue = createFairQueue(1);
    const order: string[] = [];
    const done: (() => void)[] = [];
    const run = (tenant: string, name: string) =>
      queue.run(tenant, async () => {
        order.push(name);
        await new Promise<void>((resolve) => done.push(resolve));
      });
    const all = [
      run('a', 'a1'),
      run('a', 'a2'),
      run('a', 'a3'),
      run('a', 'a4'),
      run('b', 'b1'),
      run('c', 'c1'),
      run('b', 'b2'),
    ];
    for (let n = 0; n < all.length; n += 1) {
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      done[n]?.();
    }
    await Promise.all(all);
    expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
    expect(queue.waiting()).toBe(0);
  });

  it('runs so many at once, goes on after an error, and is bounded', async () => {
    const queue = createFairQueue(2);
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      throw new Error('x');
    };
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => queue.run('a', work)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(most).toBe(2);
    const stuck = new Promise<never>(() => {});
    void queue.run('a', () => stuck);
    void queue.run('a', () => stuck);
    for (let n = 0; n < 1000; n += 1) void queue.run('a', async () => {});
    await expect(queue.run('a', async () => {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('positions that a client has seen', () => {
  it('are read from the header, the highest of each context', () => {
    expect(parsePositions(undefined)).toEqual({});
    expect(parsePositions('tenancy:3, deploy:12 ,tenancy:2')).toEqual({ tenancy: 3, deploy: 12 });
    for (const text of ['tenancy:3;deploy:1', 'x:1', 'tenancy:1.5', 'tenancy:1e9', 'tenancy:9999999999999999']) {
      expect(() => parsePositions(text), text).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
    }
  });
});

describe('cursors', () => {
  const text = { column: 'name', descending: false, sqlType: 'text' } as const;
  const int = { column: 'number', descending: true, sqlType: 'int' } as const;
  it('come back as they went out, and of another kind not at all', () => {
    for (const key of ['', 'a b', 'ü"\\', '☂'.repeat(100)]) {
      expect(decodeCursor(encodeCursor({ key, id: 'ns_1' }), text)).toEqual({ key, id: 'ns_1' });
    }
    expect(decodeCursor(encodeCursor({ key: 7, id: 'rel_1' }), int)).toEqual({ key: 7, id: 'rel_1' });
    const refused = [
      [encodeCursor({ key: 7, id: 'x' }), text],
      [encodeCursor({ key: 'a', id: 'x' }), int],
      [encodeCursor({ key: 2 ** 40, id: 'x' }), int],
      [encodeCursor({ key: 1.5, id: 'x' }), int],
      [encodeCursor({ key: '\u0000', id: 'x' }), text],
      ['', text],
      ['===', text],
      [Buffer.from('{"a":1}').toString('base64url'), text],
    ] as const;
    for (const [cursor, sort] of refused) {
      expect(() => decodeCursor(cursor, sort), cursor).toThrow(expect.objectContaining({ code: 'CURSOR_MALFORMED' }));
    }
  });
});

describe('changes of a batch', () => {
  it('are one per row, the later over the earlier; what is removed stays so', () => {
    const changes = combine([
      put('subnet', 's1', { id: 's1', ipv4: 'a' }),
      patch('subnet', 's1', { ipv4: 'b' }),
      patch('subnet', 's2', { ipv4: 'c' }),
      patch('subnet', 's2', { ipv6: 'd' }),
      remove('subnet', 's3'),
      patch('subnet', 's3', { ipv4: 'e' }),
      purge('release', 'deployment_id', 'd1'),
    ]);
    expect(Object.fromEntries(changes.rows.get('subnet') ?? [])).toEqual({
      s1: { op: 'put', row: { id: 's1', ipv4: 'b' } },
      s2: { op: 'patch', row: { ipv4: 'c', ipv6: 'd' } },
      s3: { op: 'remove', row: {} },
    });
    expect(changes.purges).toHaveLength(1);
  });
});

describe('what a log tells', () => {
  it('has no secrets', () => {
    const account = {
      context: 'tenancy',
      type: 'ServiceAccountCreated',
      data: { name: 'x', secretHash: 'h' },
    } as const;
    expect(toldData(account)).toEqual({ name: 'x' });
    const release = {
      context: 'deploy',
      type: 'ReleaseCreated',
      data: { spec: { image: 'i', env: { A: 'secret' }, others: [{ name: 'b', env: { B: 'secret' } }] } },
    } as const;
    const others = [{ name: 'b', env: { B: '(hidden)' } }];
    expect(toldData(release)).toEqual({ spec: { image: 'i', env: { A: '(hidden)' }, others } });
  });
});

describe('an answer', () => {
  it('that is text already goes out as it is, errors before it', () => {
    expect(stringifyAnswer({ data: new RawJson('{"a" : 1}') })).toBe('{"data":{"a" : 1}}');
    expect(stringifyAnswer({ data: new RawJson('{}'), errors: [{ message: 'x' }] })).toBe(
      '{"errors":[{"message":"x"}],"data":{}}',
    );
    expect(stringifyAnswer({ errors: [{ message: 'x' }] })).toBe('{"errors":[{"message":"x"}]}');
  });
});
