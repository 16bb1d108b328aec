/** Several processes of the service at once, and processes that die in the middle. */
import type { Id } from '@atoll/schema/ids';
import { afterEach, describe, expect, test } from 'vitest';
import { checkHistory, heldBy } from './history.ts';
import { type Member, Platform } from './platform.ts';

let platform: Platform;
afterEach(() => platform.stop());

const DEPLOYMENTS = 6;

async function createAll(member: Member): Promise<readonly Id<'deployment'>[]> {
  const input = await platform.input(member, { replicas: 3 });
  return Promise.all(
    Array.from({ length: DEPLOYMENTS }, async (_, n) => {
      const strategy = { maxSurge: n % 3, maxUnavailable: n % 3 === 0 ? 1 : n % 2 };
      const named = { ...input, name: `twin-${n}`, strategy };
      return (await platform.do(member.tenant, 'CreateDeployment', named)).deploymentId;
    }),
  );
}
const newImage = () => platform.registry.push('team/web', 'v2');

/** Three ready of the second release each, no guarantee broken on the way, nothing started twice, and exactly that is held. */
async function expectDone(member: Member, ids: readonly Id<'deployment'>[], image: string): Promise<void> {
  const held: string[] = [];
  for (const deploymentId of ids) {
    await platform.completed(deploymentId, 2, 60_000);
    const state = checkHistory(await platform.events(deploymentId));
    expect(state).toMatchObject({ status: 'ACTIVE', target: { number: 2 }, rollout: { status: 'COMPLETED' } });
    held.push(...heldBy(deploymentId, state));
  }
  await platform.until('nodes run that and nothing else', () => {
    const images = platform.images();
    return images.length === ids.length * 3 && images.every((each) => each === image);
  });
  const now = (await platform.held()).filter((line) => ids.some((id) => line.includes(id)));
  expect([...now].sort()).toEqual(held.sort());
  await platform.until('the ledger has what they hold, and no more', async () => {
    const { instances } = await platform.ledger(member.tenant);
    return instances === ids.length * 3 && (await platform.reservations()) === 0;
  });
  const started = platform.agents.flatMap((agent) => agent.startedEver);
  expect(new Set(started).size).toBe(started.length);
}

describe('two processes of the service', () => {
  test('roll out the same deployments together, and break no guarantee', async () => {
    platform = await Platform.start();
    await platform.service();
    await platform.service();
    const member = await platform.tenant();
    await platform.agent();
    await platform.agent();
    const ids = await createAll(member);
    const image = await newImage();
    const upgrade = (deploymentId: Id<'deployment'>) =>
      platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { image } });
    for (const id of ids) await platform.completed(id);
    await Promise.all(ids.map(upgrade));
    await expectDone(member, ids, image);
  });
});

describe('the one process of the service', () => {
  test('killed again and again between any two steps, goes on where it was, with nothing lost or doubled', {
    timeout: 180_000,
  }, async () => {
    platform = await Platform.start();
    let running = await platform.process();
    const member = await platform.tenant();
    await platform.agent();
    await platform.agent();
    const ids = await createAll(member);
    const image = await newImage();
    for (const id of ids) await platform.completed(id, 1, 60_000);
    await Promise.all(
      ids.map((deploymentId) => platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { image } })),
    );
    let kills = 0;
    const complete = async () => {
      const all = await Promise.all(ids.map((id) => platform.types(id)));
      return all.every((types) => types.filter((type) => type === 'RolloutCompleted').length === 2);
    };
    // Each life is given a few more facts than the one before, so that the deaths fall between different steps.
    while (kills < 5 && !(await complete())) {
      const goal = (await platform.store.lastPosition()) + 3 + kills * 4;
      await platform.until(
        'a few more facts',
        async () => (await platform.store.lastPosition()) >= goal || complete(),
        30_000,
      );
      await running.kill();
      kills += 1;
      running = await platform.process();
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    await expectDone(member, ids, image);
  });
});
