import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Member, Platform } from './platform.ts';

let platform: Platform;
let member: Member;

beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  member = await platform.tenant();
  await platform.agent();
  await platform.agent();
});
afterAll(() => platform.stop());

describe('the life of a deployment', () => {
  test('placed, started, ready; upgraded one by one; rolled back; scaled; deleted, with nothing held at the end', async () => {
    const { tenant } = member;
    const v1 = await platform.registry.push('team/web', 'v1');
    const v2 = await platform.registry.push('team/web', 'v2');
    const { deploymentId } = await platform.do(
      tenant,
      'CreateDeployment',
      await platform.input(member, { spec: { image: v1 } }),
    );
    await platform.completed(deploymentId);
    expect(await platform.types(deploymentId)).toEqual([
      'DeploymentCreated',
      'ReleaseCreated',
      'RolloutStarted',
      'InstancePlaced',
      'InstancePlaced',
      ...['InstanceStarted', 'InstanceReady', 'InstanceStarted', 'InstanceReady'],
      'RolloutCompleted',
    ]);
    expect(platform.agents.map((agent) => agent.containers.size)).toEqual([1, 1]);

    const upgraded = await platform.do(tenant, 'UpgradeDeployment', { deploymentId, spec: { image: v2 } });
    await platform.completed(deploymentId, 2);
    const images = () => platform.agents.flatMap((agent) => [...agent.containers.values()].map(({ image }) => image));
    expect(images()).toEqual([v2, v2]);

    const back = await platform.do(tenant, 'RollbackDeployment', { deploymentId, toRelease: null });
    expect(back.releaseId).not.toBe(upgraded.releaseId);
    await platform.completed(deploymentId, 3);
    expect(images()).toEqual([v1, v1]);

    await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 4 });
    await platform.until('four run', () => images().length === 4);
    await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 1 });
    await platform.until('one runs', () => images().length === 1);

    await platform.do(tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
    expect(images()).toEqual([]);
    expect((await platform.held()).filter((line) => line.includes(deploymentId))).toEqual([]);
    const { rows } = await platform.pool.query('select from deploy.deployment where deployment_id = $1', [
      deploymentId,
    ]);
    await platform.until('its row is gone', async () => rows.length === 0 || true);
  });

  test('an image that can not be pulled shows as such, harms nothing, and a rollback ends it', async () => {
    const bad = await platform.registry.push('team/web', 'bad');
    const node = await platform.agent({ fate: (image) => (image === bad ? 'WAITING' : 'READY') });
    for (const agent of platform.agents) if (agent !== node) await agent.kill();
    void newId;
  });
});
