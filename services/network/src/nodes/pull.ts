/** An agent asks for its rules: what is newer than it has, page by page, or null where it has the newest. */
import type { Id } from '@atoll/schema/ids';
import { id } from '@atoll/schema/ids';
import { type NetworkChanges, networkPullRequest } from '@atoll/schema/node/rules-changes';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { KnownPools } from '../pools/ranges.ts';
import { parseCursor, readChanges } from './changes.ts';
import { inSnapshot, readHead } from './document.ts';

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
    async (body, subject): Promise<NetworkChanges | BadRequest | null> => {
      const nodeId = nodeOfSubject(subject);
      if (nodeId === null) return badRequest('The subject names no node.');
      const request = networkPullRequest.safeParse(body);
      if (!request.success) return badRequest(request.error.message);
      const { generation: since, after } = request.data;
      if (after !== null && parseCursor(after) === null) return badRequest('`after` is no page that was given.');
      return inSnapshot(pool, async (tx) => {
        const { generation, hash, traces, floor } = await readHead(tx, nodeId);
        // Generation 0 is "none yet", also where 0 is the newest: such an agent gets the empty rule set.
        if (since > 0 && generation <= since) return null;
        const from = since < floor ? 0 : since;
        const { operations, next } = await readChanges(tx, nodeId, from, after);
        const newer = traces.filter((one) => one.generation > since).map(({ traceparent }) => traceparent);
        // Of the same moment as the generation that stands for them.
        const known = await pools.refresh(tx);
        return { nodeId, from, generation, hash, pools: known, operations: [...operations], next, traces: newer };
      });
    },
  );
}
