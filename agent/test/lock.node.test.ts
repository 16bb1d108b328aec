/** Two agents of one node on one machine: the second one says so and ends, and the first one goes on. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@atoll/infra/process/ports';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from './agent-process.ts';
import { Lab, until } from './lab.ts';

const lab = new Lab();
const started: AgentProcess[] = [];
let folders: { one: string; other: string; third: string };
let places: { one: string; other: string };
let nats: string;

beforeAll(async () => {
  const folder = () => mkdtemp(join(tmpdir(), 'atoll-lock-'));
  folders = { one: await folder(), other: await folder(), third: await folder() };
  places = { one: await lab.namespace('node'), other: await lab.namespace('node') };
  // Nobody is there: it waits, and has its locks by then.
  nats = `nats://127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  await Promise.all(started.map((agent) => agent.kill()));
  await lab.close();
  for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true });
});

const node = newId('node');
function start(id: string, folder: string, netns: string): AgentProcess {
  const agent = new AgentProcess({
    ATOLL_NATS_URL: nats,
    ATOLL_NODE_ID: id,
    ATOLL_NODE_NAME: 'node-1',
    ATOLL_STATE_DIR: folder,
    ATOLL_RUNTIME: 'docker',
    ATOLL_NODE_NETNS: netns,
  });
  started.push(agent);
  agent.start();
  return agent;
}
const holds = (agent: AgentProcess, folder: string) =>
  until(
    'it has the locks',
    async () => (await readFile(join(folder, 'agent.lock'), 'utf8').catch(() => '')).includes(`process ${agent.pid},`),
    60_000,
  );

test('a node and a state folder have one agent at a time, also after one was killed', {
  timeout: 120_000,
}, async () => {
  const first = start(node, folders.one, places.one);
  await holds(first, folders.one);

  const second = start(node, folders.one, places.one);
  const elsewhere = start(node, folders.other, places.one);
  // The same node in another network namespace, with another folder, has rules of its own.
  const apart = holds(start(node, folders.third, places.other), folders.third);
  // Its clean-up would take away what the agent keeps.
  await expect(second.cleanUp()).rejects.toThrow(`process ${first.pid}`);
  expect([await second.ended(), await elsewhere.ended()]).toEqual([1, 1]);
  expect(second.lines.join('\n')).toContain(
    `The state folder ${folders.one} is used by another agent on this machine: process ${first.pid}`,
  );
  expect(elsewhere.lines.join('\n')).toContain(
    `The node ${node} is used by another agent on this machine: process ${first.pid}`,
  );
  await apart;

  await first.kill();
  const next = start(node, folders.one, places.one);
  await holds(next, folders.one);

  // Without its locks another one could begin: it says so and ends first.
  const [holder = 0] = (await readFile(`/proc/${next.pid}/task/${next.pid}/children`, 'utf8')).split(' ').map(Number);
  expect(await readFile(`/proc/${holder}/comm`, 'utf8')).toBe('cat\n');
  process.kill(holder, 'SIGKILL');
  expect(await next.ended()).toBe(1);
  expect(next.lines.join('\n')).toContain('The process that held the locks of this agent has ended.');
  const last = start(node, folders.one, places.one);
  await holds(last, folders.one);
  // In an orderly end they are let go of.
  expect(await last.stop()).toBe(0);
  await holds(start(node, folders.one, places.one), folders.one);
});
