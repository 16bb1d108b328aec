/** How processes of instances fare, asked of their nodes: once for each node of a request, however many instances are on it. */
import type { Id } from '@atoll/schema/ids';
import { MOST_ASKED, type ProcessState, processesReply } from '@atoll/schema/node/processes';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import DataLoader from 'dataloader';
import { askNode } from './ask.ts';

interface ProcessesKey {
  readonly nodeId: Id<'node'>;
  readonly instanceId: Id<'instance'>;
}
export type ProcessesLoader = DataLoader<ProcessesKey, readonly ProcessState[], string>;

const timeoutMs = 3000;

/** One per request: nothing of one viewer's is kept for another. */
export function createProcessesLoader(nc: NatsConnection): ProcessesLoader {
  return new DataLoader(
    async (keys) => {
      const nodes = [...Map.groupBy(keys, ({ nodeId }) => nodeId)];
      const answers = new Map<Id<'instance'>, readonly ProcessState[] | Error>();
      await Promise.all(
        nodes.map(async ([nodeId, asked]) => {
          const instances = asked.map(({ instanceId }) => instanceId);
          const told = await askNode(
            nc,
            nodeSubjects.processes(nodeId),
            { instances },
            processesReply,
            timeoutMs,
          ).catch(toError);
          for (const [index, instanceId] of instances.entries()) {
            answers.set(instanceId, told instanceof Error ? told : (told.instances[index] ?? []));
          }
        }),
      );
      return keys.map(({ instanceId }) => answers.get(instanceId) ?? []);
    },
    { maxBatchSize: MOST_ASKED, cacheKeyFn: ({ instanceId }) => instanceId },
  );
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
