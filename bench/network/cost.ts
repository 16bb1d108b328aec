/** What something took: time, and the processors' time of this process and of the programs that it ran and waited for. */
import { readFileSync } from 'node:fs';

export interface Cost {
  readonly ms: number;
  /** In whole ticks of the kernel's for the programs, so it says something as a sum over many rounds. */
  readonly cpuMs: number;
}

/** sysconf(_SC_CLK_TCK), which is 100 wherever Node runs on Linux. */
const ticksPerSecond = 100;

/** proc_pid_stat(5): fields 16 and 17 are those of children that were waited for. Counted behind the name, the second field. */
function ofPrograms(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[16 - 3]) + Number(fields[17 - 3])) * 1000) / ticksPerSecond;
}

export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [programs, own, begun] = [ofPrograms(), process.cpuUsage(), performance.now()];
  await work();
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(own);
  return { ms, cpuMs: (user + system) / 1000 + ofPrograms() - programs };
}
