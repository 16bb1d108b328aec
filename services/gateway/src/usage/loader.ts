/** What instances use, asked of their nodes: each once for all instances of a request. */
import type { Id } from '@atoll/schema/ids';
import { mostUsageInstances, type UsageReply, usageReply } from '@atoll/schema/node/usage';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import DataLoader from 'dataloader';
import { askNode } from '../live/ask.ts';

interface UsageKey {
  readonly nodeId: Id<'node'>;
  readonly instanceId: Id<'instance'>;
}
export type InstanceUsage = UsageReply['instances'][number];
export type UsageLoader = DataLoader<UsageKey, InstanceUsage | null, string>;

const timeoutMs = 5000;

export async function askUsage(
  nc: NatsConnection,
  nodeId: Id<'node'>,
  instances: readonly Id<'instance'>[],
  since: string | null,
): Promise<readonly InstanceUsage[]> {
  const body = { instances, since };
  return (await askNode(nc, nodeSubjects.usage(nodeId), body, usageReply, timeoutMs)).instances;
}

/** One per request: nothing of one viewer's is kept for another. */
export function createUsageLoader(nc: NatsConnection): UsageLoader {
  return new DataLoader(
    async (keys) => {
      const byNode = Map.groupBy(keys, ({ nodeId }) => nodeId);
      const answers = new Map<string, InstanceUsage | Error>();
      await Promise.all(
        [...byNode].map(async ([nodeId, of]) => {
          const asked = of.map(({ instanceId }) => instanceId);
          try {
            const told = await askUsage(nc, nodeId, asked, null);
            // A node answers for what it was asked about, and for nothing else.
            for (const one of told) if (asked.includes(one.instanceId)) answers.set(one.instanceId, one);
          } catch (error) {
            const failure = error instanceof Error ? error : new Error(String(error));
            for (const instanceId of asked) answers.set(instanceId, failure);
          }
        }),
      );
      return keys.map(({ instanceId }) => answers.get(instanceId) ?? null);
    },
    { maxBatchSize: mostUsageInstances, cacheKeyFn: ({ instanceId }) => instanceId },
  );
}
