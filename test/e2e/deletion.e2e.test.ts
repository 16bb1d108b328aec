/** Deletion on the whole platform: previewed, killed at every step and resumed, proven, taken back. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import type { Atoll } from '@atoll/sdk/client';
import type { AtollError } from '@atoll/sdk/errors';
import type { Deletion } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../faults/platform/bed.ts';
import { armProcess } from '../faults/process/arm.ts';
import { newTenant, operatorOf, unique, withCredentials } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import {
  faultsOfLogs,
  isolatedTenants,
  leftOf,
  namespacesEver,
  progressTold,
  runningOn,
  sourcesOf,
} from '../platform/store.ts';
import { tracesOf } from '../platform/traces-of.ts';
import { until, waitFor } from '../platform/waiting.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';

const folder = temporaryFolder('deletion');
const armFolder = join(folder, 'failpoints');
let platform: Platform;
let operator: Atoll;
let image: string;

beforeAll(async () => {
  mkdirSync(armFolder);
  platform = await Platform.start({
    env: {
      ATOLL_RUNTIME: 'simulated',
      NODE_OPTIONS: '--conditions=atoll-faults',
      ATOLL_FAILPOINTS: `dir:${armFolder}`,
    },
  });
  operator = operatorOf(platform.ready);
  image = await push(platform.ready, 'v1');
}, 150_000);
afterAll(async () => {
  await platform?.discard();
  rmSync(folder, { recursive: true, force: true });
});

const arm = async (name: string, spec: string) => {
  const pid = platform.pidOf(name);
  await armProcess({ pid, folder: armFolder, spec, isAlive: () => isAlive(pid) });
};

const ended = (atoll: Atoll, id: string, status: Deletion['status'] = 'COMPLETED', timeoutMs = 120_000) => {
  let last: Deletion | null = null;
  return waitFor(`${id} is ${status}`, timeoutMs, async () => {
    last = await atoll.query.deletion({ id }).catch(() => null);
    return last?.status === status ? last : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`);
  });
};

const confirmOf = async (atoll: Atoll, id: string): Promise<string> => {
  const plan = await atoll.query.deletionPlan({ id });
  if (plan === null) throw new Error(`there is no plan for ${id}`);
  return plan.confirm;
};

/** Everything at once, as many requests as there are: what comes of each is for the deletion to see to. */
const flood = (work: readonly (() => Promise<unknown>)[]) => Promise.allSettled(work.map((one) => one()));

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'OK',
    (error: unknown) => (error as AtollError).code,
  );

async function running(admin: Atoll, name: string, replicas: number) {
  const namespace = await newNamespace(admin, name);
  const input = { namespaceId: namespace.id, name: 'web', image, replicas, ...small };
  const { deployment } = await admin.mutate.createDeployment(input);
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: namespace.id, name: 'open', toLabels: [], from: { namespaceId: namespace.id } },
    ports: [{ protocol: 'TCP', from: 80 }],
  });
  await steady(admin, deployment.id);
  return { namespace, deployment, environmentId: namespace.environment.id };
}

/** Kills tenancy where it passes the point next; resolves when another one is there. */
async function killedAt(point: string, act: () => Promise<unknown>): Promise<void> {
  const before = platform.pidOf('tenancy');
  await arm('tenancy', `deletion.${point}=kill@1`);
  await act();
  await waitFor(`${point} has killed it`, 90_000, () => (isAlive(before) ? undefined : true));
  await waitFor('tenancy is back', 90_000, () =>
    [undefined, before].includes(platform.ready.processes.find(({ name }) => name === 'tenancy')?.pid)
      ? undefined
      : true,
  );
}

test('an environment whose deletion is killed at every step, with creations racing it, leaves nothing over', async () => {
  const { admin } = await newTenant(platform.ready);
  const { namespace, environmentId } = await running(admin, 'shop', 3);
  // It stands in the middle of an order of promotion, has rules of its own, and somebody has roles there alone.
  const beside = await Promise.all(
    ['dev', 'prod'].map((name) => admin.mutate.createEnvironment({ name, kind: 'TEST' })),
  );
  const [dev = '', prod = ''] = beside.map(({ environment }) => environment.id);
  await admin.mutate.setPromotion({ environmentId: dev, promotesTo: [environmentId] });
  await admin.mutate.setPromotion({ environmentId, promotesTo: [prod] });
  // What runs and would be refused now is listed, as soon as the rules have come to where it is decided.
  await admin.mutate.setImageRules({ environmentId, allowed: ['elsewhere.example/**'], promotedOnly: false });
  const refused = await waitFor('the violation is listed', 60_000, async () => {
    const { nodes } = await admin.query.imageRuleViolations({ environmentId });
    return nodes.length > 0 ? nodes : undefined;
  });
  expect(refused).toMatchObject([{ deploymentName: 'web', image, code: 'REPOSITORY_NOT_ALLOWED' }]);
  await admin.mutate.setImageRules({ environmentId, allowed: [`${platform.ready.registry}/**`], promotedOnly: false });
  await until('none is', 60_000, async () => {
    const { nodes, pageInfo } = await admin.query.imageRuleViolations({ environmentId });
    return nodes.length === 0 && !pageInfo.hasNextPage;
  });
  const own = await admin.mutate.createServiceAccount({ name: 'local', role: 'VIEWER' });
  const serviceAccountId = own.clientId ?? '';
  await admin.mutate.bindRole({ serviceAccountId, role: 'DEVELOPER', environmentId });
  await admin.mutate.bindRole({ serviceAccountId, role: 'DEVELOPER', namespaceId: namespace.id });
  const plan = await admin.query.deletionPlan({ id: environmentId });
  expect(plan).toMatchObject({ id: environmentId, name: 'env-shop', blockers: [] });
  expect(plan?.steps.map(({ name }) => name)).toEqual([
    ...['CLOSE', 'STOP_WORKLOADS', 'RELEASE_NETWORK', 'DELETE_NAMESPACES', 'REMOVE_ACCESS', 'DELETE_ENVIRONMENTS'],
    ...['DELETE_RECORDS', 'VERIFY'],
  ]);
  const confirm = await confirmOf(admin, environmentId);
  const creations = Array.from({ length: 12 }, (_, n) => [
    () => admin.mutate.createNamespace({ environmentId, name: `late-${n}` }),
    () => admin.mutate.createDeployment({ namespaceId: namespace.id, name: `late-${n}`, image, replicas: 1, ...small }),
  ]).flat();
  const begin = (confirmed: string) =>
    admin.mutate.deleteEnvironment({ environmentId, confirm: confirmed }).catch((error: AtollError) => error.code);
  await killedAt('before-namespaces', async () => {
    const [deleted] = await Promise.all([begin(confirm), flood(creations)]);
    // What was created before it has changed what was confirmed: then it is read, and confirmed, again.
    if (deleted === 'PLAN_CHANGED') await begin(await confirmOf(admin, environmentId));
  });
  const id = (await admin.query.deletions({})).nodes[0]?.id ?? '';
  const done = await ended(admin, id);
  expect(done.proof?.map(({ service }) => service)).toEqual(['tenancy', 'deploy', 'network', 'read']);
  expect(done.proof?.flatMap(({ counts }) => counts).filter(({ count }) => count > 0)).toEqual([]);
  expect(done.steps.every(({ status }) => status === 'DONE')).toBe(true);
  expect(await admin.query.environment({ id: environmentId })).toBeNull();
  const namespaceIds = await namespacesEver(platform.ready, environmentId);
  expect(namespaceIds).toContain(namespace.id);
  expect(await leftOf(platform.ready, { environmentId, namespaceIds })).toEqual({});
  expect(await runningOn(platform.ready, namespaceIds)).toEqual([]);
  // No role is left there, and no step of promotion that leads there: the others can be put in order anew.
  expect((await admin.query.roleBindings({})).nodes).toEqual([]);
  expect((await admin.query.environment({ id: dev }))?.promotesTo).toEqual([]);
  const order = await admin.mutate.setPromotion({ environmentId: prod, promotesTo: [dev] });
  expect(order.environment.promotesTo).toEqual([dev]);
  // The name is free.
  await admin.mutate.createEnvironment({ name: 'env-shop', kind: 'TEST' });
  expect(await faultsOfLogs(platform.ready)).toEqual([]);
});

test.each(['before-purge', 'before-environments', 'before-complete'])('killed %s, it goes on', async (point) => {
  const { admin } = await newTenant(platform.ready);
  const { environment } = await admin.mutate.createEnvironment({ name: 'empty', kind: 'TEST' });
  const environmentId = environment.id;
  const before = (await admin.mutate.createEnvironment({ name: 'before', kind: 'TEST' })).environment.id;
  const after = (await admin.mutate.createEnvironment({ name: 'after', kind: 'TEST' })).environment.id;
  await admin.mutate.setPromotion({ environmentId: before, promotesTo: [environmentId] });
  await admin.mutate.setPromotion({ environmentId, promotesTo: [after] });
  const confirm = await confirmOf(admin, environmentId);
  await killedAt(point, () => admin.mutate.deleteEnvironment({ environmentId, confirm }));
  const { nodes } = await admin.query.deletions({});
  await ended(admin, nodes[0]?.id ?? '');
  expect(await leftOf(platform.ready, { environmentId, namespaceIds: [] })).toEqual({});
  // Nor does the order of promotion lead to it or from it.
  expect((await admin.query.environment({ id: before }))?.promotesTo).toEqual([]);
  expect(await sourcesOf(platform.ready, [environmentId, after])).toEqual([]);
});

test('a tenant is closed, taken back as it was, and purged with everything that it had', async () => {
  const { tenant, admin } = await newTenant(platform.ready);
  const { namespace, deployment, environmentId } = await running(admin, 'shop', 2);
  const tag = unique('person');
  await admin.mutate.addMember({ subject: tag, role: 'VIEWER', displayName: `Zoe ${tag}`, email: `${tag}@a.example` });
  const tenantId = tenant.id;
  const closed = await operator.mutate.deleteTenant({ tenantId, confirm: await confirmOf(operator, tenantId) });
  const id = closed.deletion?.id ?? '';
  expect(closed.deletion).toMatchObject({ target: 'TENANT', targetId: tenantId, status: 'RETAINED', proof: null });
  const daysLeft = (Date.parse(closed.deletion?.purgeAt ?? '') - Date.now()) / 86_400_000;
  expect(daysLeft).toBeGreaterThan(29.9);
  // Reads, and no writes; nothing has gone.
  expect(await admin.query.tenant({})).toMatchObject({ status: 'DELETING', deletion: { deletionId: id } });
  expect(await codeOf(admin.mutate.createEnvironment({ name: 'late', kind: 'TEST' }))).toBe('TENANT_CLOSED');
  expect(await codeOf(operator.mutate.suspendTenant({ tenantId, reason: 'late' }))).toBe('BEING_DELETED');
  const twice = { tenantId, confirm: await confirmOf(operator, tenantId) };
  expect(await codeOf(operator.mutate.deleteTenant(twice))).toBe('BEING_DELETED');

  const back = await operator.mutate.undeleteTenant({ tenantId });
  expect(back).toMatchObject({ tenant: { status: 'ACTIVE', deletion: null }, deletion: { status: 'CANCELLED' } });
  expect(await codeOf(operator.mutate.undeleteTenant({ tenantId }))).toBe('ILLEGAL_STATE');
  await steady(admin, deployment.id);
  await waitFor('its policies are in force again', 60_000, async () =>
    (await isolatedTenants(platform.ready)).includes(tenantId) ? undefined : true,
  );
  await admin.mutate.scaleDeployment({ deploymentId: deployment.id, replicas: 3 });
  await steady(admin, deployment.id);

  const confirm = await confirmOf(operator, tenantId);
  await arm('deploy', 'append.before-commit=kill@4');
  const killed = platform.pidOf('deploy');
  let gone: string | undefined;
  await killedAt('before-access', async () => {
    gone = (await operator.mutate.deleteTenant({ tenantId, confirm, retentionHours: 0 })).deletion?.id;
  });
  const done = await ended(operator, gone ?? '');
  expect(isAlive(killed), 'deploy was killed in the middle of it').toBe(false);
  expect(done.proof?.flatMap(({ counts }) => counts).filter(({ count }) => count > 0)).toEqual([]);
  expect(await codeOf(admin.query.tenant({}))).not.toBe('OK');
  expect(await codeOf(operator.mutate.undeleteTenant({ tenantId }))).toBe('NOT_FOUND');
  expect(await leftOf(platform.ready, { tenant: tenantId, environmentId, namespaceIds: [namespace.id] })).toEqual({});
  expect(await runningOn(platform.ready, [namespace.id])).toEqual([]);
  expect(await tracesOf(platform.ready, platform.home, [`Zoe ${tag}`, `${tag}@a.example`])).toEqual([]);
  // The name is free.
  await operator.mutate.createTenant({ name: tenant.name });
});

test('network and gateway, each killed in the middle of a deletion, come back, and it goes on', async () => {
  const { admin } = await newTenant(platform.ready);
  const { namespace, environmentId } = await running(admin, 'shop', 2);
  const confirm = await confirmOf(admin, environmentId);
  await arm('network', 'append.before-commit=kill@1');
  const before = platform.pidOf('network');
  const { deletion } = await admin.mutate.deleteEnvironment({ environmentId, confirm });
  await platform.killAndAwait('gateway');
  await ended(admin, deletion?.id ?? '');
  expect(isAlive(before), 'network was killed in the middle of it').toBe(false);
  expect(await leftOf(platform.ready, { environmentId, namespaceIds: [namespace.id] })).toEqual({});
});

test('its owner deletes a tenant and takes that back; nobody below does, and how long that is possible is not theirs to say', async () => {
  const { tenant, admin } = await newTenant(platform.ready);
  const tenantId = tenant.id;
  const credentials = await operator.mutate.createServiceAccount({ tenantId, name: 'owner', role: 'OWNER' });
  const owner = withCredentials(platform.ready, credentials);
  const confirm = await confirmOf(owner, tenantId);
  expect(await codeOf(admin.mutate.deleteTenant({ confirm }))).toBe('FORBIDDEN');
  expect(await codeOf(owner.mutate.deleteTenant({ confirm, retentionHours: 0 }))).toBe('INVALID_ARGUMENT');
  const { deletion } = await owner.mutate.deleteTenant({ confirm });
  expect(deletion).toMatchObject({ target: 'TENANT', targetId: tenantId, status: 'RETAINED' });
  expect(await codeOf(owner.mutate.createEnvironment({ name: 'late', kind: 'TEST' }))).toBe('TENANT_CLOSED');
  expect(await codeOf(admin.mutate.undeleteTenant({}))).toBe('FORBIDDEN');
  expect((await owner.mutate.undeleteTenant({})).tenant).toMatchObject({ status: 'ACTIVE', deletion: null });
  expect(await codeOf(owner.mutate.createEnvironment({ name: 'after', kind: 'TEST' }))).toBe('OK');
});

test("what is protected, held, referred to, stale, another tenant's or not there is refused, and nothing changes", async () => {
  const [{ tenant, admin }, stranger] = [await newTenant(platform.ready), await newTenant(platform.ready)];
  const [one, other] = [await newNamespace(admin, 'one'), await newNamespace(admin, 'other')];
  const environmentId = one.environment.id;
  const attempt = async (by = admin) =>
    codeOf(
      by.mutate.deleteEnvironment({
        environmentId,
        confirm: (await by.query.deletionPlan({ id: environmentId }))?.confirm ?? 'x',
      }),
    );
  const blockers = async (id: string) => (await admin.query.deletionPlan({ id }))?.blockers.map(({ code }) => code);

  await admin.mutate.setDeletionProtection({ id: one.id, enabled: true });
  expect(await blockers(environmentId)).toEqual(['PROTECTED']);
  expect(await attempt()).toBe('DELETION_BLOCKED');
  expect(await codeOf(admin.mutate.deleteNamespace({ namespaceId: one.id }))).toBe('DELETION_BLOCKED');
  expect((await admin.query.namespace({ id: one.id }))?.deletionProtection).toBe(true);
  const ofTenant = await operator.query.deletionPlan({ id: tenant.id });
  expect(ofTenant?.blockers.map(({ code }) => code)).toEqual(['PROTECTED']);
  await admin.mutate.setDeletionProtection({ id: one.id, enabled: false });

  await operator.mutate.setLegalHold({ tenantId: tenant.id, reason: 'A court has asked.' });
  expect(await blockers(environmentId)).toEqual(['LEGAL_HOLD']);
  expect(await attempt()).toBe('DELETION_BLOCKED');
  expect(await codeOf(admin.mutate.deleteNamespace({ namespaceId: one.id }))).toBe('DELETION_BLOCKED');
  await operator.mutate.setLegalHold({ tenantId: tenant.id, reason: null });

  const ports = [{ protocol: 'TCP', from: 80 }] as const;
  const { isolationPolicy } = await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: other.id, name: 'in', toLabels: [], from: { namespaceId: one.id }, ports: [...ports] },
  });
  expect(await blockers(environmentId)).toEqual(['REFERENCED']);
  expect(await attempt()).toBe('DELETION_BLOCKED');
  expect((await admin.query.deletionPlan({ id: one.id }))?.warnings.map(({ code }) => code)).toEqual(['REFERENCED']);
  await admin.mutate.deleteIsolationPolicy({ policyId: isolationPolicy?.id ?? '' });

  const confirm = await confirmOf(admin, environmentId);
  await admin.mutate.createNamespace({ environmentId, name: 'more' });
  expect(await codeOf(admin.mutate.deleteEnvironment({ environmentId, confirm }))).toBe('PLAN_CHANGED');

  // Another tenant's, and nobody's.
  const missing = 'env_01h455vb4pex5vsknk084sn02q';
  for (const id of [environmentId, missing, one.id, tenant.id, 'nothing']) {
    expect(await stranger.admin.query.deletionPlan({ id })).toBeNull();
  }
  const fates = [environmentId, missing].map((id) =>
    stranger.admin.mutate.deleteEnvironment({ environmentId: id, confirm }).catch((error: AtollError) => ({
      code: error.code,
      message: error.message,
    })),
  );
  const [foreign, none] = await Promise.all(fates);
  expect(foreign).toEqual(none);
  expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
  expect(await codeOf(stranger.admin.mutate.deleteTenant({ tenantId: tenant.id, confirm }))).not.toBe('OK');
  expect(await codeOf(admin.mutate.cancelDeletion({ deletionId: 'del_01h455vb4pex5vsknk084sn02q' }))).toBe('NOT_FOUND');
  expect(await codeOf(operator.mutate.deleteTenant({ tenantId: tenant.id, confirm, retentionHours: -1 }))).toBe(
    'INVALID_ARGUMENT',
  );
  // Nothing of all that has changed anything.
  expect((await admin.query.deletions({})).nodes).toEqual([]);
  expect(await admin.query.environment({ id: environmentId })).toMatchObject({ deletionId: null });
});

test('a tenant with two hundred things goes step by step, and shows how far it is', async () => {
  const { tenant, admin } = await newTenant(platform.ready, { namespaces: 100 });
  const environments = await Promise.all(
    Array.from({ length: 8 }, (_, n) => admin.mutate.createEnvironment({ name: `env-${n}`, kind: 'TEST' })),
  );
  const namespaces = await Promise.all(
    environments.flatMap(({ environment }) =>
      Array.from({ length: 8 }, (_, n) =>
        admin.mutate.createNamespace({ environmentId: environment?.id ?? '', name: `ns-${n}` }),
      ),
    ),
  );
  const ports = [{ protocol: 'TCP' as const, from: 80 }];
  await Promise.all(
    namespaces.map(({ namespace }) => {
      const namespaceId = namespace?.id ?? '';
      return admin.mutate.createIsolationPolicy({
        namespaceId,
        name: 'open',
        toLabels: [],
        from: { namespaceId },
        ports,
      });
    }),
  );
  await waitFor('every namespace has its subnet', 60_000, async () => {
    const plan = await operator.query.deletionPlan({ id: tenant.id });
    const network = plan?.steps.find(({ name }) => name === 'RELEASE_NETWORK')?.counts ?? [];
    return network.find(({ kind }) => kind === 'subnets')?.count === 64 ? true : undefined;
  });
  const plan = await operator.query.deletionPlan({ id: tenant.id });
  const things = plan?.steps.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0) ?? 0;
  expect(things).toBeGreaterThan(200);
  const began = performance.now();
  const { deletion } = await operator.mutate.deleteTenant({
    tenantId: tenant.id,
    confirm: plan?.confirm ?? '',
    retentionHours: 0,
  });
  const done = await waitFor('it is gone', 120_000, async () => {
    const now = await operator.query.deletion({ id: deletion?.id ?? '' });
    return now?.status === 'COMPLETED' ? now : undefined;
  });
  const told = await progressTold(platform.ready, deletion?.id ?? '');
  console.log(`${things} things in ${Math.round(performance.now() - began)} ms, ${told.length} states of steps told`);
  expect(done.proof?.flatMap(({ counts }) => counts).filter(({ count }) => count > 0)).toEqual([]);
  expect(done.steps.find(({ name }) => name === 'DELETE_NAMESPACES')).toMatchObject({ done: 64, total: 64 });
  // Each on its own, and not all at the end: it could be followed.
  expect(told).toEqual(
    expect.arrayContaining([
      ...['DELETE_NAMESPACES 0/64', 'DELETE_NAMESPACES 64/64', 'DELETE_ENVIRONMENTS 0/8', 'DELETE_ENVIRONMENTS 8/8'],
      ...['VERIFY 0/1', 'VERIFY 1/1'],
    ]),
  );
});
