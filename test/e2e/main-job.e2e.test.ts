/** The main job, as the README tells it, on a platform started as `npm start` does; and what is left when it is stopped. */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkoutFor, runShell, runTypeScript, snippets } from '../platform/documents.ts';
import { type HostState, hostState, mountsNaming, processesNaming, variableOf } from '../platform/host.ts';
import { Platform } from '../platform/platform.ts';
import { faultsOfLogs, untold } from '../platform/store.ts';
import { until } from '../platform/waiting.ts';

let before: HostState;
let platform: Platform;
let checkout: ReturnType<typeof checkoutFor>;

beforeAll(async () => {
  before = await hostState();
  platform = await Platform.start();
  checkout = checkoutFor(platform.home);
});
afterAll(async () => {
  checkout?.remove();
  await platform?.discard().catch(() => {});
});

test('containers run for real: this machine has what it takes', () => {
  expect(platform.ready.node?.runtime).toBe('docker');
});

test('the commands of the README work as they stand, the example of the main job among them', async () => {
  const blocks = snippets('README.md', 'sh').filter((block) => !/^npm (start|test)\b/m.test(block));
  expect(blocks).toHaveLength(2);
  const ran = await runShell(checkout.path, blocks);
  expect(ran.output).toContain('steps held');
  expect(ran.output).not.toContain('✗');
  expect(ran.output).toContain('"role":"admin"');
  expect(ran.output).toContain('"name":"staging"');
  expect(ran.ok, ran.output).toBe(true);
});

test('the snippets of the README and of the SDK run, and end', async () => {
  const { graphqlUrl, tokens } = platform.ready;
  const prelude = `const graphqlUrl = ${JSON.stringify(graphqlUrl)}; const token = ${JSON.stringify(tokens.tenants[0]?.admin)};
    const operatorToken = ${JSON.stringify(tokens.operator)}; void [graphqlUrl, token, operatorToken];`;
  const blocks = [...snippets('README.md', 'ts'), ...snippets('sdk/README.md', 'ts')];
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    const ran = await runTypeScript(checkout.path, prelude, block);
    expect(ran.ok, `${block}\n${ran.output}`).toBe(true);
    expect(ran.output.trim(), block).not.toBe('');
  }
});

test('nothing was lost or doubled on the way to the logs', async () => {
  await until('all events are told in the logs', 10_000, async () => (await untold(platform.ready)) === 0);
  expect(await faultsOfLogs(platform.ready)).toEqual([]);
});

test('an orderly stop leaves no process, container, namespace, interface, route, rule, set or mount behind', async () => {
  const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET') ?? '';
  const paths = [realpathSync(platform.home), dirname(socket)];
  expect(processesNaming(paths).length).toBeGreaterThanOrEqual(8);
  await platform.stop();
  // Containers' last helpers are children of no one, and end by themselves.
  await until('no process of the home is left', 5_000, () => processesNaming(paths).length === 0).catch(() => {});
  expect(processesNaming(paths)).toEqual([]);
  expect(mountsNaming(paths)).toEqual([]);
  expect(await hostState()).toEqual(before);
});
