/** One operation on many deployments, with the service as it runs, and as it is killed. */
import type { DeployInput } from '@atoll/schema/deploy/commands';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BatchEvent, evolveBatch, type Item, isUnderWay, listOf, type There } from '../src/domain/batch.ts';
import { checkHistory } from './history.ts';
import { expectRefused, type Member, Platform, type Running } from './platform.ts';

/** A busy machine takes several times as long as a quiet one. */
const patience = { timeout: 120_000 };

let platform: Platform;
let member: Member;
let service: Running;

beforeAll(async () => {
  platform = await Platform.start();
  service = await platform.service();
  member = await platform.tenant();
  await platform.agent({ capacity: { cpuMillis: 64_000, memoryMiB: 65_536 }, maxInstances: 200 });
});
afterAll(() => platform.stop());

type Start = DeployInput<'StartBatch'>;
const push = (text: string) => platform.registry.push('team/web', text);

async function fleet(app: string, count: number, more: Parameters<Platform['input']>[1] = {}) {
  const input = await platform.input(member, { replicas: 1, labels: { app }, ...more });
  const names = Array.from({ length: count }, (_, n) => `${app}-${String(n + 1).padStart(2, '0')}`);
  const create = (name: string) => platform.do(member.tenant, 'CreateDeployment', { ...input, name });
  const ids = (await Promise.all(names.map(create))).map(({ deploymentId }) => deploymentId);
  await Promise.all(ids.map((id) => platform.completed(id)));
  return { ids, image: input.spec.image };
}
const asked = (app: string, operation: Start['operation'], more: Partial<Start> = {}): Start => ({
  ...{ scopeId: member.namespaceId, labels: { app }, operation, waves: { count: 2 } },
  ...{ pauseSeconds: 0, maxFailures: 0, confirm: null },
  ...more,
});
const to = (image: string) => ({ kind: 'UPGRADE', change: { image } }) as const;
const started = async (input: Start) => (await platform.do(member.tenant, 'StartBatch', input)).batchId;
const preview = (input: Start) => {
  const { scopeId, labels, operation } = input;
  return platform.do(member.tenant, 'PreviewBatch', { scopeId, labels, operation });
};

const eventsOf = async (batchId: Id<'batch'>) =>
  (await platform.store.readStream(`batch:${batchId}`)) as unknown as readonly BatchEvent[];
async function stateOf(batchId: Id<'batch'>): Promise<There> {
  const state = (await eventsOf(batchId)).reduce(evolveBatch, { status: 'NONE' } as Parameters<typeof evolveBatch>[0]);
  if (state.status === 'NONE') throw new Error('There is no batch.');
  return state;
}
const statuses = async (batchId: Id<'batch'>) => listOf(await stateOf(batchId)).map(({ status }) => status);
const batchIs = (batchId: Id<'batch'>, status: There['status'], timeoutMs = 60_000) =>
  platform.until(`the batch is ${status}`, async () => (await stateOf(batchId)).status === status, timeoutMs);
const itemIs = (batchId: Id<'batch'>, id: Id<'deployment'>, status: Item['status']) =>
  platform.until(`${id} is ${status}`, async () => (await stateOf(batchId)).items.get(id)?.status === status, 60_000);
const rollouts = async (id: Id<'deployment'>) =>
  (await platform.types(id)).filter((type) => type === 'RolloutStarted').length;
test(
  'a batch of 30 comes to its end over kill -9 at each point where it acts, and does nothing twice',
  patience,
  async () => {
    const { ids } = await fleet('many', 30);
    const image = await push('many-2');
    await service.stop();
    const points = ['batch.before-command=kill@3', 'batch.after-command=kill@4', 'append.after-commit=kill@7'];
    let dying = await platform.process({ armable: true });
    const batchId = await started(asked('many', to(image), { waves: { percent: 33 } }));
    for (const point of points) {
      if (dying.ended()) dying = await platform.process({ armable: true });
      await dying.arm(point);
      await platform.until(`it dies at ${point}`, () => dying.ended(), 60_000);
    }
    // Two that share the rest.
    await platform.service();
    service = await platform.service();
    await batchIs(batchId, 'COMPLETED');
    expect(await statuses(batchId)).toEqual(ids.map(() => 'SUCCEEDED'));
    for (const id of ids) {
      expect(await rollouts(id), 'told once').toBe(2);
      checkHistory(await platform.events(id));
    }
    let state: Parameters<typeof evolveBatch>[0] = { status: 'NONE' };
    let most = 0;
    for (const event of await eventsOf(batchId)) {
      state = evolveBatch(state, event);
      if (state.status !== 'NONE') most = Math.max(most, listOf(state).filter(isUnderWay).length);
    }
    expect(most).toBeLessThanOrEqual(10);
    await platform.until('its row is gone, and nothing is held', async () => {
      const rows = await platform.pool.query('select from deploy.batch where batch_id = $1', [batchId]);
      return rows.rowCount === 0 && !(await platform.held()).some((line) => line.startsWith('in-batch'));
    });
  },
);

test(
  'too many failures stop it; those under way go back by their own policy, the others stay; resumed, it goes on',
  patience,
  async () => {
    const policy = { progressDeadlineSeconds: 5, onFailure: 'GRADUAL' } as const;
    const { ids, image } = await fleet('bad', 6, { policy });
    const bad = await push('bad-2');
    platform.fates.set(bad, 'WAITING');
    const batchId = await started(asked('bad', to(bad)));
    const again = await platform.send(member.tenant, 'StartBatch', asked('bad', { kind: 'RESTART' }));
    expectRefused(again, 'IN_ANOTHER_BATCH', new RegExp(batchId));
    await batchIs(batchId, 'STOPPED');
    const stopped = (await eventsOf(batchId)).find(({ type }) => type === 'BatchStopped');
    expect(stopped?.data).toMatchObject({ failed: 1, message: expect.stringMatching(/at most 0 may.*bad-0/) });
    const [first, second, third, fourth, fifth] = ids as [Id<'deployment'>, ...Id<'deployment'>[]];
    if (!second || !third || !fourth || !fifth) throw new Error('There are six.');
    for (const id of [first, second]) {
      await itemIs(batchId, id, 'FAILED');
      await platform.completed(id, 2);
    }
    const failed = (await eventsOf(batchId)).find(({ type }) => type === 'BatchItemEnded');
    expect(failed?.data).toMatchObject({ message: expect.stringContaining('IMAGE_PULL_FAILED') });
    expect(await Promise.all(ids.map(rollouts))).toEqual([3, 3, 1, 1, 1, 1]);
    // One of those that are left goes meanwhile, and is skipped, the batch standing still or not.
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId: third });
    await itemIs(batchId, third, 'SKIPPED');
    platform.fates.delete(bad);
    await platform.do(member.tenant, 'ResumeBatch', { batchId });
    await batchIs(batchId, 'COMPLETED');
    expect(await statuses(batchId)).toEqual(['FAILED', 'FAILED', 'SKIPPED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expectRefused(await platform.send(member.tenant, 'ResumeBatch', { batchId }), 'ILLEGAL_STATE', /start another one/);

    // Undone by another one: those that run it already are left alone.
    const back = await started(asked('bad', { kind: 'ROLLBACK', pace: 'GRADUAL' }, { maxFailures: 9 }));
    await batchIs(back, 'COMPLETED');
    expect(await statuses(back)).toEqual(['FAILED', 'FAILED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    const told = (await eventsOf(back)).filter(({ type }) => type === 'BatchItemEnded');
    expect(told.filter(({ data }) => 'code' in data && data.code === 'NO_EARLIER_RELEASE')).toHaveLength(2);
    await platform.until('all run the first one', () => platform.images().filter((one) => one === image).length === 5);
  },
);

test(
  'pausing freezes it; scaled, restarted, suspended and resumed by label, each is done when it is so',
  patience,
  async () => {
    const { ids } = await fleet('life', 3);
    const wait = await push('life-2');
    platform.fates.set(wait, 'STARTING');
    const upgrade = await started(asked('life', to(wait), { waves: { count: 1 } }));
    await platform.recorded(ids[0] as Id<'deployment'>, 'InstanceStarted', 2);
    const suspension = { kind: 'SUSPEND' } as const;
    await platform.do(member.tenant, 'PauseBatch', { batchId: upgrade });
    platform.fates.delete(wait);
    await itemIs(upgrade, ids[0] as Id<'deployment'>, 'SUCCEEDED');
    await preview(asked('life', suspension));
    expect(await statuses(upgrade)).toEqual(['SUCCEEDED', 'WAITING', 'WAITING']);
    await platform.do(member.tenant, 'CancelBatch', { batchId: upgrade });
    await batchIs(upgrade, 'CANCELLED');
    expect(await Promise.all(ids.map(rollouts))).toEqual([2, 1, 1]);

    const scale = await started(asked('life', { kind: 'SCALE', replicas: 2 }, { waves: { percent: 100 } }));
    await batchIs(scale, 'COMPLETED');
    for (const id of ids)
      expect((await platform.types(id)).filter((type) => type === 'DeploymentScaled')).toHaveLength(1);
    const same = await started(asked('life', { kind: 'SCALE', replicas: 2 }));
    await batchIs(same, 'COMPLETED');
    expect(await statuses(same)).toEqual(['UNCHANGED', 'UNCHANGED', 'UNCHANGED']);

    platform.fates.set(wait, 'STARTING');
    const restart = await started(asked('life', { kind: 'RESTART' }, { waves: { percent: 100 } }));
    await platform.recorded(ids[0] as Id<'deployment'>, 'RolloutStarted', 3);
    expect((await preview(asked('life', suspension))).count).toBe(3);
    await platform.do(member.tenant, 'CancelBatch', { batchId: restart });
    const first = ids[0] as Id<'deployment'>;
    platform.fates.delete(wait);
    await platform.until('nothing is under way', async () => !listOf(await stateOf(restart)).some(isUnderWay), 60_000);
    expect((await stateOf(restart)).items.get(first)?.status).toBe('SUCCEEDED');

    // One is on its way by hand; the others have nothing to suspend.
    const last = await push('life-3');
    platform.fates.set(last, 'STARTING');
    await platform.do(member.tenant, 'UpgradeDeployment', { deploymentId: first, spec: { image: last } });
    for (const [kind, outcome] of [
      ['SUSPEND', 'RolloutSuspended'],
      ['RESUME', 'RolloutResumed'],
    ] as const) {
      const batchId = await started(asked('life', { kind }));
      await batchIs(batchId, 'COMPLETED');
      expect(await statuses(batchId)).toEqual(['SUCCEEDED', 'UNCHANGED', 'UNCHANGED']);
      expect(await platform.types(first)).toContain(outcome);
    }
  },
);

test(
  'the preview says what would become of each, and is held to; what can not be meant is refused and begins nothing',
  patience,
  async () => {
    const { tenant } = member;
    const { ids, image } = await fleet('look', 2);
    const next = await push('look-2');
    const [first] = ids as [Id<'deployment'>];
    await platform.do(tenant, 'UpgradeDeployment', { deploymentId: first, spec: { image: next } });
    await platform.completed(first, 2);
    const upgrade = asked('look', to(next));
    const shown = await preview(upgrade);
    expect(shown).toMatchObject({
      count: 2,
      changed: 1,
      unchanged: 1,
      refused: 0,
      confirmationRequired: false,
      refusal: null,
    });
    expect(shown.deployments).toMatchObject([
      { deploymentId: first, name: 'look-01', verdict: 'UNCHANGED', fromRelease: 2, toRelease: null },
      { name: 'look-02', verdict: 'CHANGED', fromRelease: 1, toRelease: 2, fromReplicas: 1, toReplicas: 1 },
    ]);
    const back = await preview(asked('look', { kind: 'ROLLBACK', pace: 'GRADUAL' }));
    expect(back.deployments).toMatchObject([
      { verdict: 'CHANGED', fromRelease: 2, toRelease: 1 },
      { verdict: 'REFUSED', code: 'NO_EARLIER_RELEASE' },
    ]);

    const before = await platform.store.lastPosition();
    const refuse = async (input: Start, code: string, message: RegExp, as = tenant) =>
      expectRefused(await platform.send(as, 'StartBatch', input), code, message);
    await refuse(asked('nobody', upgrade.operation), 'NOTHING_SELECTED', /labels/);
    await refuse({ ...upgrade, labels: {} }, 'INVALID_ARGUMENT', /at least one label/);
    await refuse({ ...upgrade, waves: { percent: 101 } }, 'INVALID_ARGUMENT', /100/);
    await refuse(
      asked('look', to(image.replace(/.$/, (last) => (last === '0' ? '1' : '0')))),
      'IMAGE_NOT_FOUND',
      /Push it/,
    );
    await refuse({ ...upgrade, confirm: 'whatever' }, 'PLAN_CHANGED', /look at batchPreview again/i);
    await refuse({ ...upgrade, scopeId: newId('namespace') }, 'NOT_FOUND', /no such namespace/);
    await refuse({ ...upgrade, scopeId: newId('environment') }, 'NOT_FOUND', /no such environment/);
    expect(await platform.store.lastPosition()).toBe(before);
    // Another tenant's namespace and batch are as ones that aren't there.
    const stranger = await platform.tenant();
    const batchId = await started({ ...upgrade, confirm: shown.confirm });
    for (const command of ['PauseBatch', 'ResumeBatch', 'CancelBatch'] as const) {
      const theirs = await platform.send(stranger.tenant, command, { batchId });
      expect(theirs).toEqual(await platform.send(stranger.tenant, command, { batchId: newId('batch') }));
      expectRefused(theirs, 'NOT_FOUND');
    }
    await refuse(upgrade, 'NOT_FOUND', /no such namespace/, stranger.tenant);
    await batchIs(batchId, 'COMPLETED');
    expect(await statuses(batchId)).toEqual(['UNCHANGED', 'SUCCEEDED']);

    // Right where a confirmation is asked for, and far beyond what a batch is about.
    const many = async (app: string, count: number) => {
      await platform.pool.query(
        `insert into deploy.deployment (deployment_id, tenant, namespace_id, name, version, labels, correlation, cause)
       select 'dep_' || $4 || lpad(n::text, 24, '0'), $1, $2, $4 || n, 1, jsonb_build_object('app', $4::text), 'test', 'test'
       from generate_series(1, $3) n`,
        [tenant, member.namespaceId, count, app],
      );
    };
    await many('a', 51);
    await many('b', 10_000);
    await refuse(asked('a', { kind: 'RESTART' }), 'CONFIRMATION_REQUIRED', /about 51 deployments.*batchPreview/);
    await refuse(asked('b', { kind: 'RESTART' }), 'BATCH_TOO_LARGE', /10000 deployments.*1000 at most/);
    expect(await preview(asked('b', { kind: 'RESTART' }))).toMatchObject({
      ...{
        count: 10_000,
        confirm: null,
        confirmationRequired: true,
        refusal: { code: 'BATCH_TOO_LARGE' },
        deployments: [],
      },
    });
  },
);
