/** What the kernel counts of a container: from the texts of its control group, version 1 or 2, and of its network. Pure. */

export interface UsageCounters {
  readonly cpuNanos: number;
  readonly periods: number;
  readonly throttledPeriods: number;
  /** In use, without files that can be given back at once: not counted up. */
  readonly memoryBytes: number;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
}

export interface CounterTexts {
  /** cpuacct.usage of version 1; null of version 2, which has it in cpu.stat. */
  readonly cpuUsage: string | null;
  readonly cpuStat: string;
  readonly memoryUsage: string;
  readonly memoryStat: string;
  /** /proc/PID/net/dev */
  readonly network: string;
}

/** `name value` lines. */
const fieldOf = (text: string, name: string): number => {
  const found = text.split('\n').find((line) => line.startsWith(`${name} `));
  return found === undefined ? 0 : Number(found.slice(name.length + 1));
};

export function countersOf(texts: CounterTexts): UsageCounters {
  const { cpuUsage, cpuStat, memoryUsage, memoryStat, network } = texts;
  const old = cpuUsage !== null;
  const inactive = fieldOf(memoryStat, old ? 'total_inactive_file' : 'inactive_file');
  const devices = network.split('\n').flatMap((line) => {
    const [name, rest] = line.split(':');
    return rest === undefined || name?.trim() === 'lo' ? [] : [rest.trim().split(/\s+/).map(Number)];
  });
  const sum = (column: number) => devices.reduce((all, columns) => all + (columns[column] ?? 0), 0);
  return {
    cpuNanos: old ? Number(cpuUsage) : fieldOf(cpuStat, 'usage_usec') * 1000,
    periods: fieldOf(cpuStat, 'nr_periods'),
    throttledPeriods: fieldOf(cpuStat, 'nr_throttled'),
    memoryBytes: Math.max(0, Number(memoryUsage) - inactive),
    ...{ receivedBytes: sum(0), receivedPackets: sum(1), sentBytes: sum(8), sentPackets: sum(9) },
  };
}

/** Folders of the control groups of a process, by /proc/PID/cgroup; null where it says nothing of processor and memory. */
export function groupsOf(
  text: string,
): { readonly cpu: string; readonly cpuUsage: string | null; readonly memory: string } | null {
  const byController = new Map<string, string>();
  let unified: string | null = null;
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '') unified = path;
    for (const controller of controllers.split(',')) byController.set(controller, `/${controller}${path}`);
  }
  const [cpu, cpuUsage, memory] = ['cpu', 'cpuacct', 'memory'].map((controller) => byController.get(controller));
  if (cpu !== undefined && cpuUsage !== undefined && memory !== undefined) return { cpu, cpuUsage, memory };
  return unified === null ? null : { cpu: unified, cpuUsage: null, memory: unified };
}
