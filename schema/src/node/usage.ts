/** Live question to an agent: what instances use, as it has sampled it. Kept in its memory, for an hour. */
import { z } from 'zod';
import { id } from '../ids.ts';

export const usageSampleMs = 15_000;
export const usageKeptMs = 3_600_000;
export const mostUsageSamples = usageKeptMs / usageSampleMs;
/** Asked about at once: of the newest samples, and of those of an hour. */
export const mostUsageInstances = 1000;

export const usageRequest = z.strictObject({
  instances: z.array(id('instance')).min(1).max(mostUsageInstances),
  /** Samples that ended after it, of one instance; null: the newest of each. */
  since: z.iso.datetime().nullable(),
});
export type UsageRequest = z.infer<typeof usageRequest>;

const count = z.number().min(0);
/** What was used in an interval. */
export const usageSample = z.strictObject({
  /** Its end, by the node's clock. */
  at: z.iso.datetime(),
  seconds: z.number().positive(),
  /** Processor time, in thousandths of a processor. */
  cpuMillis: count,
  /** Of the scheduler's periods in which it ran: the share in which it was held back by its limit, 0–1. */
  cpuThrottled: count,
  /** At its end: in use, without what can be given back at once. */
  memoryBytes: count,
  receivedBytes: count,
  receivedPackets: count,
  sentBytes: count,
  sentPackets: count,
});
export type UsageSample = z.infer<typeof usageSample>;

export const usageReply = z.strictObject({
  /** Those of which there are samples. */
  instances: z.array(
    z.strictObject({
      instanceId: id('instance'),
      cpuLimitMillis: z.number().nullable(),
      memoryLimitBytes: z.number().nullable(),
      /** Oldest first. */
      samples: z.array(usageSample).max(mostUsageSamples),
    }),
  ),
});
export type UsageReply = z.infer<typeof usageReply>;
