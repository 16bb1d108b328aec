/**
 * What is fenced ends with the lease of its node: the whole agent as a process and real Docker, in a namespace of its own. Whoever is
 * dead, stopped or cut off, the kernel ends it.
 */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentProcess } from './agent-process.ts';
import { ControlPlane } from './control-plane.ts';
import { type Engine, startEngine } from './engine.ts';
import { compile, desiredInstance, endpointAt } from './fixtures.ts';
import { Lab, until } from './lab.ts';

const node = newId('node');
const lab = new Lab();
const leaseMs = 4000;
/** After so long the control plane replaces it: by then it has ended, also on a busy machine. */
const mostMs = leaseMs * LEASE_MARGIN;
let nats: TestNats;
let engine: Engine;
let stateDir: string;
let plane: ControlPlane;
let agent: AgentProcess;
let image: string;

beforeAll(async () => {
  const [server, docker, netns, folder] = await Promise.all([
    startTestNats(),
    startEngine(),
    lab.namespace('node'),
    mkdtemp(join(tmpdir(), 'atoll-test-')),
  ]);
  [nats, engine, stateDir] = [server, docker, folder];
  image = await engine.image('single', {
    // It leaves one behind that heeds nothing.
    serve:
      'trap "echo asked to end" TERM; (trap "" TERM; exec /bin/busybox sleep 1000) & while :; do /bin/busybox sleep 0.1; done',
  });
  await engine.docker('pull', '-q', image);
  plane = await ControlPlane.connect(nats.url, node);
  plane.leaseMs = leaseMs;
  agent = new AgentProcess({
    ATOLL_NATS_URL: nats.url,
    ATOLL_NODE_ID: node,
    ATOLL_NODE_NAME: 'node-1',
    ATOLL_STATE_DIR: stateDir,
    ATOLL_RUNTIME: 'docker',
    ATOLL_DOCKER_SOCKET: engine.socket,
    ATOLL_NODE_NETNS: netns,
    ATOLL_OVERLAY: 'none',
  });
  plane.serve();
  agent.start();
});
afterAll(async () => {
  await agent?.kill();
  await plane?.close();
  await engine?.close();
  await nats?.stop();
  await lab.close();
  await rm(stateDir, { recursive: true, force: true });
});

interface State {
  readonly Running: boolean;
  readonly StartedAt: string;
  readonly FinishedAt: string;
}
const stateOf = async (instance: Id<'instance'>, kind: 'app' | 'sandbox' = 'app'): Promise<State | null> => {
  const found = await engine
    .docker('inspect', '--format', '{{json .State}}', `atoll-${kind}-${instance}`)
    .catch(() => null);
  return found === null ? null : (JSON.parse(found) as State);
};
/** Processes of the image, by the kernel. */
const left = async () =>
  (await engine.docker('ps', '-q', '--filter', `ancestor=${image}`)).split('\n').filter(Boolean).length;

const spec = () => ({ image, command: ['/bin/serve'] });
const leaseOnDisk = () => Number(readFileSync(join(stateDir, 'lease', 'until'), 'utf8'));

let host = 1;
let fenced: Id<'instance'>;
let plain: Id<'instance'>;
beforeEach(async () => {
  plane.serve();
  [fenced, plain] = [newId('instance'), newId('instance')];
  plane.want([{ ...desiredInstance(fenced, spec(), 1), fenced: true }, desiredInstance(plain, spec(), 1)]);
  plane.guard(
    compile(
      [fenced, plain].map((one) => endpointAt(one, 7, ++host)),
      [],
    ),
  );
  await plane.until(fenced, 'READY', null, 60_000);
  await plane.until(plain, 'READY', null, 60_000);
});

/** Resolves once it has ended: how many ms after the newest lease was answered, by the engine. */
async function ended(): Promise<number> {
  const state = await until('what is fenced has ended', async () => {
    const now = await stateOf(fenced);
    return now?.Running === false && now;
  });
  return Date.parse(state.FinishedAt) - plane.leasedAt;
}

async function backAgain(before: State | null): Promise<void> {
  await plane.until(fenced, 'READY', null, 60_000);
  const now = await until('it runs again', async () => {
    const state = await stateOf(fenced);
    return state?.Running === true && state;
  });
  expect(now.StartedAt).not.toBe(before?.StartedAt);
  expect((await stateOf(plain))?.Running).toBe(true);
  expect(await left()).toBe(2);
}

describe('what is fenced', { timeout: 180_000 }, () => {
  test('ends within the lease where the control plane is not heard of, and comes back with it', async () => {
    const before = await stateOf(fenced);
    await plane.silence();
    expect(await ended()).toBeLessThan(mostMs);
    // Whatever else is on the node goes on.
    expect((await stateOf(plain))?.Running).toBe(true);
    plane.serve();
    await backAgain(before);
  });

  test('ends within the lease where its agent is stopped: the kernel ends it, with all that it has left behind', async () => {
    const before = await stateOf(fenced);
    if (agent.pid === undefined) throw new Error('the agent runs');
    process.kill(agent.pid, 'SIGSTOP');
    try {
      expect(await ended()).toBeLessThan(mostMs);
      expect((await stateOf(fenced, 'sandbox'))?.Running).toBe(false);
      expect((await stateOf(plain))?.Running).toBe(true);
    } finally {
      process.kill(agent.pid, 'SIGCONT');
    }
    await backAgain(before);
  });

  test('ends within the lease where its agent was killed, and is not started by one that hears of nobody, nor by a lease for a document that it does not have', async () => {
    await agent.kill();
    expect(await ended()).toBeLessThan(mostMs);
    await plane.silence();
    const { length } = agent.lines;
    agent.start();
    const said = (text: string) => agent.lines.slice(length).some((line) => line.includes(text));
    await until('it has asked', () => said('nobody answers'), 60_000);
    expect((await stateOf(fenced))?.Running ?? false).toBe(false);

    // It is told of something newer, and can't get it: what it has may be replaced elsewhere by now.
    plane.withheld = true;
    plane.want([desiredInstance(plain, spec(), 1)]);
    const asked = Date.now();
    plane.serve();
    await until('it is given several leases', () => plane.leasedAt > asked + leaseMs, 60_000);
    expect((await stateOf(fenced))?.Running ?? false).toBe(false);
    plane.withheld = false;
    await until('what it was replaced for is gone', async () => (await stateOf(fenced, 'sandbox')) === null, 60_000);
    expect((await stateOf(plain))?.Running).toBe(true);
    expect(await left()).toBe(1);
  });

  test('outlives its agent where that is back in time', async () => {
    const before = await stateOf(fenced);
    // From now on: as long as an agent takes to start on a busy machine.
    plane.leaseMs = 120_000;
    const now = Date.now();
    await until('it has such a lease', () => plane.leasedAt > now && leaseOnDisk() > uptime() + 60, 60_000);
    await agent.kill();
    const killed = Date.now();
    agent.start();
    await until('the next one has reported', () => plane.leasedAt > killed + 1, 60_000);
    await plane.until(fenced, 'READY', null, 60_000);
    expect(await stateOf(fenced)).toEqual(before);
  });
});
