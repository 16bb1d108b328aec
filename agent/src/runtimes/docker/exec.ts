/** A program inside a container that runs already, with an end to its time. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Exec, ExecInspectInfo } from 'dockerode';
import type { Ran } from '../../plan/probes.ts';
import { call, type DockerClient, DockerRefused, isStatus } from './client.ts';

const quick = 10_000;
/** Its output ends a moment before Docker knows that it has. */
const settleMs = 2000;

export async function runIn(
  docker: DockerClient,
  id: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<Ran | null> {
  try {
    const exec = await call('prepare a program', quick, (abortSignal) =>
      docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal }),
    );
    const output = await call('start a program', quick, (abortSignal) => exec.start({ abortSignal }));
    const inTime = await ended(output, timeoutMs);
    output.destroy();
    const { ExitCode: exitCode, Pid: pid } = await settled(exec, inTime ? settleMs : 0);
    if (exitCode !== null) return { outcome: 'EXITED', exitCode };
    await killGroup(pid, id);
    return { outcome: 'OVERDUE' };
  } catch (error) {
    // Gone, or not running (any more).
    if (isStatus(error, 404) || isStatus(error, 409)) return null;
    if (error instanceof DockerRefused) return { outcome: 'NOT_STARTED', message: error.message };
    throw error;
  }
}

async function settled(exec: Exec, withinMs: number): Promise<Pick<ExecInspectInfo, 'ExitCode' | 'Pid'>> {
  const until = Date.now() + withinMs;
  for (;;) {
    const info = await call('describe a program', quick, (abortSignal) => exec.inspect({ abortSignal }));
    if (!info.Running || Date.now() >= until) return { Pid: info.Pid, ExitCode: info.Running ? null : info.ExitCode };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What it writes is dropped as it comes: none of it is kept. False where the time is over first. */
function ended(output: Readable, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const done = () => {
      clearTimeout(timer);
      resolve(true);
    };
    output.once('end', done).once('close', done).once('error', done).resume();
  });
}

/**
 * Docker can't end what it began in a container. It is the first of a process group of its own, in the container's control group: by
 * the latter it is known that its number hasn't become somebody else's.
 */
async function killGroup(pid: number, id: string): Promise<void> {
  if (pid <= 1) return;
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (!groups.includes(id)) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
