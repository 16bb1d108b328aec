/** A process with all that it has started (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold anything; behind it come state and parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return all.filter((other) => parentOf(other) === pid);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** The process first, so that it can't start another while its children are told. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const before = signal === 'SIGKILL' ? childrenOf(pid) : [];
  send(pid, signal);
  for (const child of new Set([...before, ...childrenOf(pid)])) signalTree(child, signal);
}
