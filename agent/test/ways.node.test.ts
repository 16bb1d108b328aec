/** A node says that rules are in force only once its own packets find the way to the other nodes that these rules name. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import type { RemoteNode } from '@atoll/schema/node/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from './agent-process.ts';
import { ControlPlane } from './control-plane.ts';
import { compile, endpointAt, fixedId, type Opening } from './fixtures.ts';
import { Lab, type LabNode, until } from './lab.ts';
import { TunnelLab } from './tunnel-lab.ts';

const lab = new Lab();
const wire = new TunnelLab(lab, 'ipv4');
const own = endpointAt(fixedId('instance', 1), 1, 2);
const far = [2, 3].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
let nats: TestNats;
let node: LabNode;
let plane: ControlPlane;
let agent: AgentProcess;
let folder: string;

/** What becomes of `bridge`, which writes where other nodes are, when the agent runs it. */
const tampered = (what: 'refuses' | 'hangs') => writeFile(join(folder, what), '');
const asBefore = (what: 'refuses' | 'hangs') => rm(join(folder, what));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atoll-ways-'));
  const program = join(folder, 'bridge');
  await writeFile(
    program,
    `#!/bin/sh
while [ -e '${folder}/hangs' ]; do sleep 0.05; done
[ "$1" = -batch ] && [ -e '${folder}/refuses' ] && { echo 'it is refused here' >&2; exit 1; }
PATH='${process.env.PATH}' exec bridge "$@"
`,
  );
  await chmod(program, 0o755);
  nats = await startTestNats();
  node = await wire.join(fixedId('node', 1), [own]);
  plane = await ControlPlane.connect(nats.url, node.id);
  plane.serve();
  agent = new AgentProcess({
    PATH: `${folder}:${process.env.PATH}`,
    ATOLL_RUNTIME: 'docker',
    ATOLL_DOCKER_SOCKET: join(folder, 'no-docker.sock'),
    ATOLL_NATS_URL: nats.url,
    ATOLL_NODE_ID: node.id,
    ATOLL_NODE_NAME: 'node-1',
    ATOLL_NODE_NETNS: node.netns,
    ATOLL_NODE_ADDRESS: '192.0.2.1',
    ATOLL_STATE_DIR: join(folder, 'state'),
  });
  agent.start();
});
afterAll(async () => {
  await agent?.kill();
  await plane?.close();
  await nats?.stop();
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

/** Another node with these endpoints; nobody needs to be there. */
const remoteWith = (ends: typeof far): RemoteNode => ({
  nodeId: fixedId('node', 2),
  tunnel: { address: '192.0.2.2', port: 9789, mac: '02:00:00:00:00:02' },
  ipv4: ends.map(({ ipv4 }) => ipv4),
  ipv6: ends.map(({ ipv6 }) => ipv6),
});
const opening = (port: number): Opening => ({
  ...{ policyId: fixedId('policy', 1), from: [own.instanceId], to: far.map((end) => end.instanceId) },
  ...{ protocol: 'TCP', ports: { from: port, to: port } },
});
const want = (port: number, ends: typeof far) =>
  plane.guard({ ...compile([own, ...far], [opening(port)], [own]), remotes: [remoteWith(ends)] });

async function routes(): Promise<string> {
  const shown = ['-4', '-6'].map((family) =>
    node.commands.run('ip', [family, 'route', 'show', 'dev', node.names.tunnel, 'proto', '97']),
  );
  return (await Promise.all(shown)).map(({ stdout }) => stdout).join('\n');
}
const claimed = (generation: number) =>
  plane.networkReports.filter(({ applied }) => (applied?.generation ?? 0) >= generation);

test('as soon as it is told, routes to every endpoint of the others are there, the first time and after a change', async () => {
  for (const ends of [far.slice(0, 1), far]) {
    await plane.untilEnforced(want(80, ends));
    const there = await routes();
    for (const { ipv4, ipv6 } of ends) for (const address of [ipv4, ipv6]) expect(there).toContain(`${address} via `);
  }
});

test('where the way cannot be laid it says why, and nothing of that is in force before it can', async () => {
  await plane.untilEnforced(want(80, []));
  await tampered('refuses');
  // One at an address where none was: that `bridge` writes.
  const moved = { ...remoteWith(far), tunnel: { ...remoteWith(far).tunnel, address: '192.0.2.3' } };
  const generation = plane.guard({ ...compile([own, ...far], [opening(80)], [own]), remotes: [moved] });
  const told = await until('it says why', () => plane.networkReports.find(({ error }) => error !== null), 60_000);
  expect(told.error?.generation).toBe(generation);
  expect(told.error?.message).toMatch(/^The way to other nodes can't be laid: .*it is refused here/s);
  expect(told.applied?.generation).toBe(generation - 1);
  expect(claimed(generation)).toEqual([]);
  await asBefore('refuses');
  const report = await until('it is in force', () => claimed(generation)[0], 60_000);
  expect(report.error).toBe(null);
  expect(Date.parse(report.applied?.at ?? '')).toBeGreaterThan(Date.parse(told.applied?.at ?? ''));
});

test('rules that lead nowhere else than before are reported though the way is just being looked at', async () => {
  await plane.untilEnforced(want(80, far));
  await tampered('hangs');
  try {
    // Longer than until the next look at the way, which doesn't end.
    const generation = want(81, far);
    await plane.untilEnforced(generation);
    await plane.untilEnforced(want(82, far));
  } finally {
    await asBefore('hangs');
  }
});
