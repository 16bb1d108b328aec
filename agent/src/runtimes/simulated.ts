/**
 * A runtime that runs nothing and says so: containers are records, on disk so that they outlive the agent as real ones
 * do. For scale tests, and for machines with neither root nor Docker.
 */
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { id as idOf } from '@atoll/schema/ids';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';
import { orderedOf } from '../plan/pod.ts';
import type { UsageCounters } from '../usage/counters.ts';
import { type ContainerKind, containerKinds, containerStates, type Runtime } from './runtime.ts';

const record = z.object({
  id: z.string(),
  instanceId: idOf('instance'),
  kind: z.enum(containerKinds),
  state: z.enum(containerStates),
  sandboxId: z.string().nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  stopGraceSeconds: z.number().int(),
  endedBefore: z.string().nullable().default(null),
  process: z.string().nullable().default(null),
  order: z.number().int().default(0),
  /** It ends well as soon as it is started. */
  task: z.boolean().default(false),
});
type SimulatedContainer = z.infer<typeof record>;
const nothingUsed: UsageCounters = {
  ...{ cpuNanos: 0, periods: 0, throttledPeriods: 0, memoryBytes: 0 },
  ...{ receivedBytes: 0, receivedPackets: 0, sentBytes: 0, sentPackets: 0 },
};
const stateFile = z.strictObject({ images: z.array(z.string()), containers: z.array(record) });

export function simulatedRuntime(options: { stateDir: string; log: Logger }): Runtime {
  const path = join(options.stateDir, 'simulated.json');
  const logs = join(options.stateDir, 'simulated-logs');
  const containers = new Map<string, SimulatedContainer>();
  const images = new Set<string>();
  const watchers = new Set<(id: string) => void>();
  let loading: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();

  function load(): Promise<void> {
    loading ??= loadFile(path, stateFile, options.log).then((state) => {
      for (const image of state?.images ?? []) images.add(image);
      for (const container of state?.containers ?? []) containers.set(container.id, container);
    });
    return loading;
  }

  /** One write after the other; each has everything that changed before it began. */
  function save(): Promise<void> {
    writing = writing
      .catch(() => {})
      .then(() => saveFile(path, { images: [...images], containers: [...containers.values()] }));
    return writing;
  }

  async function change(id: string, next: (container: SimulatedContainer) => SimulatedContainer): Promise<void> {
    await load();
    const container = containers.get(id);
    if (container === undefined) throw new Error(`there is no simulated container ${id}`);
    const changed = next(container);
    if (changed === container) return;
    containers.set(id, changed);
    await save();
    for (const watcher of watchers) watcher(id);
  }

  async function create(
    instance: DesiredInstance,
    kind: ContainerKind,
    sandboxId: string | null,
    process: string | null = null,
  ): Promise<string> {
    await load();
    const { instanceId, stopGraceSeconds } = instance;
    const id = `simulated-${kind}-${instanceId}${process === null ? '' : `-${process}`}`;
    const all = orderedOf(instance.spec);
    const order = kind === 'app' ? all.findIndex(({ name }) => name === (process ?? instance.spec.name)) : 0;
    const task = kind === 'app' && all[order]?.kind === 'TASK';
    if (!containers.has(id)) {
      const none = { startedAt: null, finishedAt: null, exitCode: null, endedBefore: null };
      const fixed = { id, instanceId, kind, sandboxId, stopGraceSeconds, process, order, task };
      containers.set(id, { ...fixed, ...none, state: 'CREATED' });
      await save();
    }
    return id;
  }

  const logOf = (id: string) => join(logs, `${id}.log`);
  const isRunning = (id: string) => containers.get(id)?.state === 'RUNNING';

  /** As Docker writes it. */
  async function say(id: string, line: string): Promise<void> {
    await mkdir(logs, { recursive: true, mode: 0o700 });
    const time = new Date().toISOString();
    await appendFile(logOf(id), `${JSON.stringify({ log: `simulated: ${line}\n`, stream: 'stdout', time })}\n`);
  }

  async function start(id: string): Promise<void> {
    await load();
    if (containers.has(id) && !isRunning(id)) await say(id, 'started; no process runs');
    await change(id, (container) => {
      if (container.state === 'RUNNING') return container;
      const [startedAt, endedBefore] = [new Date().toISOString(), container.finishedAt];
      if (container.task) {
        return { ...container, state: 'EXITED', startedAt, endedBefore, finishedAt: startedAt, exitCode: 0 };
      }
      return { ...container, state: 'RUNNING', startedAt, endedBefore, finishedAt: null, exitCode: null };
    });
  }

  return {
    kind: 'simulated',
    ping: load,
    async list() {
      await load();
      return [...containers.values()].map(({ task: _, ...container }) => ({
        ...container,
        netns: null,
        outOfMemory: false,
      }));
    },
    async ensureImage(image) {
      await load();
      if (images.has(image)) return;
      images.add(image);
      await save();
    },
    async createSandbox(instance) {
      await start(await create(instance, 'sandbox', null));
    },
    async createApp(instance, process, sandboxId) {
      await create(instance, 'app', sandboxId, process);
    },
    start,
    async stop(id) {
      await load();
      if (!isRunning(id)) return;
      await say(id, 'stopped');
      const ended = {
        state: 'EXITED',
        finishedAt: new Date().toISOString(),
        exitCode: 143,
        endedBefore: null,
      } as const;
      await change(id, (container) => (container.state === 'RUNNING' ? { ...container, ...ended } : container));
    },
    async remove(id) {
      await load();
      if (!containers.delete(id)) return;
      await rm(logOf(id), { force: true });
      await save();
      for (const watcher of watchers) watcher(id);
    },
    async logPath(id) {
      await load();
      return containers.has(id) ? logOf(id) : null;
    },
    endedLogs: async () => join(options.stateDir, 'ended-logs'),
    async run(id) {
      await load();
      return containers.get(id)?.state === 'RUNNING' ? { outcome: 'EXITED', exitCode: 0 } : null;
    },
    async stats(id) {
      await load();
      const container = containers.get(id);
      return container?.state === 'RUNNING' ? nothingUsed : null;
    },
    watch(changed) {
      watchers.add(changed);
      return { stop: () => void watchers.delete(changed) };
    },
  };
}
