/** Docker Engine as a runtime. */
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import { atMost } from '../../lanes.ts';
import { leaseFolder } from '../../link/lease.ts';
import { readCounters } from '../../usage/read.ts';
import type { ObservedContainer, Runtime } from '../runtime.ts';
import { call, createClient, isStatus } from './client.ts';
import { runIn } from './exec.ts';
import { identityOf, nodeLabel } from './labels.ts';
import { ensurePauseImage } from './pause.ts';
import { createImages } from './pull.ts';
import { appSpec, sandboxSpec } from './spec.ts';
import { watchEvents } from './watch.ts';

const quick = 10_000;
const slow = 60_000;
const inspectsAtOnce = 8;

export function dockerRuntime(options: {
  socketPath: string;
  node: Id<'node'>;
  stateDir: string;
  log: Logger;
}): Runtime {
  const { node, log, stateDir } = options;
  const docker = createClient(options.socketPath);
  const label = `${nodeLabel}=${node}`;
  /** What was found by inspecting, as long as the container's state is the same; events and starts empty it. */
  const inspected = new Map<string, { state: string; info: ContainerInspectInfo }>();
  const images = createImages(docker);
  let endedLogs: Promise<string> | undefined;

  async function inspect(id: string): Promise<ContainerInspectInfo> {
    return call('describe a container', quick, (abortSignal) => docker.getContainer(id).inspect({ abortSignal }));
  }

  async function details(listed: ContainerInfo): Promise<ContainerInspectInfo | null> {
    const known = inspected.get(listed.Id);
    if (known?.state === listed.State) return known.info;
    try {
      const info = await inspect(listed.Id);
      inspected.set(listed.Id, { state: listed.State, info });
      return info;
    } catch (error) {
      // Gone between the two questions.
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Made; one that is there by this name, from before a crash, is taken as it is. */
  async function create(spec: ReturnType<typeof appSpec>): Promise<string> {
    const { name } = spec;
    try {
      const made = await call('create a container', slow, (abortSignal) =>
        docker.createContainer({ ...spec, abortSignal }),
      );
      return made.id;
    } catch (error) {
      if (!isStatus(error, 409) || name === undefined) throw error;
      const present = await inspect(name);
      if (present.Config.Labels[nodeLabel] !== node) throw error;
      return present.Id;
    }
  }

  async function start(id: string): Promise<void> {
    inspected.delete(id);
    try {
      await call('start a container', slow, (abortSignal) => docker.getContainer(id).start({ abortSignal }));
    } catch (error) {
      // 304: it runs already.
      if (!isStatus(error, 304)) throw error;
    }
  }

  return {
    kind: 'docker',

    async ping() {
      await call('answer', quick, () => docker.ping());
    },

    async list() {
      const filters = { label: [label] };
      const listed = await call('list containers', quick, (abortSignal) =>
        docker.listContainers({ all: true, filters, abortSignal }),
      );
      const ids = new Set(listed.map((container) => container.Id));
      for (const id of inspected.keys()) if (!ids.has(id)) inspected.delete(id);
      const observed = await atMost(inspectsAtOnce, listed, async (container) => {
        const identity = identityOf(container);
        if (identity === null) return null;
        const info = await details(container);
        return info === null ? null : observedContainer(identity, info);
      });
      return observed.filter((container) => container !== null);
    },

    ensureImage: images.ensure,

    async createSandbox(instance) {
      const image = await ensurePauseImage(docker, stateDir);
      await start(await create(sandboxSpec(node, instance, { image, lease: leaseFolder(stateDir) })));
    },

    async createApp(instance, process, sandboxId) {
      await create(appSpec(node, instance, process, sandboxId));
    },

    start,

    async stop(id, graceSeconds) {
      inspected.delete(id);
      try {
        await call('stop a container', graceSeconds * 1000 + slow, (abortSignal) =>
          docker.getContainer(id).stop({ t: graceSeconds, abortSignal }),
        );
      } catch (error) {
        if (!isStatus(error, 304) && !isStatus(error, 404)) throw error;
      }
    },

    async remove(id) {
      inspected.delete(id);
      try {
        await call('remove a container', slow, (abortSignal) =>
          docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
        );
      } catch (error) {
        // 409: being removed already.
        if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
      }
    },

    async logPath(id) {
      const known = inspected.get(id)?.info.LogPath;
      if (known) return known;
      try {
        return (await inspect(id)).LogPath || null;
      } catch (error) {
        // Gone meanwhile.
        if (isStatus(error, 404)) return null;
        throw error;
      }
    },

    endedLogs() {
      // Docker's folder is a mount of its own, out of which nothing can be linked.
      endedLogs ??= call('say where it keeps things', quick, () => docker.info()).then(
        (info: { readonly DockerRootDir: string }) => join(info.DockerRootDir, 'atoll-ended-logs', node),
      );
      endedLogs.catch(() => {
        endedLogs = undefined;
      });
      return endedLogs;
    },

    run: (id, command, timeoutMs) => runIn(docker, id, command, timeoutMs),

    async stats(id) {
      const state = inspected.get(id)?.info.State ?? (await inspect(id)).State;
      return state.Running ? readCounters(state.Pid, id) : null;
    },

    watch(changed) {
      return watchEvents({
        docker,
        label,
        log,
        changed(id) {
          if (id === null) inspected.clear();
          else inspected.delete(id);
          changed(id ?? '');
        },
      });
    },
  };
}

/** Docker writes the year 1 for "never". */
const time = (text: string) => (text.startsWith('0001-') ? null : new Date(text).toISOString());

function observedContainer(
  identity: NonNullable<ReturnType<typeof identityOf>>,
  info: ContainerInspectInfo,
): ObservedContainer {
  const { State: state } = info;
  const running = state.Running && !state.Dead;
  return {
    ...identity,
    id: info.Id,
    state: running ? 'RUNNING' : state.Status === 'created' ? 'CREATED' : 'EXITED',
    netns: running && identity.kind === 'sandbox' ? `/proc/${state.Pid}/ns/net` : null,
    startedAt: time(state.StartedAt),
    finishedAt: running ? null : time(state.FinishedAt),
    endedBefore: running ? time(state.FinishedAt) : null,
    exitCode: running || state.Status === 'created' ? null : state.ExitCode,
    outOfMemory: state.OOMKilled,
  };
}
