/** Tells a process from another that got the same number later. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

function linuxStart(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name stands in parentheses and may hold anything; fields count from behind it: state is the 3rd, start the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  // Z: dead, and not yet asked for by its parent.
  if (!start || state === 'Z' || state === 'X') return null;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${start}`;
}

function otherStart(pid: number): string | null {
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}

/** When the process was started, as a text that no other process with this number has; null where there is none. */
export function startedAt(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return process.platform === 'linux' ? linuxStart(pid) : otherStart(pid);
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

export function identify(pid: number): ProcessIdentity | null {
  const started = startedAt(pid);
  return started === null ? null : { pid, started };
}

export const stillRuns = (identity: ProcessIdentity): boolean => startedAt(identity.pid) === identity.started;
