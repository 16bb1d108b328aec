/** The gate of a namespace: opened and closed by tenancy's facts, emptied before it counts as drained. */
import type { CommandReply } from '@atoll/schema/envelope';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  await platform.service();
  await platform.agent();
});
afterAll(() => platform.stop());

const gate = async ({ namespaceId }: Member) => platform.store.readStream(`namespace:${namespaceId}`);
const drained = (member: Member) =>
  platform.until('it is drained', async () => (await gate(member)).at(-1)?.type === 'NamespaceDrained');
/** What was created in it and isn't deleted, by position. */
const left = async ({ namespaceId }: Member) => {
  const events = await platform.store.readAfter(0, 5000);
  const inIt = events.filter(({ data }) => (data as { namespaceId?: string }).namespaceId === namespaceId);
  const created = inIt.filter(({ type }) => type === 'DeploymentCreated');
  const deleted = inIt.filter(({ type }) => type === 'DeploymentDeleted');
  return {
    created: created.length,
    deleted: deleted.length,
    last: Math.max(0, ...deleted.map((event) => event.position)),
  };
};

describe('a namespace whose deletion was requested', () => {
  test('takes nothing new, is emptied, and only then is drained, once', async () => {
    const member = await platform.tenant();
    for (const name of ['a', 'b', 'c']) {
      const input = await platform.input(member, { name });
      const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', input);
      await platform.completed(deploymentId);
    }
    await platform.requestDeletion(member);
    const late = await platform.input(member, { name: 'late' });
    expectRefused(
      await platform.send(member.tenant, 'CreateDeployment', late),
      'BEING_DELETED',
      /namespace is being deleted/,
    );
    await drained(member);
    const events = await gate(member);
    expect(events.map(({ type }) => type)).toEqual(['NamespaceOpened', 'NamespaceClosed', 'NamespaceDrained']);
    const { created, deleted, last } = await left(member);
    expect([created, deleted]).toEqual([3, 3]);
    expect(events.at(-1)?.position).toBeGreaterThan(last);
    expect(platform.images()).toEqual([]);
    expect((await platform.held()).filter((line) => line.includes(member.namespaceId))).toEqual([]);
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', late), 'BEING_DELETED');
  });

  test('while many create in it: each creation is refused, or deleted again before it is drained', async () => {
    const member = await platform.tenant();
    const input = await platform.input(member, { replicas: 1 });
    const replies: CommandReply[] = [];
    for (let round = 0; round < 20 && !replies.some((reply) => !reply.ok); round++) {
      const attempt = (n: number) =>
        platform.send(member.tenant, 'CreateDeployment', { ...input, name: `race-${round}-${n}` });
      const creations = Array.from({ length: 5 }, (_, n) => attempt(n));
      if (round === 1) await platform.requestDeletion(member);
      replies.push(...(await Promise.all(creations)));
    }
    await drained(member);
    const { created, deleted, last } = await left(member);
    expect(created).toBe(replies.filter((reply) => reply.ok).length);
    expect(created).toBeGreaterThan(0);
    expect(created).toBeLessThan(replies.length);
    expect(deleted).toBe(created);
    expect((await gate(member)).at(-1)?.position).toBeGreaterThan(last);
    for (const reply of replies) if (!reply.ok) expectRefused(reply, 'BEING_DELETED');
  });

  test('refuses to upgrade or scale what is still in it', async () => {
    const member = await platform.tenant();
    const { tenant } = member;
    const { deploymentId } = await platform.do(tenant, 'CreateDeployment', await platform.input(member));
    await platform.completed(deploymentId);
    // While no agent takes the containers away the deployment is still there.
    for (const agent of platform.agents) await agent.kill();
    await platform.requestDeletion(member);
    expectRefused(
      await platform.send(tenant, 'UpgradeDeployment', { deploymentId, spec: { env: {} } }),
      'BEING_DELETED',
    );
    for (const agent of platform.agents) await agent.start();
    await drained(member);
    expectRefused(await platform.send(tenant, 'ScaleDeployment', { deploymentId, replicas: 1 }), 'NOT_FOUND');
  });
});
