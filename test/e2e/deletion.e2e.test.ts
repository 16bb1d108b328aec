/** Deletion on the whole platform: previewed, killed at every step and resumed, proven, taken back. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import type { Atoll } from '@atoll/sdk/client';
import type { Deletion } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../faults/platform/bed.ts';
import { armProcess } from '../faults/process/arm.ts';
import { newTenant, operatorOf, unique } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import { leftOf } from '../platform/store.ts';
import { waitFor } from '../platform/waiting.ts';
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

const ended = (atoll: Atoll, id: string, status: Deletion['status'] = 'COMPLETED', timeoutMs = 60_000) => {
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

test('an environment goes with all that is in it, and every service counts nothing at the end', async () => {
  const { tenant, admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'shop');
  const { deployment } = await admin.mutate.createDeployment({
    ...{ namespaceId: namespace.id, name: 'web', image, replicas: 3 },
    ...small,
  });
  await steady(admin, deployment.id);
  const environmentId = namespace.environment.id;
  const plan = await admin.query.deletionPlan({ id: environmentId });
  expect(plan).toMatchObject({ id: environmentId, name: 'env-shop', blockers: [] });
  expect(plan?.steps.map(({ name }) => name)).toEqual([
    ...['CLOSE', 'STOP_WORKLOADS', 'RELEASE_NETWORK', 'DELETE_NAMESPACES', 'REMOVE_ACCESS', 'DELETE_ENVIRONMENTS'],
    ...['DELETE_RECORDS', 'VERIFY'],
  ]);
  const { deletion } = await admin.mutate.deleteEnvironment({ environmentId, confirm: plan?.confirm ?? '' });
  const done = await ended(admin, deletion?.id ?? '');
  expect(done.proof?.map(({ service }) => service)).toEqual(['tenancy', 'deploy', 'network', 'read']);
  expect(done.proof?.flatMap(({ counts }) => counts).filter(({ count }) => count > 0)).toEqual([]);
  expect(done.steps.every(({ status }) => status === 'DONE')).toBe(true);
  expect(await admin.query.environment({ id: environmentId })).toBeNull();
  console.log(tenant.id, JSON.stringify(done));
  expect(await leftOf(platform.ready, { environmentId, namespaceIds: [namespace.id] })).toEqual({});
  // The name is free.
  await admin.mutate.createEnvironment({ name: 'env-shop', kind: 'TEST' });
  void [arm, unique, confirmOf, operator];
});
