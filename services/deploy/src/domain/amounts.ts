/** Amounts of what instances take: of nodes, and of the quotas. */
import type { Resources } from '@atoll/schema/deploy/spec';

export interface Amounts extends Resources {
  readonly instances: number;
}
export const measures = ['cpuMillis', 'memoryMiB', 'instances'] as const;
export const nothing: Amounts = { cpuMillis: 0, memoryMiB: 0, instances: 0 };

export const equal = (a: Amounts, b: Amounts): boolean => measures.every((measure) => a[measure] === b[measure]);

/** Whether `needed` is covered, measure by measure, by one of the others. */
export const covered = (needed: Amounts, ...by: readonly Amounts[]): boolean =>
  measures.every((measure) => by.some((amounts) => amounts[measure] >= needed[measure]));
