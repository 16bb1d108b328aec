/**
 * Reads the counters of a container's process. From the kernel's files, as asking Docker costs some milliseconds of its processor for
 * each container. Without waiting: they are in memory, and a thread for each would cost more than the reading.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countersOf, groupsOf, type UsageCounters } from './counters.ts';

const usual = '/sys/fs/cgroup';
/** In a network namespace of its own (`ip netns exec`) a process has a /sys without control groups; the first one has them. */
const first = '/proc/1/root/sys/fs/cgroup';
const root = () => (existsSync(join(usual, 'cgroup.controllers')) || existsSync(join(usual, 'memory')) ? usual : first);

/** Null where the process is gone, or isn't that of the container. */
export function readCounters(pid: number, container: string): UsageCounters | null {
  const text = (...parts: string[]) => readFileSync(join(...parts), 'utf8');
  try {
    const own = text('/proc', String(pid), 'cgroup');
    const groups = own.includes(container) ? groupsOf(own) : null;
    if (groups === null) return null;
    const old = groups.cpuUsage !== null;
    const folder = root();
    return countersOf({
      cpuUsage: groups.cpuUsage === null ? null : text(folder, groups.cpuUsage, 'cpuacct.usage'),
      cpuStat: text(folder, groups.cpu, 'cpu.stat'),
      memoryUsage: text(folder, groups.memory, old ? 'memory.usage_in_bytes' : 'memory.current'),
      memoryStat: text(folder, groups.memory, 'memory.stat'),
      network: text('/proc', String(pid), 'net', 'dev'),
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return null;
    throw error;
  }
}
