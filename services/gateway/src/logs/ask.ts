/** Asks a node for a part of an instance's log. That it can't be asked is an answer, too: which node, and since when. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import { type LogsReply, type LogsRequest, logsReply } from '@atoll/schema/node/logs';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import { askNode } from '../live/ask.ts';
import type { Reader } from '../read/reader.ts';

export interface LogProblem {
  readonly nodeId: Id<'node'>;
  readonly since: string | null;
  readonly message: string;
}
export type LogAnswer =
  | { readonly kind: 'read'; readonly reply: LogsReply }
  /** The node's agent has just begun; `problem`: there is nobody to ask. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'problem'; readonly problem: LogProblem };
export type AskLogs = (nodeId: Id<'node'>, request: LogsRequest) => Promise<LogAnswer>;

/** Above the time that the agent may wait for lines. */
const timeoutMs = 4000;

const nodeSql = {
  name: 'log_node',
  text: 'select json_build_array(n.status, n.status_since) from read.compute_node n where n.id = $1::text',
};
const standing = z.tuple([z.string(), z.string().nullable()]);

export function createAskLogs(nc: NatsConnection, reader: Reader): AskLogs {
  async function problemOf(nodeId: Id<'node'>): Promise<LogProblem> {
    const [found] = await reader.rows(PLATFORM, nodeSql, [nodeId]);
    const [status, at] = found === undefined ? ['GONE', null] : standing.parse(JSON.parse(found));
    const since = status === 'UNREACHABLE' ? at : null;
    const again = 'What it has can be read once it is back.';
    if (found === undefined) return { nodeId, since, message: `The node ${nodeId} is no longer there.` };
    if (since !== null) {
      return { nodeId, since, message: `Nothing has been heard from the node ${nodeId} since ${since}. ${again}` };
    }
    return { nodeId, since, message: `The agent of the node ${nodeId} doesn't answer now. ${again}` };
  }

  return async (nodeId, request) => {
    try {
      const subject = nodeSubjects.logs(nodeId);
      const reply = await askNode(nc, subject, request, logsReply, request.waitMs + timeoutMs);
      return reply.state === 'NOT_LOOKED' ? { kind: 'starting' } : { kind: 'read', reply };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'UNAVAILABLE') throw error;
      return { kind: 'problem', problem: await problemOf(nodeId) };
    }
  };
}
