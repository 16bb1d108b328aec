import { PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accept, type Decider } from '../src/decider.ts';
import { type CommandOutcome, type EventStore, handleCommand, type Origin } from '../src/store.ts';
import { type BankCommand, type BankEvent, type BankState, bank } from '../src/testing/bank.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newStream, originOf } from '../src/testing/requests.ts';

let stores: TestStores;
let a: EventStore;
let b: EventStore;
beforeAll(async () => {
  stores = await openTestStores();
  a = stores.open().store;
  b = stores.open().store;
});
afterAll(() => stores.close());

interface Options {
  store?: EventStore;
  key?: string;
  origin?: Origin;
  expectedVersion?: number | null;
}
const send = (stream: string, command: BankCommand, { store = a, key, origin = originOf(), ...rest }: Options = {}) =>
  handleCommand(store, {
    decider: bank,
    stream,
    command,
    origin,
    ...(key && { idempotency: { key, request: command } }),
    result: (state: BankState) => ({ state }),
    ...rest,
  });

async function opened(origin?: Origin): Promise<string> {
  const stream = newStream();
  expect(await send(stream, { kind: 'open', owner: 'ann' }, { ...(origin && { origin }) })).toMatchObject({ ok: true });
  return stream;
}
const code = (outcome: CommandOutcome) => (outcome.ok ? 'OK' : outcome.rejection.code);
const text = (outcome: CommandOutcome) => (outcome.ok ? '' : outcome.rejection.message);

describe('a command', () => {
  test('is decided on its stream, and its result is told from the new state', async () => {
    const stream = await opened();
    await send(stream, { kind: 'move', amount: 5 });
    const outcome = await send(stream, { kind: 'move', amount: -2 }, { store: b });
    expect(outcome).toEqual({
      ok: true,
      result: { state: { status: 'open', balance: 3 } },
      position: await a.lastPosition(),
      version: 3,
      replayed: false,
    });
  });

  test("whose deadline passed while it waited for its turn isn't begun", async () => {
    const stream = await opened();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const slow: EventStore = {
      ...a,
      async append(request) {
        waiting.resolve();
        await gate;
        return a.append(request);
      },
    };
    const first = send(stream, { kind: 'move', amount: 5 }, { store: slow });
    await waiting.promise;
    const deadline = Date.now() + 20;
    const late = send(stream, { kind: 'move', amount: 7 }, { store: slow, origin: { ...originOf(), deadline } });
    const early = send(
      stream,
      { kind: 'move', amount: 9 },
      { store: slow, origin: { ...originOf(), deadline: deadline + 60_000 } },
    );
    await vi.waitUntil(() => Date.now() > deadline);
    open();
    expect([code(await first), code(await late), code(await early)]).toEqual(['OK', 'DEADLINE_EXCEEDED', 'OK']);
    expect(text(await late)).toContain('nothing was done');
    expect((await a.readStream(stream)).map(({ data }) => data)).toEqual([
      { owner: 'ann' },
      { amount: 5 },
      { amount: 9 },
    ]);
  });

  test('that is refused changes nothing', async () => {
    const before = await a.lastPosition();
    expect(code(await send(newStream(), { kind: 'move', amount: 1 }))).toBe('NOT_FOUND');
    expect(await a.lastPosition()).toBe(before);
  });

  test('without events is answered with the version and the last position', async () => {
    const stream = await opened();
    const last = await a.lastPosition();
    for (const key of ['noop', undefined]) {
      const outcome = await send(stream, { kind: 'move', amount: 0 }, { ...(key && { key }) });
      expect(outcome).toMatchObject({ ok: true, version: 1, position: last, replayed: false });
    }
    expect(await send(stream, { kind: 'move', amount: 0 }, { key: 'noop' })).toMatchObject({ replayed: true });
  });

  test('of 50 at once on one stream, over two processes, each is decided on what the others left', async () => {
    const stream = await opened();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => send(stream, { kind: 'move', amount: 1 }, { store: index % 2 ? a : b })),
    );
    const done = outcomes.filter(({ ok }) => ok).length;
    // Two processes may get in each other's way ten times in a row; within one they take turns.
    expect(outcomes.every((outcome) => outcome.ok || code(outcome) === 'VERSION_CONFLICT')).toBe(true);
    expect(done).toBeGreaterThan(25);
    expect(await send(stream, { kind: 'move', amount: 0 })).toMatchObject({
      result: { state: { balance: done } },
      version: 1 + done,
    });
  });

  test('of 50 at once in one process none is lost to the others', async () => {
    const stream = await opened();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => send(stream, { kind: 'move', amount: 1 })));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
  });

  test('that loses to others every time is refused with both versions', async () => {
    const stream = await opened();
    const rival: EventStore = {
      ...a,
      async append(request) {
        await send(stream, { kind: 'move', amount: 1 }, { store: b });
        return a.append(request);
      },
    };
    const outcome = await send(stream, { kind: 'move', amount: 100 }, { store: rival });
    expect(code(outcome)).toBe('VERSION_CONFLICT');
    expect(text(outcome)).toContain('decided on version 10, and it is at version 11');
  });
});

describe('input that cannot be stored', () => {
  test.each([
    ['U+0000 in a text', 'a\u0000b', 'odd-1'],
    ['half of a surrogate pair', 'a\ud800b', 'odd-2'],
    ['more than fits into an event', 'x'.repeat(300_000), 'odd-3'],
    ['U+0000 in the key', 'ann', 'odd\u0000'],
  ])('%s is refused as such, and touches no neighbour', async (_what, owner, key) => {
    const [bad, ...good] = await Promise.all([
      send(newStream(), { kind: 'open', owner }, { key }),
      ...Array.from({ length: 5 }, (_, index) =>
        send(newStream(), { kind: 'open', owner: 'ann' }, { key: `${key.length}-${owner.length}-${index}` }),
      ),
    ]);
    expect(code(bad)).toBe('INVALID_ARGUMENT');
    expect(good.every(({ ok }) => ok)).toBe(true);
  });
});

describe('an expected version', () => {
  test('that is not the newest is refused with both', async () => {
    const stream = await opened();
    await send(stream, { kind: 'move', amount: 1 });
    const outcome = await send(stream, { kind: 'move', amount: 1 }, { expectedVersion: 1 });
    expect(code(outcome)).toBe('VERSION_CONFLICT');
    expect(text(outcome)).toContain('read version 1, and it is at version 2');
    expect(code(await send(stream, { kind: 'move', amount: 1 }, { expectedVersion: 2 }))).toBe('OK');
  });

  test('lets one of many at once through', async () => {
    const stream = await opened();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send(stream, { kind: 'move', amount: 1 }, { expectedVersion: 1, store: index % 2 ? a : b }),
      ),
    );
    expect(outcomes.map(code).toSorted()).toEqual(['OK', ...Array<string>(19).fill('VERSION_CONFLICT')]);
  });

  test('of what is not there does not hide that it is not there', async () => {
    expect(code(await send(newStream(), { kind: 'move', amount: 1 }, { expectedVersion: 3 }))).toBe('NOT_FOUND');
  });
});

describe('an idempotency key', () => {
  test('answers a repeat before anything is decided, with the position of the first', async () => {
    const stream = newStream();
    const first = await send(stream, { kind: 'open', owner: 'ann' }, { key: 'open-1' });
    await send(stream, { kind: 'move', amount: 9 });
    const again = await send(stream, { kind: 'open', owner: 'ann' }, { key: 'open-1', store: b, expectedVersion: 7 });
    expect(again).toEqual({ ...first, replayed: true });
  });

  test('used for another body is refused', async () => {
    await send(newStream(), { kind: 'open', owner: 'ann' }, { key: 'open-2' });
    expect(code(await send(newStream(), { kind: 'open', owner: 'bob' }, { key: 'open-2' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  test('of 40 creations at once, each with an id of its own, makes one', async () => {
    const before = await a.lastPosition();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        send(newStream(), { kind: 'open', owner: 'ann' }, { key: 'open-3', store: index % 2 ? a : b }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok && !outcome.replayed)).toHaveLength(1);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(await a.lastPosition()).toBe(before + 1);
  });
});

describe('a stream of another tenant', () => {
  const [mine, theirs] = [newId('tenant'), newId('tenant')];
  test('is answered like one that is not there', async () => {
    const stream = await opened(originOf(theirs));
    const notFound = { code: 'NOT_FOUND', message: 'No such account.' } as const;
    const options = { decider: bank, command: { kind: 'move', amount: 1 }, origin: originOf(mine), notFound } as const;
    expect(await handleCommand(a, { ...options, stream })).toEqual({ ok: false, rejection: notFound });
    // Nothing is decided on it: a refusal would tell that it is there.
    expect(code(await send(stream, { kind: 'open', owner: 'me' }, { origin: originOf(mine) }))).toBe('NOT_FOUND');
    expect(code(await send(stream, { kind: 'move', amount: 1 }, { origin: originOf(mine), expectedVersion: 9 }))).toBe(
      'NOT_FOUND',
    );
    const { notFound: _, ...without } = options;
    expect(code(await handleCommand(a, { ...without, stream }))).toBe('NOT_FOUND');
    expect(code(await send(stream, { kind: 'move', amount: 1 }, { origin: originOf(PLATFORM) }))).toBe('NOT_FOUND');
  });

  test('that comes to be between load and append is, too', async () => {
    const stream = newStream();
    const late: EventStore = { ...a, readStream: async () => [] };
    const open: Decider<null, null, BankEvent> = {
      initial: null,
      decide: () => accept([{ type: 'Opened', data: { owner: 'x' } }]),
      evolve: () => null,
    };
    await send(stream, { kind: 'open', owner: 'them' }, { origin: originOf(theirs) });
    const outcome = await handleCommand(late, { decider: open, stream, command: null, origin: originOf(mine) });
    expect(code(outcome)).toBe('NOT_FOUND');
  });
});

describe('a claim conflict', () => {
  const name = (owner: string) => ({ op: 'take', kind: 'unique', set: 'account-name', key: 'main', owner }) as const;

  test('is told in the words of the caller, or by default in those of its kind', async () => {
    await send(newStream(), { kind: 'open', owner: 'ann', claims: [name('acc_1')] });
    const command = { kind: 'open', owner: 'bob', claims: [name('acc_2')] } as const;
    expect(
      await handleCommand(a, {
        decider: bank,
        stream: newStream(),
        command,
        origin: originOf(),
        onClaimConflict: ({ holders }) => ({ code: 'NAME_TAKEN', message: `by ${holders[0]?.owner}` }),
      }),
    ).toEqual({ ok: false, rejection: { code: 'NAME_TAKEN', message: 'by acc_1' } });

    const conflicts = [
      command,
      { ...command, claims: [{ op: 'require', set: 'namespace-open', key: 'ns_1' }] },
      { ...command, claims: [{ op: 'take', kind: 'amount', set: 'cpu', key: 'k', owner: 'o', amount: 5, limit: 4 }] },
    ] as const;
    const outcomes = await Promise.all(conflicts.map((conflict) => send(newStream(), conflict)));
    expect(outcomes.map(code)).toEqual(['NAME_TAKEN', 'ILLEGAL_STATE', 'QUOTA_EXCEEDED']);
    expect(outcomes.map(text).join()).toContain('"main" is taken');

    const range = (owner: string) => ({ op: 'take', kind: 'range', set: 'ipv4', range: '10.3.0.0/16', owner }) as const;
    await send(newStream(), { kind: 'open', owner: 'ann', claims: [range('sub_1')] });
    const overlap = await send(newStream(), { kind: 'open', owner: 'bob', claims: [range('sub_2')] });
    expect(code(overlap)).toBe('CIDR_OVERLAP');
  });
});
