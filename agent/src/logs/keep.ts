/**
 * Logs of containers that were removed: kept for a while, so that what an instance wrote last can be read. They are linked, not
 * copied, into a folder of the runtime's (`endedLogs`). Bounded for each instance and for the node.
 */
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Id, idKind } from '@atoll/schema/ids';
import { endedLogsKeptMs } from '@atoll/schema/node/logs';
import type { Logger } from '@atoll/service/log';
import { type LogFile, openLog } from './files.ts';

/** Of one process: the newest container before the one that is there. */
const mostContainers = 1;
/** Of the node: 20 MiB each at most. */
const mostProcesses = 50;

const none = <T>(work: Promise<T[]>): Promise<T[]> =>
  work.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });

/** Whose log it is: an instance's main process, where none is named. */
export interface LogOwner {
  readonly instance: Id<'instance'>;
  readonly process: string | null;
}
const folderOf = ({ instance, process }: LogOwner) => (process === null ? instance : `${instance}.${process}`);
const instanceOf = (folder: string) => folder.split('.', 1).join();

/** Oldest first. */
export async function keptLogs(ended: string, owner: LogOwner): Promise<LogFile[]> {
  if (idKind(owner.instance) !== 'instance') return [];
  const folder = join(ended, folderOf(owner));
  const logs = (await none(readdir(folder))).filter((name) => !name.endsWith('.1')).toSorted();
  return (await Promise.all(logs.map((name) => openLog(join(folder, name))))).flat();
}

/** The container is about to be removed. Never fails: that its log can't be kept doesn't keep it. */
export async function keepLog(options: {
  ended: string;
  owner: LogOwner;
  path: string | null;
  now: number;
  log: Logger;
}): Promise<void> {
  const { ended, owner, path, now, log } = options;
  if (path === null) return;
  const folder = join(ended, folderOf(owner));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = join(folder, `${String(now).padStart(15, '0')}.log`);
    // What was rotated first: where both are there, they are whole.
    await link(`${path}.1`, `${name}.1`).catch(ignoreMissing);
    await link(path, name).catch(ignoreMissing);
    const logs = (await readdir(folder)).filter((one) => !one.endsWith('.1')).toSorted();
    for (const old of logs.slice(0, -mostContainers)) {
      await rm(join(folder, old), { force: true });
      await rm(join(folder, `${old}.1`), { force: true });
    }
  } catch (error) {
    log.warn({ err: error, ...owner }, 'the log of a container that is removed is not kept');
  }
}

const ignoreMissing = (error: unknown) => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
};

/** Forgets the oldest where there are too many, and what is old of instances that are gone. */
export async function forgetLogs(ended: string, there: ReadonlySet<string>, now: number): Promise<void> {
  const kept = await Promise.all(
    (await none(readdir(ended))).map(async (folder) => {
      const path = join(ended, folder);
      return { path, instance: instanceOf(folder), at: (await stat(path)).mtimeMs };
    }),
  );
  const newestFirst = kept.toSorted((a, b) => b.at - a.at);
  for (const [index, { path, instance, at }] of newestFirst.entries()) {
    const old = at < now - endedLogsKeptMs && !there.has(instance);
    if (index >= mostProcesses || old) await rm(path, { recursive: true, force: true });
  }
}
