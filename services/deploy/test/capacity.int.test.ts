/** Races for what is scarce, over two processes of the service: claims decide in the commit, so nothing is given twice. */
import type { CommandReply } from '@atoll/schema/envelope';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;
let member: Member;

beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  await platform.service();
  member = await platform.tenant();
  await platform.agent({ maxInstances: 6, capacity: { cpuMillis: 1000, memoryMiB: 1000 } });
  await platform.agent({ maxInstances: 6, capacity: { cpuMillis: 1000, memoryMiB: 1000 } });
});
afterAll(() => platform.stop());

const codes = (replies: readonly CommandReply[]) =>
  replies.reduce<Record<string, number>>((counts, reply) => {
    const code = reply.ok ? 'OK' : reply.error.code;
    counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }, {});
const totals = async () => {
  const { rows } = await platform.pool.query<{ key: string; held: number }>(
    "select key, held from deploy.claim_total where claim_set = 'node-instances' order by key",
  );
  return rows.map(({ held }) => held);
};
async function removeAll(...replies: readonly CommandReply[]) {
  for (const reply of replies) {
    if (!reply.ok) continue;
    const { deploymentId } = reply.result as { deploymentId: `dep_${string}` };
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
  }
}

describe('the last places', () => {
  test('fifty creations at once for the last one: one gets it, the others are told what is free', async () => {
    const input = await platform.input(member);
    const filling = await platform.send(member.tenant, 'CreateDeployment', { ...input, name: 'filling', replicas: 11 });
    expect(filling.ok).toBe(true);
    const attempt = (n: number) =>
      platform.send(member.tenant, 'CreateDeployment', { ...input, name: `last-${n}`, replicas: 1 });
    const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => attempt(n)));
    expect(codes(replies)).toEqual({ OK: 1, INSUFFICIENT_CAPACITY: 49 });
    expect(await totals()).toEqual([6, 6]);
    await removeAll(filling, ...replies);
    expect(await totals()).toEqual([0, 0]);
  });

  test('twelve creations at once for twelve places all get one, though all want the same node first', async () => {
    const input = await platform.input(member);
    const attempt = (n: number) =>
      platform.send(member.tenant, 'CreateDeployment', { ...input, name: `many-${n}`, replicas: 1 });
    const replies = await Promise.all(Array.from({ length: 12 }, (_, n) => attempt(n)));
    expect(codes(replies)).toEqual({ OK: 12 });
    expect(await totals()).toEqual([6, 6]);
    await removeAll(...replies);
  });

  test('one request, sent twenty times with its key for all places that there are, is done once and told to all', async () => {
    const input = await platform.input(member, { replicas: 12 });
    const key = newId('event');
    const attempt = () => platform.send(member.tenant, 'CreateDeployment', input, { key });
    const replies = await Promise.all(Array.from({ length: 20 }, attempt));
    expect(codes(replies)).toEqual({ OK: 20 });
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    await removeAll(...replies.slice(0, 1));
  });

  test('more than fits is refused with what fits and what is free, by count, processor and memory', async () => {
    const attempt = async (replicas: number, cpuMillis: number, memoryMiB: number) => {
      const spec = { resources: { cpuMillis, memoryMiB } };
      return platform.send(member.tenant, 'CreateDeployment', await platform.input(member, { replicas, spec }));
    };
    expectRefused(await attempt(13, 10, 10), 'INSUFFICIENT_CAPACITY', /Room for 12 of 13/);
    expectRefused(await attempt(3, 900, 10), 'INSUFFICIENT_CAPACITY', /Room for 2 of 3 .*2000 thousandths of a core/);
    // Waiting would help nothing: that is another answer.
    expectRefused(await attempt(1, 10, 1001), 'FITS_NO_NODE', /No node is large enough.*2000 MiB.*nearest fit is/);
    expect(await totals()).toEqual([0, 0]);
  });
});

describe('the quota', () => {
  test('fifty creations at once at the limit less one: one goes through', async () => {
    const small = await platform.tenant({ instances: 1 });
    const input = await platform.input(small, { replicas: 1 });
    const attempt = (n: number) => platform.send(small.tenant, 'CreateDeployment', { ...input, name: `quota-${n}` });
    const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => attempt(n)));
    expect(codes(replies)).toEqual({ OK: 1, QUOTA_EXCEEDED: 49 });
  });
});

describe('one name', () => {
  test('asked for by twenty at once, is given once', async () => {
    const input = await platform.input(member, { replicas: 0 });
    const attempt = () => platform.send(member.tenant, 'CreateDeployment', input);
    expect(codes(await Promise.all(Array.from({ length: 20 }, attempt)))).toEqual({ OK: 1, NAME_TAKEN: 19 });
  });
});
