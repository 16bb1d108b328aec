/** Four processes of one service on one database: positions, claims, keys. */
import type { Tenant } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim } from '../src/decider.ts';
import type { AppendRequest, EventStore } from '../src/store.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newStream, opening, originOf } from '../src/testing/requests.ts';
import { eventually } from './pipeline.ts';
import { type Answer, type StoreProcess, startStoreProcess } from './store-processes.ts';

const PROCESSES = 4;
let stores: TestStores;
let store: EventStore;
let pool: Pool;
let processes: StoreProcess[];
beforeAll(async () => {
  stores = await openTestStores();
  ({ store, pool } = stores.open());
  processes = await Promise.all(Array.from({ length: PROCESSES }, () => startStoreProcess(stores.url)));
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.kill()));
  await stores.close();
});

/** 200 at once, 50 in each process. */
async function allAtOnce(request: (index: number) => AppendRequest): Promise<readonly Answer[]> {
  const requests = Array.from({ length: 200 }, (_, index) => request(index));
  const parts = processes.map((one, part) =>
    one.do({ do: 'append', requests: requests.filter((_, index) => index % PROCESSES === part) }),
  );
  return (await Promise.all(parts)).flat();
}
const count = (answers: readonly Answer[]) =>
  Object.fromEntries(Object.entries(Object.groupBy(answers, (a) => a.outcome)).map(([k, list]) => [k, list?.length]));
const claiming = (...claims: Claim[]) => opening({ claims, origin: originOf() });

/** Everything that is held in a set, of whatever kind. */
async function held(set: string): Promise<number> {
  const { rows } = await pool.query<{ held: number }>(
    `select (select count(*) from deploy.claim_unique where claim_set = $1)::integer
      + (select count(*) from deploy.claim_range where claim_set = $1)::integer
      + (select coalesce(sum(amount), 0) from deploy.claim_amount where claim_set = $1)::integer as held`,
    [set],
  );
  return rows[0]?.held ?? -1;
}

describe('of 200 rivals over four processes for the last place exactly one wins', () => {
  interface Kind {
    readonly name: string;
    /** What was taken before; the limit is one more. */
    readonly before: readonly Claim[];
    readonly take: (owner: string, index: number) => Claim;
    /** What gives the place back that `take` took. */
    readonly release: (owner: string, taken: Claim) => Claim;
    readonly full: number;
  }
  const unique = (set: string, key: string, owner: string): Claim => ({ op: 'take', kind: 'unique', set, key, owner });
  const cpu = (owner: string, amount: number): Claim => ({
    ...{ op: 'take', kind: 'amount', set: 'cpu', key: 'ten', owner },
    amount,
    limit: 10,
  });
  const keyOf = (claim: Claim) => (claim.op === 'take' && claim.kind === 'range' ? claim.range : claim.key);
  const kinds: readonly Kind[] = [
    {
      name: 'a name',
      before: [],
      take: (owner) => unique('name', 'web', owner),
      release: (owner, taken) => ({ op: 'release', kind: 'unique', set: 'name', key: keyOf(taken), owner }),
      full: 1,
    },
    {
      name: 'a range',
      before: [],
      // Each another range, and every two of them overlap.
      take: (owner, index) => ({
        op: 'take',
        kind: 'range',
        set: 'range',
        range: `10.0.0.0/${8 + (index % 16)}`,
        owner,
      }),
      release: (owner, taken) => ({ op: 'release', kind: 'range', set: 'range', key: keyOf(taken), owner }),
      full: 1,
    },
    {
      name: 'an amount',
      before: [cpu('first', 6), cpu('second', 3)],
      take: (owner) => cpu(owner, 1),
      release: (owner, taken) => ({ op: 'release', kind: 'amount', set: 'cpu', key: keyOf(taken), owner }),
      full: 10,
    },
    {
      name: 'a port of an address',
      before: [unique('port', '203.0.113.7/udp/443', 'other'), unique('port', '203.0.113.8/tcp/443', 'other')],
      take: (owner) => unique('port', '203.0.113.7/tcp/443', owner),
      release: (owner, taken) => ({ op: 'release', kind: 'unique', set: 'port', key: keyOf(taken), owner }),
      full: 3,
    },
  ];

  test.each(kinds)('$name; and once more when it is given back', async ({ before, take, release, full }) => {
    if (before.length > 0) await store.append(claiming(...before));
    const set = take('x', 0).set;
    for (const round of [1, 2]) {
      const owner = (index: number) => `o${round}-${index}`;
      const answers = await allAtOnce((index) => claiming(take(owner(index), index)));
      expect(count(answers)).toEqual({ appended: 1, 'claim-conflict': 199 });
      expect(await held(set)).toBe(full);
      const requests = Array.from({ length: 200 }, (_, index) => index);
      // All give it back at once, and only its owner can.
      await Promise.all(
        requests.map((index) => store.append(claiming(release(owner(index), take(owner(index), index))))),
      );
      expect(await held(set)).toBe(full - 1);
    }
  });

  test('nothing leaks where a command is refused after its claims were granted', async () => {
    const taken = (index: number): Claim[] => [
      unique('leak', `n${index}`, 'me'),
      { op: 'take', kind: 'range', set: 'leak', range: `10.${index}.0.0/16`, owner: 'me' },
      { op: 'take', kind: 'amount', set: 'leak', key: 'k', owner: `o${index}`, amount: 1, limit: 1000 },
    ];
    const stream = newStream();
    await store.append(opening({ stream, claims: [unique('gate', 'shut', 'somebody')] }));
    const answers = await allAtOnce((index) => {
      const last = [
        // A claim that is held by somebody else, a version that isn't there, and a required key that nobody holds.
        opening({ claims: [...taken(index), unique('gate', 'shut', 'me')] }),
        opening({ stream, expected: { kind: 'at', version: 9 }, claims: taken(index) }),
        opening({ claims: [...taken(index), { op: 'require', set: 'gate', key: 'open' }] }),
      ];
      return last[index % 3] ?? opening();
    });
    expect(count(answers)).toEqual({ 'claim-conflict': 133, 'version-conflict': 67 });
    expect(await held('leak')).toBe(0);
  });
});

test('commands of four processes on one state let exactly as much out as is there', async () => {
  const stream = newStream();
  await store.append(opening({ stream, events: [{ type: 'Moved', data: { amount: 40 } }] }));
  const parts = processes.map((one) => one.do({ do: 'move', stream, amounts: Array<number>(30).fill(-1) }));
  const answers = (await Promise.all(parts)).flat();
  const { OK = 0, ILLEGAL_STATE: refused = 0, VERSION_CONFLICT: lost = 0 } = count(answers);
  expect(OK + refused + lost).toBe(120);
  const events = await store.readStream(stream);
  expect(events).toHaveLength(1 + OK);
  expect(OK).toBeLessThanOrEqual(40);
  // Whoever was refused was refused because nothing was left.
  if (refused > 0) expect(OK).toBe(40);
});

describe('idempotency keys', () => {
  const keyed = (tenant: Tenant, index: number) =>
    opening({ origin: originOf(tenant), idempotency: { key: 'equal', request: tenant }, result: index });

  test('of two tenants that are equal do not meet; within each one command is done', async () => {
    const tenants = [newId('tenant'), newId('tenant')] as const;
    const answers = await allAtOnce((index) => keyed(tenants[index % 2] ?? tenants[0], index));
    expect(count(answers)).toEqual({ appended: 2, replayed: 198 });
    expect(new Set(answers.map(({ position }) => position)).size).toBe(2);
    for (const tenant of tenants) {
      const stored = await store.storedAnswer(tenant, { key: 'equal', request: tenant });
      expect(stored).toMatchObject({ outcome: 'replayed' });
    }
    const [first, second] = tenants;
    expect(await store.append({ ...keyed(first, 0), idempotency: { key: 'equal', request: second } })).toEqual({
      outcome: 'key-reused',
    });
  });

  test('tell what became of a command whose process was killed', async () => {
    const one = await startStoreProcess(stores.url);
    const keys = Array.from({ length: 400 }, (_, index) => `unknown-${index}`);
    const requestOf = (key: string) => opening({ idempotency: { key, request: key }, result: key });
    const before = await store.lastPosition();
    void one.do({ do: 'append', requests: keys.map(requestOf) });
    await eventually('some of them are written', async () => (await store.lastPosition()) > before);
    await one.kill();
    const outcomes = await Promise.all(keys.map((key) => store.append(requestOf(key))));
    expect(outcomes.some(({ outcome }) => outcome === 'replayed')).toBe(true);
    expect(outcomes.every(({ outcome }) => outcome === 'replayed' || outcome === 'appended')).toBe(true);
    const written = await store.readAfter(before, 5000);
    expect(written).toHaveLength(400);
  });
});

test('positions are contiguous and in commit order while four processes write and are killed', {
  timeout: 120_000,
}, async () => {
  const before = await store.lastPosition();
  const all: StoreProcess[] = [];
  const running: StoreProcess[] = [];
  async function startOne(): Promise<void> {
    const one = await startStoreProcess(stores.url);
    all.push(one);
    running.push(one);
    void one.do({ do: 'load', callers: 8 });
  }
  await Promise.all(Array.from({ length: PROCESSES }, startOne));

  let seen = before;
  let reading = true;
  /** Whoever follows the log sees every position once: none becomes visible behind one that was seen. */
  async function follow(): Promise<void> {
    while (reading) {
      for (const { position } of await store.readStored(seen, 1000)) {
        if (position !== seen + 1) throw new Error(`Position ${position} was visible before ${seen + 1}.`);
        seen = position;
      }
    }
  }
  const following = follow();
  for (let kills = 0; kills < 8; kills++) {
    const goal = seen + 200;
    await eventually('the log grows', () => seen > goal);
    await running.shift()?.kill();
    await startOne();
  }
  await Promise.all(running.map((one) => one.kill()));
  reading = false;
  await following;

  const { rows } = await pool.query<{ holes: number; versions: number }>(
    `select
      (max(position) - count(*))::integer as holes,
      (select count(*)::integer from (
        select max(version) - count(*) as missing from deploy.event group by stream
      ) s where missing <> 0) as versions
    from deploy.event`,
  );
  expect(rows[0]).toEqual({ holes: 0, versions: 0 });
  const acknowledged = all.flatMap((one) => one.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(1000);
  const { rows: found } = await pool.query<{ there: number }>(
    `select count(*)::integer as there from unnest($1::bigint[], $2::text[]) as a (position, stream)
      join deploy.event e on e.position = a.position and e.stream = a.stream`,
    [acknowledged.map((one) => one.acknowledged), acknowledged.map((one) => one.stream)],
  );
  expect(found[0]?.there).toBe(acknowledged.length);
  expect(new Set(acknowledged.map((one) => one.acknowledged)).size).toBe(acknowledged.length);
});
