/** What the node offers to instances. */
import { availableParallelism, totalmem } from 'node:os';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { AgentConfig } from '../config.ts';

export function capacityOf(config: Pick<AgentConfig, 'ATOLL_CPU_MILLIS' | 'ATOLL_MEMORY_MIB'>): Resources {
  return {
    cpuMillis: config.ATOLL_CPU_MILLIS ?? availableParallelism() * 1000,
    memoryMiB: config.ATOLL_MEMORY_MIB ?? Math.floor(totalmem() / 1024 / 1024),
  };
}
