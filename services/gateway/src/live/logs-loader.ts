/** The last lines of instances' logs, asked of their nodes: once per instance and request, however often they are selected. */
import type { Id } from '@atoll/schema/ids';
import { logsReply } from '@atoll/schema/node/live';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import DataLoader from 'dataloader';
import { askNode } from './ask.ts';

export interface LogsKey {
  readonly nodeId: Id<'node'>;
  readonly instanceId: Id<'instance'>;
  readonly tail: number;
}
export type LogsLoader = DataLoader<LogsKey, readonly string[], string>;

const timeoutMs = 5000;
/** Instances asked at once for one request. */
const atOnce = 16;

/** One per request: nothing of one viewer's is kept for another. */
export function createLogsLoader(nc: NatsConnection): LogsLoader {
  const ask = async ({ nodeId, instanceId, tail }: LogsKey): Promise<readonly string[]> => {
    const body = { instance: instanceId, tail };
    return (await askNode(nc, nodeSubjects.logs(nodeId), body, logsReply, timeoutMs)).lines;
  };
  return new DataLoader((keys) => Promise.all(keys.map((key) => ask(key).catch((error: unknown) => toError(error)))), {
    maxBatchSize: atOnce,
    cacheKeyFn: ({ instanceId, tail }) => `${instanceId} ${tail}`,
  });
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
