/** Commands on states that are kept in memory: quick where nothing has changed, and never wrong where something has. */
import { newId } from '@atoll/service/ids';
import { metrics } from '@atoll/service/metrics';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accept, type Decider } from '../src/decider.ts';
import { createStateCache } from '../src/state/state-cache.ts';
import { type CommandOutcome, type EventStore, handleCommand, loadState } from '../src/store.ts';
import type { BankEvent } from '../src/testing/bank.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newStream, originOf } from '../src/testing/requests.ts';
import { type VaultCommand, type VaultState, vault } from '../src/testing/vault.ts';
import { type SentStatement, watchedPool } from '../src/testing/watched-pool.ts';

let stores: TestStores;
let a: EventStore;
let b: EventStore;
let pool: Pool;
let sent: SentStatement[] = [];
beforeAll(async () => {
  stores = await openTestStores();
  ({ store: b, pool } = stores.open());
  a = stores.open({ pool: watchedPool(pool, (statement) => sent.push(statement)) }).store;
});
afterAll(() => stores.close());

type Options = Partial<Pick<Parameters<typeof handleCommand>[1], 'origin' | 'idempotency' | 'expectedVersion'>>;
const send = (store: EventStore, stream: string, command: VaultCommand, options: Options = {}) =>
  handleCommand(store, {
    decider: vault,
    stream,
    command,
    origin: originOf(),
    result: ({ balance }: VaultState) => ({ balance }),
    ...options,
  });
const move = (store: EventStore, stream: string, amount: number, options?: Options) =>
  send(store, stream, { kind: 'move', amount }, options);
async function opened(balance: number): Promise<string> {
  const stream = newStream();
  await send(a, stream, { kind: 'open' });
  if (balance > 0) await move(a, stream, balance);
  return stream;
}
const code = (outcome: CommandOutcome) => (outcome.ok ? 'OK' : outcome.rejection.code);

/** The statements that `work` had store `a` send, and how many rows they gave. */
async function statements(work: () => Promise<unknown>): Promise<{ name: string; rows: number }[]> {
  sent = [];
  await work();
  return sent.map(({ name, rows }) => ({ name: name.replace('deploy_', ''), rows }));
}

describe('a stream in use', () => {
  test('is not read: an accepted command is one round trip', async () => {
    const stream = await opened(5);
    const idempotency = { key: newId('event'), request: 1 };
    expect(await statements(() => move(a, stream, 1, { idempotency }))).toEqual([{ name: 'one_write', rows: 1 }]);
    expect(await statements(() => move(a, stream, 0))).toEqual([{ name: 'write', rows: 1 }]);
  });

  test('that others have written to is read from there on, and decided again', async () => {
    const stream = await opened(5);
    for (let index = 0; index < 10; index++) await move(a, stream, 1);
    await move(b, stream, 100);
    const asked = await statements(async () => {
      expect(await move(a, stream, -110)).toMatchObject({ ok: true, version: 14, result: { balance: 5 } });
    });
    // The event that was known last, and the one behind it.
    expect(asked).toEqual([
      { name: 'read_pages', rows: 2 },
      { name: 'one_write', rows: 1 },
    ]);
  });

  test('that a caller says is new is not read at all', async () => {
    const stream = newStream();
    const asked = await statements(() =>
      handleCommand(a, { decider: vault, stream, command: { kind: 'open' }, origin: originOf(), newStream: true }),
    );
    expect(asked).toEqual([{ name: 'one_write', rows: 1 }]);
    const again = { decider: vault, stream, command: { kind: 'open' }, origin: originOf(), newStream: true } as const;
    expect(await handleCommand(b, again)).toMatchObject({ ok: true, version: 2 });
  });
});

describe('what no commit judges is confirmed on the stream as it is', () => {
  test('a refusal', async () => {
    const stream = await opened(5);
    await move(b, stream, 10);
    // By what `a` remembers there are 5.
    expect(code(await move(a, stream, -12))).toBe('OK');
    await move(b, stream, 4);
    await move(b, stream, -7);
    const refused = await move(a, stream, -1);
    expect(refused).toMatchObject({ ok: false, rejection: { message: 'There is only 0.' } });
  });

  test('an acceptance, by its commit', async () => {
    const stream = await opened(5);
    await move(b, stream, -5);
    expect(code(await move(a, stream, -5))).toBe('ILLEGAL_STATE');
  });

  test('a decision without events', async () => {
    const stream = await opened(5);
    const { position } = (await move(b, stream, 1)) as Extract<CommandOutcome, { ok: true }>;
    expect(await move(a, stream, 0)).toMatchObject({ ok: true, version: 3, result: { balance: 6 }, position });
  });

  test('the version that the caller has seen', async () => {
    const stream = await opened(5);
    await move(b, stream, 1);
    expect(code(await move(a, stream, 1, { expectedVersion: 2 }))).toBe('VERSION_CONFLICT');
    expect(code(await move(a, stream, 1, { expectedVersion: 3 }))).toBe('OK');
    await move(b, stream, 1);
    expect(code(await move(a, stream, 1, { expectedVersion: 4 }))).toBe('VERSION_CONFLICT');
    expect(code(await move(a, stream, 1, { expectedVersion: 5 }))).toBe('OK');
  });

  test('whose the stream is', async () => {
    const stream = await opened(5);
    for (const expectedVersion of [null, 1, 2]) {
      const outcome = await move(a, stream, -100, { origin: originOf(newId('tenant')), expectedVersion });
      expect(code(outcome)).toBe('NOT_FOUND');
    }
  });

  test('that it was not done before under its key', async () => {
    const stream = await opened(5);
    const idempotency = { key: newId('event'), request: 'all of it' };
    const first = await move(b, stream, -5, { idempotency });
    // By the state there is nothing left to take, and the version is another.
    for (const store of [a, b]) {
      expect(await move(store, stream, -5, { idempotency })).toEqual({ ...first, replayed: true });
      expect(await move(store, stream, -5, { idempotency, expectedVersion: 2 })).toEqual({ ...first, replayed: true });
    }
    const other = { ...idempotency, request: 'something else' };
    expect(code(await move(a, stream, -5, { idempotency: other }))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(code(await move(a, stream, 1, { idempotency: other }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});

describe('the memory', () => {
  test('holds nothing that a decider could change unseen', async () => {
    const careless: Decider<{ moves: number }, null, BankEvent> = {
      initial: { moves: 0 },
      decide: () => accept([{ type: 'Moved', data: { amount: 1 } }]),
      evolve(state) {
        state.moves += 1;
        return state;
      },
    };
    const options = { decider: careless, stream: newStream(), command: null, origin: originOf() };
    await expect(handleCommand(a, options)).rejects.toThrow('read only');
  });

  test('holds nothing of what the caller still has a hand on', async () => {
    const given = { owner: 'ann' };
    const keeper: Decider<unknown, { owner: string }, BankEvent> = {
      initial: null,
      decide: (_state, data) => accept([{ type: 'Opened', data }]),
      evolve: (_state, event) => event.data,
    };
    const stream = newStream();
    await handleCommand(a, { decider: keeper, stream, command: given, origin: originOf() });
    given.owner = 'bob';
    expect(a.states.recall(keeper, stream)?.state).toEqual({ owner: 'ann' });
  });

  test('is dropped by stream or whole', async () => {
    const [one, two] = [await opened(1), await opened(2)];
    a.forget(one);
    expect(a.states.recall(vault, one)).toBeNull();
    expect(a.states.recall(vault, two)?.version).toBe(2);
    a.forget();
    expect(a.states.recall(vault, two)).toBeNull();
    expect(await loadState(a, { decider: vault, stream: two })).toMatchObject({ version: 2, state: { balance: 2 } });
    expect(await loadState(a, { decider: vault, stream: newStream() })).toEqual({
      version: 0,
      tenant: null,
      state: vault.initial,
    });
  });

  test('is bounded in number, in bytes and in time', async () => {
    const folded = (version: number, state: unknown) => ({ version, tenant: null, eventId: 'e', keyIds: [], state });
    const few = createStateCache('deploy', { states: 3 });
    for (let index = 0; index < 10; index++) few.put(vault, `s:${index}`, folded(1, index));
    expect(Array.from({ length: 10 }, (_, index) => few.get(vault, `s:${index}`) !== null)).toEqual([
      ...Array<boolean>(7).fill(false),
      ...Array<boolean>(3).fill(true),
    ]);
    const small = createStateCache('deploy', { bytes: 50_000 });
    for (let index = 0; index < 10; index++) small.put(vault, `s:${index}`, folded(1, 'x'.repeat(10_000)));
    expect(Array.from({ length: 10 }, (_, index) => small.get(vault, `s:${index}`)).filter(Boolean)).toHaveLength(2);
    small.put(vault, 's:huge', folded(1, 'x'.repeat(100_000)));
    expect(small.get(vault, 's:huge')).toBeNull();
    const brief = createStateCache('deploy', { ttlMs: 20 });
    brief.put(vault, 's:1', folded(1, 1));
    for (let version = 2; brief.get(vault, 's:1') !== null; version++) {
      brief.put(vault, 's:1', folded(version, version));
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(version).toBeLessThan(1000);
    }
    // Never backwards.
    few.put(vault, 's:9', folded(7, 'newer'));
    few.put(vault, 's:9', folded(6, 'older'));
    expect(few.get(vault, 's:9')?.version).toBe(7);
  });

  test('counts what it is good for', async () => {
    const stream = await opened(1);
    const lookups = async (result: string) => {
      const text = await metrics.getSingleMetricAsString('atoll_state_cache_lookups_total');
      return Number(new RegExp(`context="deploy",result="${result}"} (\\d+)`).exec(text)?.[1]);
    };
    const [hits, misses] = [await lookups('hit'), await lookups('miss')];
    await move(a, stream, 1);
    await move(b, stream, 1);
    expect([await lookups('hit'), await lookups('miss')]).toEqual([hits + 1, misses + 1]);
    expect(await metrics.getSingleMetricAsString('atoll_state_cache_bytes')).toMatch(/context="deploy"} [1-9]/);
  });

  test('gives way where the database was replaced by an older copy of it', async () => {
    const stream = await opened(5);
    await move(a, stream, 1);
    await move(a, stream, 1);
    // As after a restore to a moment before; then others write on.
    await pool.query('delete from deploy.event where stream = $1 and version > 2', [stream]);
    expect(await move(a, stream, -6)).toMatchObject({ ok: false, rejection: { message: 'There is only 5.' } });
    await move(b, stream, 10);
    expect(await move(a, stream, -15)).toMatchObject({ ok: true, result: { balance: 0 } });
  });
});
