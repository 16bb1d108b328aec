/** The quota ledger: reserve → commit → expire, over processes, levels and crashes. Owners are stores of their context. */
import { type EventStore, loadState } from '@atoll/events/store';
import { startTestTenancy, type TestTenancy } from '@atoll/infra/testing/tenancy';
import { deployEvents } from '@atoll/schema/deploy/events';
import type { CommandReply } from '@atoll/schema/envelope';
import { type Id, id, PLATFORM } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import { holdingsSubject } from '@atoll/schema/subjects';
import { type Holding, holdingsRequest, type QuotaAmounts } from '@atoll/schema/tenancy/quotas';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { holding, holdingStream } from '../src/domain/holding.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
let deploy: EventStore;
let network: EventStore;
let others: TestTenancy[];
/** What the owner says: as told by its events, unless a test wants it to say something else. */
const owner = { lost: new Set<string>() };
const soon = { timeout: 20_000, interval: 10 };

let serving: { stop(): Promise<void> };
const serveOwner = () =>
  serveJson(harness.nc, { subject: holdingsSubject('deploy'), log: harness.log }, async (body) => {
    const request = holdingsRequest.parse(body);
    const time = new Date().toISOString();
    const holders = 'holders' in request ? request.holders : [...told.keys()];
    const holdings = holders.flatMap((holder): Holding[] => {
      const word = told.get(holder);
      return word === undefined || owner.lost.has(holder) ? [] : [word];
    });
    return { time, holdings, next: null };
  });

beforeAll(async () => {
  harness = await startHarness({ quotaCheckMs: 600_000 });
  deploy = await harness.startContext('deploy', deployEvents);
  network = await harness.startContext('network', networkEvents);
  serveJson(harness.nc, { subject: holdingsSubject('network'), log: harness.log }, async () => ({
    ...{ time: new Date().toISOString(), holdings: [], next: null },
  }));
  serving = serveOwner();
  // Three more processes beside the one in here: commands go to any of the four.
  others = await Promise.all(
    [1, 2, 3].map(() =>
      startTestTenancy({
        databaseUrl: harness.database.url,
        natsUrl: harness.nats.url,
        dataKeyFile: harness.dataKeyFile,
      }),
    ),
  );
}, 120_000);
afterAll(async () => {
  await Promise.all(others.map((other) => other.kill()));
  await harness.stop();
});

const told = new Map<string, Holding>();
let names = 0;

interface Place {
  readonly tenant: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly namespaceId: Id<'namespace'>;
}
async function place(limits: QuotaAmounts = {}): Promise<Place> {
  names += 1;
  const call = async (
    command: 'CreateTenant' | 'CreateEnvironment' | 'CreateNamespace',
    data: unknown,
    of: Place['tenant'] | typeof PLATFORM,
  ) => resultOf(await harness.call(command, data, { tenant: of }));
  const created = await call('CreateTenant', { name: `quota-${names}`, limits }, PLATFORM);
  const tenant = id('tenant').parse(created.tenantId);
  const environment = await call('CreateEnvironment', { name: 'test', kind: 'TEST' }, tenant);
  const environmentId = id('environment').parse(environment.environmentId);
  const namespace = await call('CreateNamespace', { environmentId, name: 'shop' }, tenant);
  return { tenant, environmentId, namespaceId: id('namespace').parse(namespace.namespaceId) };
}
const beside = async ({ tenant, environmentId }: Place): Promise<Place> => {
  names += 1;
  const reply = await harness.call('CreateNamespace', { environmentId, name: `ns-${names}` }, { tenant });
  return { tenant, environmentId, namespaceId: id('namespace').parse(resultOf(reply).namespaceId) };
};

const reserve = (
  where: Place,
  holderId: string,
  amounts: QuotaAmounts,
  more: { readonly key?: string; readonly name?: string; readonly ttlSeconds?: number } = {},
): Promise<CommandReply> => {
  const { key, ...rest } = more;
  const data = {
    holderId,
    name: `web-${holderId.slice(-4)}`,
    owner: 'deploy',
    namespaceId: where.namespaceId,
    amounts,
    ...rest,
  };
  return harness.call('ReserveQuota', data, { tenant: where.tenant, ...(key === undefined ? {} : { key }) });
};
/** Its owner has committed: what the deployment holds now. */
async function commit(
  where: Place,
  holderId: Id<'deployment'>,
  instances: number,
  reservationId: string | null = null,
) {
  const amounts = { cpuMillis: 0, memoryMiB: 0, instances };
  const outcome = await deploy.append({
    stream: `deployment:${holderId}`,
    expected: { kind: 'any' },
    events: [
      {
        type: 'HoldingChanged',
        data: { deploymentId: holderId, namespaceId: where.namespaceId, name: 'web', amounts, reservationId },
      },
    ],
    claims: [],
    origin: { tenant: where.tenant, actor: 'service:deploy', cause: null, correlation: 'c', traceparent: null },
  });
  if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
  const { tenant, namespaceId } = where;
  told.set(holderId, { holderId, tenant, namespaceId, name: 'web', amounts, told: outcome.version });
}
const held = async (scope: string, set = 'quota-instances'): Promise<number> => {
  const { rows } = await harness.pool.query<{ held: number }>(
    `select held, (select coalesce(sum(amount), 0) from tenancy.claim_amount a where a.claim_set = t.claim_set and a.key = t.key)::integer as sum
     from tenancy.claim_total t where claim_set = $1 and key = $2`,
    [set, scope],
  );
  const row = rows[0] as { held: number; sum: number } | undefined;
  // The total is never anything but the sum of what is held.
  expect(row?.held ?? 0).toBe(row?.sum ?? 0);
  return row?.held ?? 0;
};
const stateOf = async (holderId: string) =>
  (await loadState(harness.store, { decider: holding, stream: holdingStream(holderId) })).state;
const typesOf = async (holderId: string) =>
  (await harness.store.readStream(holdingStream(holderId))).map(({ type }) => type);
const setQuota = (where: Place, scope: object, limits: object) =>
  harness.call('SetQuota', { ...scope, limits }, { tenant: where.tenant });
const codes = (replies: readonly CommandReply[]) =>
  Object.fromEntries(Object.entries(Object.groupBy(replies, codeOf)).map(([code, list]) => [code, list?.length]));
const messageOf = (reply: CommandReply): string => (reply.ok ? '' : reply.error.message);
const deployment = (): Id<'deployment'> => newId('deployment');

describe('of 200 reservations over four processes for the last place exactly one wins', () => {
  it.each([
    ['tenant', { instances: 5 }, () => null],
    ['environment', {}, ({ environmentId }: Place) => ({ environmentId })],
    ['namespace', {}, ({ namespaceId }: Place) => ({ namespaceId })],
  ] as const)('at the level of the %s', async (level, limits, scope) => {
    const where = await place(limits);
    const own = scope(where);
    if (own) expect(codeOf(await setQuota(where, own, { instances: 5 }))).toBe('OK');
    expect(codeOf(await reserve(where, deployment(), { instances: 4 }))).toBe('OK');
    // At the levels above a namespace, the rivals come from two of them.
    const other = level === 'namespace' ? where : await beside(where);
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => reserve(n % 2 ? where : other, deployment(), { instances: 1 })),
    );
    expect(codes(replies)).toEqual({ OK: 1, QUOTA_EXCEEDED: 199 });
    const id = level === 'tenant' ? where.tenant : level === 'environment' ? where.environmentId : where.namespaceId;
    expect(await held(id)).toBe(5);
    const denial = replies.map(messageOf).find((text) => text !== '');
    expect(denial).toContain(
      level === 'tenant' ? 'The tenant holds 5 of at most 5 instances' : `The ${level} ${id} holds 5`,
    );
  });
});

describe('a denial', () => {
  it('says what is full, at which level, who holds how much of it, and the way out', async () => {
    const where = await place({ cpuMillis: 1000 });
    const [big, small, asking] = [deployment(), deployment(), deployment()];
    await reserve(where, big, { cpuMillis: 600 }, { name: 'big' });
    await reserve(where, small, { cpuMillis: 300 }, { name: 'small' });
    const reply = await reserve(where, asking, { cpuMillis: 101 }, { name: 'late' });
    expect(reply).toMatchObject({ ok: false, error: { code: 'QUOTA_EXCEEDED' } });
    expect(messageOf(reply)).toBe(
      `The tenant holds 900 of at most 1000 thousandths of a core (cpuMillis), and late (${asking}) would hold 101. It is ` +
        `held by big (${big}) 600, small (${small}) 300. Make something smaller or delete it and wait until it is gone, ` +
        'or ask the operator for a higher limit.',
    );
    expect(await typesOf(asking)).toEqual([]);
    expect(await held(where.tenant, 'quota-cpuMillis')).toBe(900);
  });
  it('at one level takes nothing at the others, nor of other measures', async () => {
    const where = await place({ instances: 10, memoryMiB: 5 });
    const reply = await reserve(where, deployment(), { instances: 1, memoryMiB: 6 });
    expect(codeOf(reply)).toBe('QUOTA_EXCEEDED');
    for (const scope of Object.values(where)) expect(await held(scope)).toBe(0);
  });
});

describe('a reservation', () => {
  it('becomes what its owner says that is held, once, and whatever is more is free again', async () => {
    const where = await place({ instances: 10 });
    const holder = deployment();
    const { reservationId } = resultOf(await reserve(where, holder, { instances: 6 }));
    for (const scope of Object.values(where)) expect(await held(scope)).toBe(6);
    await commit(where, holder, 4, reservationId);
    await vi.waitFor(async () => expect(await held(where.tenant)).toBe(4), soon);
    expect(await stateOf(holder)).toMatchObject({ committed: { instances: 4 }, reservations: [] });
    await commit(where, holder, 0);
    await vi.waitFor(async () => expect(await held(where.namespaceId)).toBe(0), soon);
    for (const scope of Object.values(where)) expect(await held(scope)).toBe(0);
  });
  it('counts once beside what is held and beside another one of the same holder: the most of them', async () => {
    const where = await place({ instances: 10 });
    const holder = deployment();
    await reserve(where, holder, { instances: 6 });
    await reserve(where, holder, { instances: 9 });
    expect(await held(where.tenant)).toBe(9);
    await commit(where, holder, 3);
    await vi.waitFor(async () => expect(await stateOf(holder)).toMatchObject({ committed: { instances: 3 } }), soon);
    expect(await held(where.tenant)).toBe(9);
    // Under its limit there is room for what it has already, and for nothing more.
    expect(codeOf(await reserve(where, holder, { instances: 10 }))).toBe('OK');
    expect(codeOf(await reserve(where, holder, { instances: 11 }))).toBe('QUOTA_EXCEEDED');
  });
  it('is the same one for the same key', async () => {
    const where = await place();
    const holder = deployment();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => reserve(where, holder, { instances: 2 }, { key: 'once' })),
    );
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(await typesOf(holder)).toEqual(['QuotaReserved']);
    expect(codeOf(await reserve(where, holder, { instances: 3 }, { key: 'once' }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });
  it('is given back by its owner, and giving it back again does nothing', async () => {
    const where = await place({ instances: 2 });
    const holder = deployment();
    const { reservationId } = resultOf(await reserve(where, holder, { instances: 2 }));
    const release = () => harness.call('ReleaseQuota', { holderId: holder, reservationId }, { tenant: where.tenant });
    expect(codeOf(await release())).toBe('OK');
    expect(codeOf(await release())).toBe('OK');
    expect(await held(where.tenant)).toBe(0);
    expect(await typesOf(holder)).toEqual(['QuotaReserved', 'QuotaReservationEnded']);
  });
  it('ends by itself where nobody makes use of it, also when the process that gave it is gone', async () => {
    const where = await place({ instances: 2 });
    const holder = deployment();
    await reserve(where, holder, { instances: 2 }, { ttlSeconds: 3 });
    expect(codeOf(await reserve(where, deployment(), { instances: 1 }))).toBe('QUOTA_EXCEEDED');
    await vi.waitFor(async () => expect(await held(where.tenant)).toBe(0), soon);
    expect(await harness.store.readStream(holdingStream(holder))).toMatchObject([
      {},
      { type: 'QuotaReservationEnded', data: { reason: 'EXPIRED' }, actor: 'service:tenancy' },
    ]);
    expect(codeOf(await reserve(where, deployment(), { instances: 2 }))).toBe('OK');
  });
  it('is kept beyond its time where its owner can’t be asked, or has used it and the word is on its way', async () => {
    const where = await place({ instances: 4 });
    const [used, unused] = [deployment(), deployment()];
    await serving.stop();
    await reserve(where, used, { instances: 2 }, { ttlSeconds: 3 });
    await reserve(where, unused, { instances: 2 }, { ttlSeconds: 3 });
    // Its owner has committed; the ledger hasn't heard of it.
    const { tenant, namespaceId } = where;
    told.set(used, { holderId: used, tenant, namespaceId, name: 'web', amounts: { instances: 2 }, told: 1 });
    await vi.waitFor(async () => {
      const { rowCount } = await harness.pool.query(
        "select from tenancy.claim_unique where claim_set = 'quota-lease' and key < $1 and owner = $2",
        [String(Date.now() - 1500).padStart(15, '0'), where.tenant],
      );
      expect(rowCount).toBe(2);
    }, soon);
    serving = serveOwner();
    await vi.waitFor(async () => expect(await typesOf(unused)).toContain('QuotaReservationEnded'), soon);
    expect(await held(where.tenant)).toBe(2);
    expect(await typesOf(used)).toEqual(['QuotaReserved']);
    told.delete(used);
    await vi.waitFor(async () => expect(await held(where.tenant)).toBe(0), soon);
  });
  it('of another tenant’s namespace, or on another tenant’s holder, is answered as of one that isn’t there', async () => {
    const [mine, theirs] = [await place(), await place()];
    const missing = { ...mine, namespaceId: newId('namespace') };
    const foreign = { ...mine, namespaceId: theirs.namespaceId };
    const answers = await Promise.all(
      [missing, foreign].map((where) => reserve(where, deployment(), { instances: 1 })),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers.map(codeOf)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    const holder = deployment();
    const { reservationId } = resultOf(await reserve(theirs, holder, { instances: 1 }));
    expect(codeOf(await reserve(mine, holder, { instances: 1 }))).toBe('NOT_FOUND');
    const release = { holderId: holder, reservationId };
    expect(codeOf(await harness.call('ReleaseQuota', release, { tenant: mine.tenant }))).toBe('NOT_FOUND');
    expect(codeOf(await setQuota(mine, { namespaceId: theirs.namespaceId }, { instances: 1 }))).toBe('NOT_FOUND');
    expect(codeOf(await setQuota(mine, { environmentId: theirs.environmentId }, { instances: 1 }))).toBe('NOT_FOUND');
    expect(await held(theirs.tenant)).toBe(1);
  });
});

describe('a limit', () => {
  it('below what is held is refused with who holds it, and nothing has changed; at what is held, nothing more grows', async () => {
    const where = await place();
    const holder = deployment();
    await reserve(where, holder, { instances: 3 }, { name: 'web' });
    const refused = await setQuota(where, { namespaceId: where.namespaceId }, { instances: 2, cpuMillis: 100 });
    expect(refused).toMatchObject({ ok: false, error: { code: 'LIMIT_BELOW_USE', field: 'limits.instances' } });
    expect(messageOf(refused)).toMatch(
      new RegExp(
        `^The namespace ${where.namespaceId} holds 3 instances .*, more than 2\\. It is held by web \\(${holder}\\) 3`,
      ),
    );
    expect(codeOf(await reserve(where, holder, { instances: 4, cpuMillis: 200 }))).toBe('OK');
    expect(codeOf(await setQuota(where, { namespaceId: where.namespaceId }, { instances: 4 }))).toBe('OK');
    expect(codeOf(await reserve(where, deployment(), { instances: 1 }))).toBe('QUOTA_EXCEEDED');
    expect(codeOf(await setQuota(where, { namespaceId: where.namespaceId }, { instances: null }))).toBe('OK');
    expect(codeOf(await reserve(where, deployment(), { instances: 1 }))).toBe('OK');
  });
  it('set against 100 reservations at once never stands below what is held', async () => {
    const where = await place();
    const scope = { namespaceId: where.namespaceId };
    const [limits, reservations] = await Promise.all([
      Promise.all(Array.from({ length: 40 }, (_, n) => setQuota(where, scope, { instances: n + 1 }))),
      Promise.all(Array.from({ length: 100 }, () => reserve(where, deployment(), { instances: 1 }))),
    ]);
    const { rows } = await harness.pool.query<{ most: number }>(
      "select most from tenancy.claim_limit where claim_set = 'quota-instances' and key = $1",
      [where.namespaceId],
    );
    expect(await held(where.namespaceId)).toBeLessThanOrEqual(rows[0]?.most ?? Number.POSITIVE_INFINITY);
    expect(await held(where.namespaceId)).toBe(reservations.filter(({ ok }) => ok).length);
    expect(
      Object.keys(codes(limits)).every((code) => ['OK', 'LIMIT_BELOW_USE', 'VERSION_CONFLICT'].includes(code)),
    ).toBe(true);
  });
  it('is of an environment or of a namespace, and of what can be held there', async () => {
    const where = await place();
    const both = { environmentId: where.environmentId, namespaceId: where.namespaceId };
    expect(codeOf(await setQuota(where, both, { instances: 1 }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(await setQuota(where, {}, { instances: 1 }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(await setQuota(where, { namespaceId: where.namespaceId }, { namespaces: 1 }))).toBe(
      'INVALID_ARGUMENT',
    );
    for (const limit of [-1, 1.5, 2 ** 31, 'many']) {
      const reply = await setQuota(where, { environmentId: where.environmentId }, { instances: limit });
      expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field: 'limits.instances' } });
    }
  });
  it('of namespaces in an environment refuses the next one, and the ones there are named', async () => {
    const where = await place();
    expect(codeOf(await setQuota(where, { environmentId: where.environmentId }, { namespaces: 1 }))).toBe('OK');
    const reply = await harness.call('CreateNamespace', { environmentId: where.environmentId, name: 'late' }, where);
    expect(codeOf(reply)).toBe('QUOTA_EXCEEDED');
    expect(messageOf(reply)).toContain(`It is held by shop (${where.namespaceId}) 1`);
  });
});

describe('ledger and reality', () => {
  /** Two looks, and a third one that finds what the second one did. */
  async function look(times = 3): Promise<void> {
    for (let n = 0; n < times; n++) await harness.checkQuotas();
  }
  it('a holder that is gone is let go of, after it was told', async () => {
    const where = await place();
    const holder = deployment();
    await commit(where, holder, 5);
    await vi.waitFor(async () => expect(await held(where.tenant)).toBe(5), soon);
    owner.lost.add(holder);
    await look();
    expect(await held(where.tenant)).toBe(0);
    const types = ['QuotaCommitted', 'QuotaDifferenceFound', 'QuotaCommitted', 'QuotaDifferenceEnded'];
    expect(await typesOf(holder)).toEqual(types);
    expect((await harness.store.readStream(holdingStream(holder))).at(-1)).toMatchObject({ data: { healed: true } });
  });
  it('one that holds more than the ledger knows is told, and never raised; once its word comes, that is over', async () => {
    const where = await place();
    const [holder, unknown] = [deployment(), deployment()];
    await commit(where, holder, 2);
    await vi.waitFor(async () => expect(await held(where.tenant)).toBe(2), soon);
    const { tenant, namespaceId } = where;
    for (const holderId of [holder, unknown]) {
      told.set(holderId, { holderId, tenant, namespaceId, name: 'web', amounts: { instances: 7 }, told: 9 });
    }
    await look();
    expect(await held(where.tenant)).toBe(2);
    expect(await typesOf(holder)).toEqual(['QuotaCommitted', 'QuotaDifferenceFound']);
    expect(await harness.store.readStream(holdingStream(unknown))).toMatchObject([
      { type: 'QuotaDifferenceFound', data: { recorded: {}, actual: { instances: 7 } } },
    ]);
    await look();
    expect(await typesOf(holder)).toHaveLength(2);
    await commit(where, holder, 7);
    await vi.waitFor(async () => expect(await typesOf(holder)).toContain('QuotaDifferenceEnded'), soon);
    expect(await held(where.tenant)).toBe(7);
    told.delete(unknown);
    await look();
    expect((await typesOf(unknown)).at(-1)).toBe('QuotaDifferenceEnded');
  });
  it('what is under way is no difference, and a pass over what agrees says nothing', async () => {
    const where = await place();
    const holder = deployment();
    await reserve(where, holder, { instances: 3 });
    await commit(where, holder, 3);
    await vi.waitFor(async () => expect(await stateOf(holder)).toMatchObject({ committed: { instances: 3 } }), soon);
    const before = await harness.store.lastPosition();
    await look();
    expect(await typesOf(holder)).toEqual(['QuotaReserved', 'QuotaCommitted']);
    expect(await harness.store.lastPosition()).toBe(before);
  });
});

describe('what a process remembers', () => {
  it('is no reason to reserve in a namespace that is gone, nor to refuse in one that is there', async () => {
    const [where, gone] = [await place(), await place()];
    const many = async (at: Place) =>
      (await Promise.all(Array.from({ length: 40 }, () => reserve(at, newId('deployment'), { instances: 1 })))).map(
        codeOf,
      );
    expect(new Set([...(await many(where)), ...(await many(gone))])).toEqual(new Set(['OK']));
    resultOf(await harness.call('DeleteNamespace', { namespaceId: gone.namespaceId }, { tenant: gone.tenant }));
    await network.append({
      stream: `namespace:${gone.namespaceId}`,
      expected: { kind: 'any' },
      events: [{ type: 'NamespaceDrained', data: { namespaceId: gone.namespaceId } }],
      claims: [],
      origin: { tenant: gone.tenant, actor: 'service:network', cause: null, correlation: 'c', traceparent: null },
    });
    await vi.waitFor(async () => {
      const reply = await harness.call('DeleteNamespace', { namespaceId: gone.namespaceId }, { tenant: gone.tenant });
      expect(codeOf(reply)).toBe('NOT_FOUND');
    }, soon);
    expect(new Set(await many(gone))).toEqual(new Set(['NOT_FOUND']));
    expect(new Set(await many(where))).toEqual(new Set(['OK']));
  });
});
