/** What a killed supervisor left running. */
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';
import { identify, stillRuns } from '../process/identity.ts';
import { until } from '../process/waiting.ts';

const childrenSchema = z.array(z.object({ name: z.string(), pid: z.number(), started: z.string() }));

/** Kept up to date while the supervisor runs. */
export function recordChildren(path: string, children: readonly { name: string; pid: number }[]): void {
  writeJson(
    path,
    children.flatMap(({ name, pid }) => {
      const identity = identify(pid);
      return identity ? [{ name, ...identity }] : [];
    }),
  );
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in between.
  }
}

/**
 * Stops what is left over, last started first, by SIGTERM and, after `graceMs`, SIGKILL. Children notice the end of their
 * supervisor by themselves: most are gone already or on their way. `unclean`: the last stop wasn't an orderly one.
 */
export async function stopLeftovers(
  path: string,
  graceMs = 15_000,
): Promise<{ stopped: readonly string[]; unclean: boolean }> {
  const recorded = readJson(path, childrenSchema) ?? [];
  const left = recorded.filter(stillRuns).reverse();
  for (const child of left) send(child.pid, child.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
  const gone = () => left.every((child) => !stillRuns(child));
  if (!(await until(gone, { timeoutMs: graceMs }))) {
    for (const child of left.filter(stillRuns)) send(child.pid, 'SIGKILL');
    await until(gone, { timeoutMs: 5000 });
  }
  return { stopped: left.map((child) => child.name), unclean: recorded.length > 0 };
}
