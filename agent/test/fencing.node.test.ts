/**
 * What is fenced ends with the lease of its node: the whole agent as a process and real Docker, in a namespace of its own. Whoever is
 * dead, stopped or cut off, the kernel ends it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
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
const leaseMs = 3000;
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
    // It takes as long as it may to end, and leaves one behind that heeds nothing.
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

let host = 1;
let fenced: Id<'instance'>;
let plain: Id<'instance'>;
beforeEach(async () => {
  plane.serve();
  [fenced, plain] = [newId('instance'), newId('instance')];
  const spec = { image, command: ['/bin/sh', '/bin/serve'] };
  plane.want([{ ...desiredInstance(fenced, spec, 1), fenced: true }, desiredInstance(plain, spec, 1)]);
  plane.guard(
    compile(
      [fenced, plain].map((one) => endpointAt(one, 7, ++host)),
      [],
    ),
  );
  await plane.until(fenced, 'READY');
  await plane.until(plain, 'READY');
});

/** Resolves once it has ended: how many ms after the newest lease was asked for, at most. */
async function ended(): Promise<number> {
  await until('what is fenced has ended', async () => (await stateOf(fenced))?.Running !== true);
  return uptime() * 1000 - plane.leasedAt;
}
/** Reads of the clock, looks of the sandbox, and a busy machine. */
const slackMs = 1500;

async function backAgain(before: State | null): Promise<void> {
  await plane.until(fenced, 'READY');
  const now = await until('it runs again', async () => {
    const state = await stateOf(fenced);
    return state?.Running === true && state;
  });
  expect(now.StartedAt).not.toBe(before?.StartedAt);
  expect((await stateOf(plain))?.Running).toBe(true);
  expect(await left()).toBe(2);
}

describe('what is fenced', () => {
  test('ends within the lease where the control plane is not heard of, is asked to first, and comes back with it', async () => {
    const before = await stateOf(fenced);
    await plane.silence();
    expect(await ended()).toBeLessThan(leaseMs + slackMs);
    expect(await engine.docker('logs', `atoll-app-${fenced}`).catch(() => 'asked to end')).toContain('asked to end');
    // Whatever else is on the node goes on.
    expect((await stateOf(plain))?.Running).toBe(true);
    plane.serve();
    await backAgain(before);
  });

  test('ends within the lease where its agent is stopped and starts nothing: the kernel ends it, with all that it has left behind', async () => {
    const before = await stateOf(fenced);
    if (agent.pid === undefined) throw new Error('the agent runs');
    process.kill(agent.pid, 'SIGSTOP');
    try {
      expect(await ended()).toBeLessThan(leaseMs + slackMs);
      expect((await stateOf(fenced, 'sandbox'))?.Running).toBe(false);
      expect((await stateOf(plain))?.Running).toBe(true);
    } finally {
      process.kill(agent.pid, 'SIGCONT');
    }
    await backAgain(before);
  });

  test('outlives its agent where that is back in time, and ends where it is not', async () => {
    const before = await stateOf(fenced);
    await agent.kill();
    agent.start();
    const renewed = plane.leasedAt;
    await until('it has a lease again', () => plane.leasedAt > renewed + leaseMs);
    expect(await stateOf(fenced)).toEqual(before);
    await agent.kill();
    expect(await ended()).toBeLessThan(leaseMs + slackMs);
    agent.start();
    await backAgain(before);
  });

  test('is not started by an agent that knows what should run and hears of nobody', async () => {
    await agent.kill();
    await ended();
    await plane.silence();
    agent.start();
    const [lines] = [agent.lines.length];
    await until('it has looked at the node', () =>
      agent.lines.slice(lines).some((line) => line.includes('nobody answers')),
    );
    await until('the other one is adopted', async () => (await stateOf(plain))?.Running === true);
    expect((await stateOf(fenced))?.Running ?? false).toBe(false);
    plane.serve();
    await backAgain(null);
  });

  test('is not started by a lease for a document that its node does not have: it may be replaced by now', async () => {
    await agent.kill();
    await ended();
    // It is told of something newer, and can't get it.
    plane.withheld = true;
    plane.want([desiredInstance(plain, { image, command: ['/bin/sh', '/bin/serve'] }, 1)]);
    const asked = plane.leasedAt;
    agent.start();
    await until('it is given several leases', () => plane.leasedAt > asked + leaseMs);
    expect((await stateOf(fenced))?.Running ?? false).toBe(false);
    plane.withheld = false;
    await until('what it was replaced for is gone', async () => (await stateOf(fenced, 'sandbox')) === null);
    expect(await left()).toBe(1);
  });
});
