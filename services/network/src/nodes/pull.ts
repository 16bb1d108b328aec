/** An agent asks for its rules: the newest document, or null where it has that one. */
import type { Id } from '@atoll/schema/ids';
import { id } from '@atoll/schema/ids';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { pullRequest } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { KnownPools } from '../pools/ranges.ts';
import { readDocument } from './document.ts';

export const nodeQueue = 'network';

/** The second token: NATS lets a node's agent use its own subjects only, so the subject says who asks. Null for no id. */
export const nodeOfSubject = (subject: string): Id<'node'> | null =>
  id('node').safeParse(subject.split('.')[1]).data ?? null;

export interface BadRequest {
  readonly error: { readonly code: 'BAD_REQUEST'; readonly message: string };
}
export const badRequest = (message: string): BadRequest => ({ error: { code: 'BAD_REQUEST', message } });

export function servePull(options: { nc: NatsConnection; pool: Pool; pools: KnownPools; log: Logger }): {
  stop(): Promise<void>;
} {
  const { nc, pool, pools, log } = options;
  return serveJson(
    nc,
    { subject: nodeSubjects.networkPull('*'), queue: nodeQueue, log },
    async (body, subject): Promise<DesiredNetwork | BadRequest | null> => {
      const nodeId = nodeOfSubject(subject);
      if (nodeId === null) return badRequest('The subject names no node.');
      const request = pullRequest.safeParse(body);
      if (!request.success) return badRequest(request.error.message);
      const { generation } = request.data;
      const document = await readDocument(pool, nodeId, await pools.refresh(), generation);
      // Generation 0 is "none yet", also where 0 is the newest: such an agent gets the empty document.
      return generation > 0 && document.generation <= generation ? null : document;
    },
  );
}
