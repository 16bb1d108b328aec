/** `Query.probe`: a real connection from inside one of the viewer's own instances. */
import { type Id, idKind } from '@atoll/schema/ids';
import { probeReply, probeRequest } from '@atoll/schema/node/live';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';
import { askNode } from './ask.ts';
import type { LiveResolver } from './resolvers.ts';

const nodeSql = {
  name: 'probe_node',
  text: 'select node_id from read.instance where id = $1::text and tenant_id = $2::text',
};
/** Above the probe's own time: for the way to the node and back, and for a process to start there, also on a busy machine. */
const wayMs = 8000;

const notFound = () => new ApiError('NOT_FOUND', '`from` is no instance of yours.');

const faults: Readonly<Record<string, string>> = {
  address: '`address` must be an IPv4 or IPv6 address.',
  port: '`port` must be from 1 to 65535.',
  path: '`path` must begin with a slash and have at most 512 printable characters without spaces.',
  timeoutMs: '`timeoutMs` must be from 100 to 5000.',
};

export function createProbe(nc: NatsConnection, reader: Reader, locator: Locator): LiveResolver {
  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      if (viewer.tenant === null || idKind(String(args.from)) !== 'instance') throw notFound();
      const { from, address, port } = args;
      const { protocol = 'TCP', path = '/', timeoutMs = 2000 } = withoutNulls(args);
      const request = probeRequest.safeParse({ from, address, port, protocol, path, timeoutMs });
      if (!request.success) {
        const name = String(request.error.issues[0]?.path[0]);
        throw new ApiError('BAD_USER_INPUT', faults[name] ?? 'The arguments of the probe are malformed.');
      }
      const where = { id: request.data.from, where: 'Query.probe' };
      const admission = await admit(locator, viewer, 'instance:probe', where);
      if (admission.kind === 'forbidden') throw admission.error;
      if (admission.kind === 'missing') throw notFound();
      const [nodeId] = await reader.rows(viewer.tenant, nodeSql, [request.data.from, viewer.tenant]);
      if (nodeId === undefined) throw notFound();
      const subject = nodeSubjects.probe(nodeId as Id<'node'>);
      return askNode(nc, subject, request.data, probeReply, request.data.timeoutMs + wayMs);
    },
  };
}

const withoutNulls = (args: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
