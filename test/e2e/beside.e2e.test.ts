/** Platforms of different homes on one machine: one that was killed, one that runs, and one that comes beside it. */
import { existsSync } from 'node:fs';
import type { Id } from '@atoll/schema/ids';
import { afterAll, expect, test } from 'vitest';
import { newTenant } from '../platform/clients.ts';
import { hostState, ownNames, processesNaming, variableOf } from '../platform/host.ts';
import { newHome, Platform, removeHome } from '../platform/platform.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';

const homes: string[] = [];
const platforms: Platform[] = [];
async function start(name: string): Promise<Platform> {
  const home = newHome(name);
  homes.push(home);
  const platform = await Platform.start({ home });
  platforms.push(platform);
  return platform;
}
afterAll(async () => {
  for (const platform of platforms.reverse()) await platform.stop().catch(() => {});
  for (const home of homes) removeHome(home);
});

async function deploy(platform: Platform) {
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'beside');
  const { deployment } = await admin.mutate.createDeployment({
    ...{ ...small, namespaceId: namespace.id, name: 'web', replicas: 2 },
    image: await push(platform.ready, '1'),
  });
  return { instances: await steady(admin, deployment.id), again: () => steady(admin, deployment.id) };
}

/** What of the machine's network namespace names the platform's first node. */
async function traces(platform: Platform, node = nodeOf(platform)): Promise<readonly string[]> {
  const { tags, metrics } = ownNames([node], '');
  const { interfaces, routes, rules, sets } = await hostState();
  const marks = [...[...tags].flatMap((tag) => [`atl${tag}`, `atv${tag}`]), ...[...metrics].map((m) => `metric ${m}`)];
  return [...interfaces, ...routes, ...rules, ...sets].filter((line) => marks.some((mark) => line.includes(mark)));
}
const nodeOf = (platform: Platform) => variableOf(platform.pidOf('agent-1'), 'ATOLL_NODE_ID') as Id<'node'>;

test('what a killed platform has left goes before the next one comes, and one that runs is left alone', async () => {
  const killed = await start('killed');
  if (killed.output.includes('of its own')) throw new Error('Stop the Atoll platform that runs on this machine first.');
  await deploy(killed);
  const node = nodeOf(killed);
  await killed.killAll();
  expect(await traces(killed, node)).not.toEqual([]);

  const first = await start('first');
  expect(first.output).toContain(`Removed what the nodes of a killed platform (${killed.home})`);
  expect(await traces(killed, node)).toEqual([]);
  expect(processesNaming([killed.home])).toEqual([]);
  const one = await deploy(first);

  const second = await start('second');
  expect(second.output).toContain('node-1 has a network namespace of its own');
  expect(second.output).toContain(first.home);
  const two = await deploy(second);
  // Both have given away the same addresses, and each platform reaches its own.
  const addresses = (of: typeof one) => of.instances.map(({ ipv4 }) => ipv4).sort();
  expect(addresses(two)).toEqual(addresses(one));
  expect(await traces(second)).toEqual([]);
  const before = await traces(first);
  const netns = variableOf(second.pidOf('agent-1'), 'ATOLL_NODE_NETNS') ?? '';
  expect(existsSync(netns)).toBe(true);
  await second.stop();
  expect(existsSync(netns)).toBe(false);
  expect(await traces(first)).toEqual(before);
  expect((await one.again()).map(({ id, ipv4 }) => [id, ipv4]).sort()).toEqual(
    one.instances.map(({ id, ipv4 }) => [id, ipv4]).sort(),
  );
});
