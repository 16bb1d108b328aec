/** Answers what instances of this node have written, from the files in which it is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Id } from '@atoll/schema/ids';
import type { LogsReply, LogsRequest } from '@atoll/schema/node/logs';
import { createLane } from '../lanes.ts';
import { appsOf, type Pod, type PodContainer } from '../plan/pod.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { logState, openLog } from './files.ts';
import { keptLogs } from './keep.ts';
import { cursorOf, placeOf } from './place.ts';
import { beginning, type Read, readForward, readNewest } from './read.ts';

/** Logs that are read at once: what is asked of one holds up the node's work for some milliseconds. */
const readsAtOnce = 2;
/** Who waits for lines looks whether the file has grown. */
const lookEveryMs = 200;
/** Waiting at once for lines of one instance, and of all; who comes beyond that is answered at once. */
const waitingForOne = 8;
const waitingForAll = 1000;

export interface LogAnswers {
  logs(request: LogsRequest): Promise<LogsReply>;
  /** Nobody waits any longer. */
  stop(): void;
}

interface Sources {
  readonly runtime: Pick<Runtime, 'logPath' | 'endedLogs'>;
  /** Null before the first look at the node. */
  readonly pods: () => readonly Pod[] | null;
}

/**
 * When the newest run of its process began, with room on both sides: what a process writes first may have been read by Docker a
 * moment before the start was noted, and between two runs there is a pause of a second and more.
 */
function beginOfRun({ startedAt, endedBefore }: PodContainer): number | null {
  if (startedAt === null) return null;
  const started = Date.parse(startedAt);
  return endedBefore === null ? started - 500 : (Date.parse(endedBefore) + started) / 2;
}

const stateOf = (app: PodContainer | null): LogsReply['state'] => {
  if (app === null) return 'NONE';
  return app.state === 'RUNNING' ? 'RUNNING' : 'ENDED';
};

export function createLogAnswers({ runtime, pods }: Sources): LogAnswers {
  const lane = createLane(readsAtOnce);
  const stopping = new AbortController();
  const waiting = new Map<Id<'instance'>, number>();
  let waitingInAll = 0;

  async function read(path: string | null, request: LogsRequest, before: number | null): Promise<Read> {
    const { lines, bytes, stream, since, instance, process = null } = request;
    const wanted = { lines, bytes, stream, since: since === null ? null : Date.parse(since), before };
    const from = request.after === null ? null : (placeOf(request.after) ?? beginning);
    // The newest first: what is kept of a container is linked before it is removed, and may be there twice for a moment.
    const present = path === null ? [] : await openLog(path);
    const opened = [...(await keptLogs(await runtime.endedLogs(), { instance, process })), ...present];
    const marks = new Set(present.map(({ mark }) => mark));
    const files = opened.filter((file) => present.includes(file) || !marks.has(file.mark));
    try {
      return from === null ? await readNewest(files, wanted) : await readForward(files, from, wanted);
    } finally {
      await Promise.all(opened.map((file) => file.close()));
    }
  }

  /** False where nothing came, or nobody may wait. */
  async function grown(instance: Id<'instance'>, path: string, known: string | null, until: number): Promise<boolean> {
    const before = waiting.get(instance) ?? 0;
    if (before >= waitingForOne || waitingInAll >= waitingForAll) return false;
    waiting.set(instance, before + 1);
    waitingInAll += 1;
    try {
      while (!stopping.signal.aborted && Date.now() < until) {
        if ((await logState(path)) !== known) return true;
        await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
      return false;
    } finally {
      const left = (waiting.get(instance) ?? 1) - 1;
      if (left === 0) waiting.delete(instance);
      else waiting.set(instance, left);
      waitingInAll -= 1;
    }
  }

  return {
    async logs(request) {
      const { instance, process = null, after, waitMs } = request;
      const until = Date.now() + waitMs;
      let cursor = after;
      let gap = false;
      for (;;) {
        const all = pods();
        if (all === null) return { state: 'NOT_LOOKED', lines: [], cursor, gap, more: false };
        const pod = all.find((one) => one.instanceId === instance);
        const app = (pod && appsOf(pod).find((one) => one.process === process)) ?? null;
        const state = stateOf(app);
        const path = app === null ? null : await runtime.logPath(app.id);
        const known = path === null ? null : await logState(path);
        const before = request.previous && app !== null ? beginOfRun(app) : null;
        const found = await lane(() => read(path, { ...request, after: cursor }, before));
        cursor = cursorOf(found.place);
        gap ||= found.gap;
        const answer = { state, lines: found.lines, cursor, gap, more: found.more };
        if (after === null || gap || found.more || found.lines.length > 0 || path === null) return answer;
        if (!(await grown(instance, path, known, until))) return answer;
      }
    },
    stop: () => stopping.abort(),
  };
}
