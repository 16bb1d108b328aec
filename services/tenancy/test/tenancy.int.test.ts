import type { EventStore } from '@atoll/events/store';
import { type Id, id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
let network: EventStore;

beforeAll(async () => {
  harness = await startHarness();
  network = await harness.startContext('network', networkEvents);
});
afterAll(() => harness.stop());

let names = 0;
const freshName = (what: string) => `${what}-${++names}`;

async function createTenant(limits: Record<string, number> = {}): Promise<Id<'tenant'>> {
  const reply = await harness.call('CreateTenant', { name: freshName('tenant'), limits }, { tenant: PLATFORM });
  return id('tenant').parse(resultOf(reply).tenantId);
}
async function createEnvironment(tenant: Tenant): Promise<string> {
  const data = { name: freshName('env'), kind: 'TEST' };
  return resultOf(await harness.call('CreateEnvironment', data, { tenant })).environmentId ?? '';
}
async function createNamespace(tenant: Tenant, environmentId: string, name = freshName('ns')): Promise<string> {
  const data = { environmentId, name };
  return resultOf(await harness.call('CreateNamespace', data, { tenant })).namespaceId ?? '';
}
const eventsOf = async (stream: string) => (await harness.store.readStream(stream)).map((event) => event.type);

/** The network service says that nothing is left in the namespace. */
const drain = (tenant: Id<'tenant'>, namespaceId: string) =>
  network.append({
    stream: `namespace:${namespaceId}`,
    expected: { kind: 'any' },
    events: [{ type: 'NamespaceDrained', data: { namespaceId } }],
    claims: [],
    origin: { tenant, actor: 'service:network', cause: null, correlation: 'c-drain', traceparent: null },
  });

describe('tenants', () => {
  it('are created once under their name, with what was left out of the limits as the platform sets it', async () => {
    const name = freshName('tenant');
    const data = { name, limits: { namespaces: 3 }, members: [{ subject: 'ada', role: 'admin' }] };
    const reply = await harness.call('CreateTenant', data, { tenant: PLATFORM });
    const { tenantId } = resultOf(reply);
    const events = await harness.store.readStream(`tenant:${tenantId}`);
    expect(events).toMatchObject([
      {
        type: 'TenantCreated',
        tenant: tenantId,
        data: { name, limits: { namespaces: 3, instances: 500, cpuMillis: 64_000, memoryMiB: 131_072 } },
      },
      { type: 'MemberAdded', tenant: tenantId, data: { subject: 'ada', role: 'admin' } },
    ]);
    // What it is entitled to is told right after it, and the answer is as new as that.
    expect(reply).toMatchObject({ version: 2, position: (events[1]?.position ?? 0) + 1 });
    expect(await harness.call('CreateTenant', data, { tenant: PLATFORM })).toMatchObject({
      ok: false,
      error: { code: 'NAME_TAKEN', field: 'name' },
    });
  });

  it('repeated under their key are the same tenant, also all at once; with another body the key is refused', async () => {
    const data = { name: freshName('tenant') };
    const asked = { tenant: PLATFORM, key: 'create-once' } as const;
    const replies = await Promise.all(Array.from({ length: 10 }, () => harness.call('CreateTenant', data, asked)));
    const [first] = replies;
    expect(new Set(replies.map((reply) => resultOf(reply).tenantId)).size).toBe(1);
    expect(await harness.call('CreateTenant', data, asked)).toEqual(first);
    expect(codeOf(await harness.call('CreateTenant', { name: freshName('tenant') }, asked))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  it('are created by the operator only', async () => {
    const tenant = await createTenant();
    expect(codeOf(await harness.call('CreateTenant', { name: freshName('tenant') }, { tenant }))).toBe('FORBIDDEN');
  });

  it('get service accounts with names of their own', async () => {
    const [one, other] = [await createTenant(), await createTenant()];
    const data = { name: 'ci', role: 'admin', secretHash: 'a'.repeat(64) };
    const { serviceAccountId } = resultOf(await harness.call('CreateServiceAccount', data, { tenant: one }));
    expect(serviceAccountId).toMatch(/^sa_/);
    expect(codeOf(await harness.call('CreateServiceAccount', data, { tenant: one }))).toBe('NAME_TAKEN');
    expect(codeOf(await harness.call('CreateServiceAccount', data, { tenant: other }))).toBe('OK');
    expect(codeOf(await harness.call('CreateServiceAccount', data, { tenant: newId('tenant') }))).toBe('NOT_FOUND');
    expect(codeOf(await harness.call('CreateServiceAccount', data, { tenant: PLATFORM }))).toBe('NOT_FOUND');
  });
});

describe('a tenant that is suspended', () => {
  const environment = () => ({ name: freshName('env'), kind: 'TEST' });

  it('gets nothing new and deletes nothing, is told why, and goes on as before once it is resumed', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const namespaceId = await createNamespace(tenant, environmentId);
    const suspend = { reason: 'The invoice of October is unpaid.' };
    expect(resultOf(await harness.call('SuspendTenant', suspend, { tenant }))).toEqual({ tenantId: tenant });
    const account = { name: 'ci', role: 'admin', secretHash: 'a'.repeat(64) };
    for (const [command, data] of [
      ['CreateServiceAccount', account],
      ['CreateEnvironment', environment()],
      ['CreateNamespace', { environmentId, name: 'late' }],
      ['DeleteNamespace', { namespaceId }],
    ] as const) {
      expect(await harness.call(command, data, { tenant }), command).toMatchObject({
        ok: false,
        error: { code: 'TENANT_SUSPENDED' },
      });
    }
    const told = await harness.call('CreateEnvironment', environment(), { tenant });
    expect(told).toMatchObject({ error: { message: expect.stringContaining(suspend.reason) } });
    expect(codeOf(await harness.call('SuspendTenant', { reason: 'again' }, { tenant }))).toBe('OK');

    expect(codeOf(await harness.call('ResumeTenant', {}, { tenant }))).toBe('OK');
    expect(codeOf(await harness.call('CreateEnvironment', environment(), { tenant }))).toBe('OK');
    expect(codeOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }))).toBe('OK');
    const events = await harness.store.readStream(`tenant:${tenant}`);
    expect(events.map(({ type }) => type)).toEqual(['TenantCreated', 'TenantSuspended', 'TenantResumed']);
    expect(events[1]).toMatchObject({ data: suspend, actor: 'operator:ada' });
  });

  it('has nothing that was created after its suspension, however many were under way', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const creations = (n: number) =>
      Array.from({ length: n }, () =>
        harness.call('CreateNamespace', { environmentId, name: freshName('ns') }, { tenant }),
      );
    const before = creations(15);
    const suspended = harness.call('SuspendTenant', { reason: 'now' }, { tenant });
    const replies = await Promise.all([...before, suspended, ...creations(15)]);
    const reply = await suspended;
    if (!reply.ok) throw new Error(reply.error.message);
    const codes = new Set(replies.map(codeOf));
    for (const code of codes) expect(['OK', 'TENANT_SUSPENDED']).toContain(code);
    const late = (await harness.store.readAfter(reply.position, 5000)).filter((event) => event.tenant === tenant);
    expect(late).toEqual([]);
  });

  it.each([
    ['no reason', { reason: ' ' }],
    ['501 characters', { reason: 'a'.repeat(501) }],
    ['control characters', { reason: 'a\u0007b' }],
  ])('is not, with %s', async (_what, data) => {
    const tenant = await createTenant();
    expect(await harness.call('SuspendTenant', data, { tenant })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENT', field: 'reason' },
    });
  });

  it('is not, where there is none', async () => {
    for (const tenant of [newId('tenant'), PLATFORM] as const) {
      expect(codeOf(await harness.call('SuspendTenant', { reason: 'x' }, { tenant }))).toBe('NOT_FOUND');
      expect(codeOf(await harness.call('ResumeTenant', {}, { tenant }))).toBe('NOT_FOUND');
    }
  });
});

describe('malformed input', () => {
  it('is told with its field', async () => {
    const tenant = await createTenant();
    const bad = await harness.call('CreateEnvironment', { name: 'Not A Name', kind: 'TEST' }, { tenant });
    expect(bad).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field: 'name' } });
    const unknown = await harness.call('CreateEnvironment', { name: 'a', kind: 'TEST', more: 1 }, { tenant });
    expect(codeOf(unknown)).toBe('INVALID_ARGUMENT');
  });
});

describe('environments and namespaces', () => {
  it('carry their tenant, and have names of their own', async () => {
    const [one, other] = [await createTenant(), await createTenant()];
    const data = { name: 'prod', kind: 'PRODUCTION' };
    const { environmentId = '' } = resultOf(await harness.call('CreateEnvironment', data, { tenant: one }));
    expect(codeOf(await harness.call('CreateEnvironment', data, { tenant: one }))).toBe('NAME_TAKEN');
    expect(codeOf(await harness.call('CreateEnvironment', data, { tenant: other }))).toBe('OK');
    expect(await harness.store.readStream(`environment:${environmentId}`)).toMatchObject([{ tenant: one }]);

    const namespaceId = await createNamespace(one, environmentId, 'shop');
    expect(await harness.store.readStream(`namespace:${namespaceId}`)).toMatchObject([
      { tenant: one, actor: 'operator:ada', data: { environmentId, name: 'shop', labels: {} } },
    ]);
    const again = await harness.call('CreateNamespace', { environmentId, name: 'shop' }, { tenant: one });
    expect(again).toMatchObject({ ok: false, error: { code: 'NAME_TAKEN', field: 'name' } });
  });

  it('repeated under their key are answered as the first time', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const asked = { tenant, key: 'same' };
    const data = { environmentId, name: 'once' };
    const first = await harness.call('CreateNamespace', data, asked);
    expect(await harness.call('CreateNamespace', data, asked)).toEqual(first);
    expect(codeOf(await harness.call('CreateNamespace', { ...data, name: 'other' }, asked))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });
});

describe('the quota of namespaces', () => {
  it('lets exactly one through of 50 that want the last place, and says how many are held', async () => {
    const tenant = await createTenant({ namespaces: 3 });
    const environmentId = await createEnvironment(tenant);
    await createNamespace(tenant, environmentId);
    await createNamespace(tenant, environmentId);
    const replies = await Promise.all(
      Array.from({ length: 50 }, () =>
        harness.call('CreateNamespace', { environmentId, name: freshName('ns') }, { tenant }),
      ),
    );
    expect(replies.filter((reply) => reply.ok)).toHaveLength(1);
    const denials = replies.flatMap((reply) => (reply.ok ? [] : [reply.error]));
    expect(new Set(denials.map((denial) => denial.code))).toEqual(new Set(['QUOTA_EXCEEDED']));
    expect(denials[0]?.message).toContain('holds 3 of at most 3 namespaces');
  });
});

describe('names', () => {
  it('have exactly one winner of 50 at once', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const data = { environmentId, name: 'wanted' };
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => harness.call('CreateNamespace', data, { tenant })),
    );
    expect(replies.map(codeOf).sort()).toEqual(['OK', ...Array(49).fill('NAME_TAKEN')].sort());
  });
});

describe('another tenant’s things', () => {
  it('are answered byte for byte like missing ones', async () => {
    const [mine, theirs] = [await createTenant(), await createTenant()];
    const environmentId = await createEnvironment(theirs);
    const namespaceId = await createNamespace(theirs, environmentId);
    const before = await harness.store.lastPosition();

    const create = (environmentId: string) =>
      harness.call('CreateNamespace', { environmentId, name: 'x' }, { tenant: mine });
    const foreign = await create(environmentId);
    expect(foreign).toMatchObject({ ok: false, error: { code: 'NOT_FOUND', field: 'environmentId' } });
    expect(foreign).toEqual(await create(newId('environment')));

    const remove = (namespaceId: string) => harness.call('DeleteNamespace', { namespaceId }, { tenant: mine });
    const foreignNamespace = await remove(namespaceId);
    expect(foreignNamespace).toMatchObject({ ok: false, error: { code: 'NOT_FOUND', field: 'namespaceId' } });
    expect(foreignNamespace).toEqual(await remove(newId('namespace')));
    expect(await harness.store.lastPosition()).toBe(before);
  });

  it('keep their names and their quota to themselves', async () => {
    const [mine, theirs] = [await createTenant({ namespaces: 1 }), await createTenant({ namespaces: 1 })];
    await createNamespace(theirs, await createEnvironment(theirs), 'same');
    await createNamespace(mine, await createEnvironment(mine), 'same');
  });
});

describe('the deletion of a namespace', () => {
  it('keeps name and quota until it is drained, and frees both then', async () => {
    const tenant = await createTenant({ namespaces: 1 });
    const environmentId = await createEnvironment(tenant);
    const namespaceId = await createNamespace(tenant, environmentId, 'shop');
    const create = () => harness.call('CreateNamespace', { environmentId, name: 'shop' }, { tenant });

    const asked = { tenant, key: 'delete' };
    const first = await harness.call('DeleteNamespace', { namespaceId }, asked);
    expect(first).toMatchObject({ ok: true, result: { namespaceId }, version: 2 });
    expect(await harness.call('DeleteNamespace', { namespaceId }, asked)).toEqual(first);
    expect(codeOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }))).toBe('BEING_DELETED');
    expect(codeOf(await create())).toBe('NAME_TAKEN');

    const drained = await drain(tenant, namespaceId);
    await vi.waitFor(
      async () => expect(await eventsOf(`namespace:${namespaceId}`)).toContain('NamespaceDeleted'),
      10_000,
    );
    const deleted = (await harness.store.readStream(`namespace:${namespaceId}`)).at(-1);
    expect(deleted).toMatchObject({
      tenant,
      actor: 'service:tenancy',
      correlation: 'c-drain',
      cause: drained.outcome === 'appended' ? drained.events[0]?.id : 'none',
    });
    expect(codeOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }))).toBe('NOT_FOUND');
    expect(codeOf(await create())).toBe('OK');
  });

  it('is refused to one who has read another version', async () => {
    const tenant = await createTenant();
    const namespaceId = await createNamespace(tenant, await createEnvironment(tenant));
    const remove = (expectedVersion: number) =>
      harness.call('DeleteNamespace', { namespaceId }, { tenant, expectedVersion });
    expect(codeOf(await remove(2))).toBe('VERSION_CONFLICT');
    expect(codeOf(await remove(1))).toBe('OK');
  });

  it('is done once, though the drained namespace is told of twice', async () => {
    const tenant = await createTenant();
    const namespaceId = await createNamespace(tenant, await createEnvironment(tenant));
    resultOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }));
    await drain(tenant, namespaceId);
    await drain(tenant, namespaceId);
    const marker = await createNamespace(tenant, await createEnvironment(tenant));
    resultOf(await harness.call('DeleteNamespace', { namespaceId: marker }, { tenant }));
    await drain(tenant, marker);
    // Reactions run in order: when the marker is gone, both tellings before it are done with.
    await vi.waitFor(async () => expect(await eventsOf(`namespace:${marker}`)).toContain('NamespaceDeleted'), 10_000);
    expect(await eventsOf(`namespace:${namespaceId}`)).toEqual([
      'NamespaceCreated',
      'NamespaceDeletionRequested',
      'NamespaceDeleted',
    ]);
  });
});

describe('labels', () => {
  it('are set as a whole, once, and on what has changed since it was read they are not', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const namespaceId = await createNamespace(tenant, environmentId);
    const set = (labels: object, more: object = {}) =>
      harness.call('SetNamespaceLabels', { namespaceId, labels }, { tenant, ...more });
    resultOf(await set({ a: '1', b: '2' }, { expectedVersion: 1 }));
    resultOf(await set({ b: '2', a: '1' }));
    expect(await eventsOf(`namespace:${namespaceId}`)).toEqual(['NamespaceCreated', 'NamespaceLabelsSet']);
    expect(codeOf(await set({ c: '3' }, { expectedVersion: 1 }))).toBe('VERSION_CONFLICT');
    expect(codeOf(await set({ 'no key': '3' }))).toBe('INVALID_ARGUMENT');
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, 'v']));
    expect(codeOf(await set(many))).toBe('INVALID_ARGUMENT');
    resultOf(await harness.call('SetEnvironmentLabels', { environmentId, labels: { team: 'blue' } }, { tenant }));
    expect(await eventsOf(`environment:${environmentId}`)).toEqual(['EnvironmentCreated', 'EnvironmentLabelsSet']);
    for (const _again of [1, 2]) {
      resultOf(await harness.call('SetTenantLabels', { labels: { region: 'north' } }, { tenant }));
    }
    const ofTenant = await eventsOf(`tenant:${tenant}`);
    expect(ofTenant.filter((type) => type === 'TenantLabelsSet')).toHaveLength(1);
    expect(await harness.call('SetTenantLabels', { labels: {} }, { tenant: newId('tenant') })).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });

  it("of another tenant's things are refused as those of things that never were, byte for byte", async () => {
    const [tenant, stranger] = [await createTenant(), await createTenant()];
    const environmentId = await createEnvironment(tenant);
    const namespaceId = await createNamespace(tenant, environmentId);
    const labels = { team: 'blue' };
    for (const [command, field, theirs, none] of [
      ['SetEnvironmentLabels', 'environmentId', environmentId, newId('environment')],
      ['SetNamespaceLabels', 'namespaceId', namespaceId, newId('namespace')],
    ] as const) {
      const send = (of: string) => harness.call(command, { [field]: of, labels }, { tenant: stranger });
      const [foreign, missing] = [await send(theirs), await send(none)];
      expect(codeOf(foreign)).toBe('NOT_FOUND');
      expect(JSON.stringify(foreign)).toBe(JSON.stringify(missing));
    }
    expect(await eventsOf(`namespace:${namespaceId}`)).toEqual(['NamespaceCreated']);
  });

  it('stay as they are where the tenant is suspended, and on what is being deleted', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    const namespaceId = await createNamespace(tenant, environmentId);
    const ofNamespace = () => harness.call('SetNamespaceLabels', { namespaceId, labels: { a: '1' } }, { tenant });
    const ofEnvironment = () => harness.call('SetEnvironmentLabels', { environmentId, labels: { a: '1' } }, { tenant });
    resultOf(await harness.call('SuspendTenant', { reason: 'unpaid' }, { tenant }));
    const ofTenant = () => harness.call('SetTenantLabels', { labels: { a: '1' } }, { tenant });
    for (const set of [ofNamespace, ofEnvironment, ofTenant]) expect(codeOf(await set())).toBe('TENANT_SUSPENDED');
    resultOf(await harness.call('ResumeTenant', {}, { tenant }));
    resultOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }));
    expect(codeOf(await ofNamespace())).toBe('BEING_DELETED');
    expect(codeOf(await ofEnvironment())).toBe('OK');
  });
});
