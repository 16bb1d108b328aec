/** Batches as the API shows them: from events to rows, from input to commands, and for whom. */
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let tenant: TestTenant;
let ids: Scenario;
beforeAll(async () => {
  platform = await startPlatform();
  tenant = await platform.tenant('acme');
  ids = await everything(platform, tenant, 'shop');
});
afterAll(() => platform.stop());

const other = newId('deployment');
const where = (batchId: Id<'batch'>) => ({ batchId, environmentId: ids.environment, namespaceId: ids.namespace });
const begin = (batchId: Id<'batch'>) => ({
  type: 'BatchStarted',
  data: {
    ...{ ...where(batchId), labels: { app: 'web' }, operation: { kind: 'SCALE', replicas: 3 } },
    deployments: [ids.deployment, other].map((deploymentId, n) => ({ deploymentId, name: `web-${n}` })),
    ...{ waveSize: 1, pauseSeconds: 60, maxFailures: 0 },
  },
});
const told = (batchId: Id<'batch'>, ...events: { type: string; data: object }[]) =>
  platform.append(
    ...([tenant.id, 'deploy', `batch:${batchId}`] as const),
    ...events.map(({ type, data }) => ({ type, data: { batchId, ...data } })),
  );
const shown = `query ($id: ID!) { batch(id: $id) {
  environmentId namespaceId selector { key value } operation { kind image replicas } status statusMessage size waveSize nextWaveAt
  waiting running succeeded failed skipped waves { number status size failed skipped } startedBy endedAt
  items(first: 5) { nodes { number wave name status code deployment { name } rollout { status } } }
} batches { nodes { id } } }`;
async function read(id: string, as = tenant.admin) {
  const { body } = await platform.query(as, shown, { id });
  expect(body.errors).toBeUndefined();
  return body.data;
}

test('a batch is shown wave by wave, from its start to its end, and goes with its namespace', async () => {
  const id = newId('batch');
  await platform.append(tenant.id, 'deploy', `batch:${id}`, begin(id));
  expect((await read(id)).batch).toMatchObject({
    ...{ environmentId: ids.environment, namespaceId: ids.namespace, selector: [{ key: 'app', value: 'web' }] },
    operation: { kind: 'SCALE', image: null, replicas: 3 },
    ...{ status: 'RUNNING', size: 2, waveSize: 1, waiting: 2, running: 0, startedBy: 'user:test', endedAt: null },
    waves: [
      { number: 1, status: 'WAITING', size: 1 },
      { number: 2, status: 'WAITING', size: 1 },
    ],
  });
  const nextAt = '2026-11-24T00:01:00.000Z';
  const failed = { outcome: 'FAILED', code: 'QUOTA_EXCEEDED', message: 'Too many.' };
  await told(
    id,
    { type: 'BatchItemsBegun', data: { ...where(id), wave: 1, deploymentIds: [ids.deployment], giveUpAt: nextAt } },
    { type: 'BatchItemAccepted', data: { deploymentId: ids.deployment, rolloutId: ids.rollout, deadlineAt: null } },
    { type: 'BatchItemEnded', data: { deploymentId: ids.deployment, ...failed } },
    { type: 'BatchWaveEnded', data: { ...where(id), wave: 1, nextAt } },
    { type: 'BatchStopped', data: { ...where(id), failed: 1, message: 'One has failed.' } },
  );
  const stopped = (await read(id)).batch;
  expect(stopped).toMatchObject({ status: 'STOPPED', statusMessage: 'One has failed.', nextWaveAt: nextAt, failed: 1 });
  expect(stopped.waves).toMatchObject([
    { number: 1, status: 'DONE', failed: 1 },
    { number: 2, status: 'WAITING' },
  ]);
  // One of them isn't there any more.
  expect(stopped.items.nodes).toMatchObject([
    { number: 1, wave: 1, status: 'FAILED', code: 'QUOTA_EXCEEDED', deployment: { name: 'web' }, rollout: {} },
    { number: 2, wave: 2, name: 'web-1', status: 'WAITING', deployment: null, rollout: null },
  ]);
  const counts = { succeeded: 0, unchanged: 0, failed: 1, skipped: 1 };
  await told(
    id,
    { type: 'BatchCancelled', data: { ...where(id), skipped: 1 } },
    { type: 'BatchCompleted', data: { ...where(id), ...counts } },
  );
  const ended = (await read(id)).batch;
  expect(ended).toMatchObject({ status: 'CANCELLED', statusMessage: null, waiting: 0, skipped: 1, nextWaveAt: null });
  expect(ended.endedAt).not.toBeNull();
  expect(ended.items.nodes[1].status).toBe('SKIPPED');

  const finished = newId('batch');
  await platform.append(tenant.id, 'deploy', `batch:${finished}`, begin(finished));
  await told(finished, { type: 'BatchCompleted', data: { ...where(finished), ...counts } });
  const both = await read(finished);
  expect(both.batch.status).toBe('COMPLETED');
  expect(both.batches.nodes.map((batch: { id: string }) => batch.id).sort()).toEqual([id, finished].sort());
  // Nobody else's.
  const stranger = await platform.tenant('initech');
  expect(await read(id, stranger.admin)).toEqual({ batch: null, batches: { nodes: [] } });

  await platform.append(tenant.id, 'deploy', `namespace:${ids.namespace}`, {
    type: 'NamespaceDrained',
    data: { namespaceId: ids.namespace },
  });
  expect(await read(id)).toEqual({ batch: null, batches: { nodes: [] } });
  const { rows } = await platform.database.owner.query('select count(*)::integer as left from read.batch_item');
  expect(rows).toEqual([{ left: 0 }]);
});

test('a batch is asked for in the words of its command, and faults come back in those of the input', async () => {
  const asked: { data: unknown }[] = [];
  const fault = { code: 'INVALID_ARGUMENT', message: 'operation.change: give one', field: 'operation.change' };
  const log = createLogger('batches-test');
  const serving = ['StartBatch', 'PreviewBatch'].map((name) =>
    serveJson(platform.nc, { subject: `cmd.deploy.${name}`, log }, async (body) => {
      asked.push(body as { data: unknown });
      return { ok: false, error: fault };
    }),
  );
  await platform.nc.flush();
  try {
    const scope = { scopeId: ids.environment, labels: [{ key: 'app', value: 'web' }] };
    const start = async (input: object) => {
      const mutation =
        'mutation ($input: StartBatchInput!) { startBatch(input: $input) { batch { id } userErrors { code field } } }';
      return (await platform.query(tenant.admin, mutation, { input })).body.data.startBatch;
    };
    const answer = await start({ ...scope, operation: { kind: 'UPGRADE', memoryMiB: 64 } });
    expect(answer).toEqual({ batch: null, userErrors: [{ code: 'INVALID_ARGUMENT', field: ['operation'] }] });
    await start({ ...scope, operation: { kind: 'ROLLBACK' }, waveSize: 3, maxFailures: 2, confirm: 'yes' });
    const command = { scopeId: ids.environment, labels: { app: 'web' }, pauseSeconds: 0 };
    const change = { resources: { memoryMiB: 64 } };
    expect(asked.map(({ data }) => data)).toEqual([
      { ...command, operation: { kind: 'UPGRADE', change }, waves: { percent: 10 }, maxFailures: 0, confirm: null },
      {
        ...command,
        operation: { kind: 'ROLLBACK', pace: 'GRADUAL' },
        waves: { count: 3 },
        maxFailures: 2,
        confirm: 'yes',
      },
    ]);
    const twice = { ...scope, labels: [...scope.labels, ...scope.labels], operation: { kind: 'RESTART' } };
    expect((await start(twice)).userErrors).toMatchObject([{ field: ['labels', '1', 'key'] }]);
    const preview = `query ($id: ID!) { batchPreview(scopeId: $id, labels: [{key: "app", value: "web"}], operation: {kind: RESTART}) { count } }`;
    const codes = async (id: string) =>
      (await platform.query(tenant.admin, preview, { id })).body.errors[0].extensions.code;
    expect(await codes(ids.environment)).toBe('BAD_USER_INPUT');
    expect(await codes(newId('environment'))).toBe('NOT_FOUND');
    expect(await codes(ids.deployment)).toBe('NOT_FOUND');
    expect(asked).toHaveLength(3);
  } finally {
    await Promise.all(serving.map((one) => one.stop()));
  }
});
