/** Both runtimes against one contract, and what only Docker can show. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unknown } from '../src/plan/memory.ts';
import type { Pod } from '../src/plan/pod.ts';
import { dockerRuntime } from '../src/runtimes/docker/runtime.ts';
import { type ObservedContainer, type Runtime, RuntimeUnavailable } from '../src/runtimes/runtime.ts';
import { simulatedRuntime } from '../src/runtimes/simulated.ts';
import { createUsageSampler } from '../src/usage/sample.ts';
import { type Engine, startEngine } from './engine.ts';
import { desiredInstance, someDigest } from './fixtures.ts';
import { log, until } from './lab.ts';
import { runtimeContract } from './runtime-contract.ts';

const folder = () => mkdtemp(join(tmpdir(), 'atoll-test-'));
const serve = 'echo started; trap "exit 0" TERM; while :; do /bin/busybox sleep 1 & wait $!; done';

runtimeContract('simulated', async () => {
  const [stateDir, foreignDir] = [await folder(), await folder()];
  return {
    open: () => simulatedRuntime({ stateDir, log }),
    openForeign: () => simulatedRuntime({ stateDir: foreignDir, log }),
    image: `127.0.0.1:5000/web@${someDigest}`,
    close: async () => {
      for (const each of [stateDir, foreignDir]) await rm(each, { recursive: true });
    },
  };
});

let engine: Engine;
let stateDir: string;
beforeAll(async () => {
  engine = await startEngine();
  stateDir = await folder();
});
afterAll(async () => {
  await engine?.close();
  await rm(stateDir, { recursive: true, force: true });
});

const podOf = (instance: DesiredInstance, app: ObservedContainer): Pod => ({
  ...{ instanceId: instance.instanceId, desired: instance, endpoint: null, secured: true, sandbox: null, app },
  ...{ wired: true, hasWire: true, heldUntil: null, memory: unknown, lease: null, others: [] },
});

const openDocker = (node: Id<'node'>): Runtime => dockerRuntime({ socketPath: engine.socket, node, stateDir, log });

runtimeContract('docker', async () => {
  const [node, other] = [newId('node'), newId('node')];
  return {
    open: () => openDocker(node),
    openForeign: () => openDocker(other),
    image: await engine.image('contract', { serve }),
    close: async () => {},
  };
});

describe('docker', () => {
  const node = newId('node');
  let runtime: Runtime;
  beforeAll(() => {
    runtime = openDocker(node);
  });

  async function run(instance: DesiredInstance): Promise<ObservedContainer> {
    await runtime.ensureImage(instance.spec.image);
    await runtime.createSandbox(instance);
    const of = async (kind: ObservedContainer['kind']) => {
      const all = await runtime.list();
      const one = all.find((container) => container.instanceId === instance.instanceId && container.kind === kind);
      if (one === undefined) throw new Error(`no ${kind}`);
      return one;
    };
    await runtime.createApp(instance, null, (await of('sandbox')).id);
    await runtime.start((await of('app')).id);
    return of('app');
  }
  const ended = (id: string) =>
    until('its end', async () => (await runtime.list()).find((one) => one.id === id && one.state === 'EXITED'));

  test('gives a container its limits, few rights, and no network but its sandbox', async () => {
    const image = await engine.image('limits', { serve });
    const app = await run(
      desiredInstance(newId('instance'), {
        image,
        resources: { cpuMillis: 250, memoryMiB: 48 },
        env: { B: '2', A: '1 $x' },
      }),
    );
    const [info] = JSON.parse(await engine.docker('inspect', app.id)) as [Record<string, Record<string, unknown>>];
    expect(info.HostConfig).toMatchObject({
      NanoCpus: 250_000_000,
      Memory: 48 * 1024 * 1024,
      MemorySwap: 48 * 1024 * 1024,
      PidsLimit: 512,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      NetworkMode: `container:${app.sandboxId}`,
      RestartPolicy: { Name: 'no' },
      Privileged: false,
    });
    expect(info.HostConfig?.CapAdd).not.toContain('NET_RAW');
    expect(info.Config?.Env).toEqual(expect.arrayContaining(['A=1 $x', 'B=2']));
    const devices = await engine.docker('exec', app.id, '/bin/busybox', 'ls', '/sys/class/net');
    expect(devices.split(/\s+/)).toEqual(['lo']);
  });

  test('tells the exit code, and one that was ended for its memory', async () => {
    const image = await engine.image('ends', { fail: 'exit 3', grow: 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done' });
    const failed = await run(desiredInstance(newId('instance'), { image, command: ['/bin/fail'] }));
    expect(await ended(failed.id)).toMatchObject({ exitCode: 3, outOfMemory: false });
    const memory = { cpuMillis: 1000, memoryMiB: 8 };
    const grown = await run(desiredInstance(newId('instance'), { image, command: ['/bin/grow'], resources: memory }));
    expect(await ended(grown.id)).toMatchObject({ outOfMemory: true });
  });

  test('tells what a container uses: processor up to its limit, memory, and nothing sent without a network', async () => {
    const image = await engine.image('burns', { burn: 'while :; do :; done' });
    const instance = desiredInstance(newId('instance'), { image, resources: { cpuMillis: 200, memoryMiB: 32 } });
    const app = await run(instance);
    const pod = podOf(instance, app);
    const sampler = createUsageSampler({ runtime, pods: () => [pod] });
    const { instanceId } = instance;
    const newest = async () => (await sampler.usage({ instances: [instanceId], since: null })).instances[0];
    await sampler.sample();
    const used = await until('it has used its share', async () => {
      await sampler.sample();
      const found = await newest();
      return found?.samples.some(({ cpuMillis, cpuThrottled }) => cpuMillis > 20 && cpuThrottled > 0) && found;
    });
    expect(used).toMatchObject({ instanceId, cpuLimitMillis: 200, memoryLimitBytes: 32 * 1024 * 1024 });
    const [sample] = used.samples;
    expect(sample).toMatchObject({ sentBytes: 0, receivedPackets: 0 });
    expect(sample?.memoryBytes).toBeGreaterThan(10_000);
    expect(sample?.memoryBytes).toBeLessThan(32 * 1024 * 1024);
    expect(await sampler.usage({ instances: [newId('instance')], since: null })).toEqual({ instances: [] });
    await runtime.stop(app.id, 0);
    expect(await runtime.stats(app.id)).toBeNull();
  });

  test('says what is wrong with an image or a command', async () => {
    await expect(runtime.ensureImage(`${engine.registry}/nothing@${someDigest}`)).rejects.toThrow(/not found|unknown/i);
    await expect(runtime.ensureImage(`127.0.0.1:1/nothing@${someDigest}`)).rejects.toThrow(/connection refused/);
    const image = await engine.image('wrong', { serve });
    const instance = desiredInstance(newId('instance'), { image, command: ['/bin/nothing'] });
    await expect(run(instance)).rejects.toThrow(/\/bin\/nothing/);
  });

  test("never shows what isn't its own, whatever labels it carries", async () => {
    const image = await engine.image('foreign', { serve });
    await engine.docker('pull', '-q', image);
    const before = await runtime.list();
    const labels = ['--label', `atoll.node=${node}`, '--label', 'atoll.kind=app'];
    await engine.docker('run', '-d', '--network', 'none', image);
    await engine.docker('run', '-d', '--network', 'none', ...labels, image);
    await engine.docker(
      'run',
      '-d',
      '--network',
      'none',
      ...labels,
      '--label',
      `atoll.instance=${newId('instance')}`,
      image,
    );
    expect(await runtime.list()).toEqual(before);
  });

  test('tells an Engine that is not there from one that refuses', async () => {
    const nowhere = dockerRuntime({ socketPath: join(stateDir, 'no-socket'), node, stateDir, log });
    await expect(nowhere.list()).rejects.toThrow(RuntimeUnavailable);
    await expect(runtime.start('no-such-container')).rejects.not.toThrow(RuntimeUnavailable);
  });
});
