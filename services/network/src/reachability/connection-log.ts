/** Asks the agents of the nodes that have policies which connections these have decided about: a namespace's, or the platform's. */
import { reject } from '@atoll/schema/errors';
import { type Id, idTime } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { PlatformConnectionLog, TenantConnectionLog } from '@atoll/schema/network/connection-log';
import { connectionLogReply, type LoggedConnection, mostLoggedPolicies } from '@atoll/schema/node/connection-log';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { Told } from './ask.ts';
import { askNodes } from './ask-nodes.ts';
import { nodesOfPlatformPolicies, nodesOfPolicies, type PolicyNode } from './policy-nodes.ts';

const noNamespace = reject('NOT_FOUND', 'There is no such namespace of yours.', 'namespaceId');
const noPolicy = reject('NOT_FOUND', 'There is no such isolation policy in the namespace.', 'policyId');
const tooMany = reject(
  'INVALID_ARGUMENT',
  `More than ${mostLoggedPolicies} policies of the namespace log: ask for them one by one, by \`policyId\`.`,
  'policyId',
);

/** $1 tenant, $2 namespace, $3 one policy or null. One that is asked for by itself may have logged before. */
const nodesSql = nodesOfPolicies(`
  select policy_id from network.policy
  where tenant = $1 and namespace_id = $2 and case when $3::text is null then (definition -> 'log')::boolean else policy_id = $3 end
  limit ${mostLoggedPolicies + 1}`);

/** $1 one policy or null. */
const platformNodesSql = nodesOfPlatformPolicies(`
  select policy_id from network.policy
  where tier = 'PLATFORM' and case when $1::text is null then (definition -> 'log')::boolean else policy_id = $1 end`);
const noPlatformPolicy = reject('NOT_FOUND', 'There is no such policy of the platform.', 'platformPolicyId');

interface Named {
  readonly instanceId: Id<'instance'>;
  readonly tenant: string;
  readonly ipv4: string;
  readonly ipv6: string;
}
type OnNode = LoggedConnection & { readonly nodeId: Id<'node'> };
type Name = (address: string, at: string, told: Id<'instance'> | null) => Id<'instance'> | null;

/**
 * Who is at an address, of the tenant's instances, or of all where there is no tenant: the one that its node has told, or that which has the address and was there by
 * then. Addresses come back to others, and whose those are isn't told.
 */
async function namesOf(pool: Pool, tenant: Id<'tenant'> | null, connections: readonly OnNode[]): Promise<Name> {
  const addresses = connections.flatMap(({ source, destination }) => [source, destination]);
  const { rows } = await pool.query<Named>(
    `select instance_id as "instanceId", tenant, ipv4, ipv6 from network.endpoint
     where status <> 'refused' and (ipv4 = any($1) or ipv6 = any($1) or instance_id = any($2))`,
    [[...new Set(addresses)], [...new Set(connections.flatMap(({ instanceId }) => instanceId ?? []))]],
  );
  const byAddress = new Map(rows.flatMap((row) => [[row.ipv4, row] as const, [row.ipv6, row] as const]));
  const isForeign = (row: Named) => tenant !== null && row.tenant !== tenant;
  const foreign = new Set(rows.filter(isForeign).map((row) => row.instanceId));
  return (address, at, told) => {
    if (told !== null) return foreign.has(told) ? null : told;
    const now = byAddress.get(address);
    if (now === undefined || isForeign(now) || idTime(now.instanceId) > Date.parse(at)) return null;
    return now.instanceId;
  };
}

type AnyPolicy = Id<'policy'> | Id<'platformPolicy'>;

function named<P extends AnyPolicy>(
  { instanceId, policyId, ...one }: Omit<OnNode, 'policyId'> & { readonly policyId: P },
  name: Name,
) {
  const [source, destination] = one.direction === 'egress' ? [instanceId, null] : [null, instanceId];
  return {
    ...{ ...one, policyId },
    sourceInstanceId: name(one.source, one.at, source),
    destinationInstanceId: name(one.destination, one.at, destination),
  };
}

interface Asking {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

/** Of these policies alone, whatever else a node may say; instances of the tenant are named, of every one where it is null. */
async function connectionsOf<P extends AnyPolicy>(
  { pool, nc, log }: Asking,
  rows: readonly PolicyNode<P>[],
  {
    tenant,
    since,
    first,
  }: { readonly tenant: Id<'tenant'> | null; readonly since: string | null; readonly first: number },
) {
  const asked = new Map<Id<'node'>, P[]>();
  for (const row of rows) {
    if (row.nodeId !== null) asked.set(row.nodeId, [...(asked.get(row.nodeId) ?? []), row.policyId]);
  }
  const answers = await askNodes({ nc, log }, asked, {
    what: 'connection log',
    subject: nodeSubjects.connectionLog,
    body: (of) => ({ policies: of, since, first }),
    reply: connectionLogReply,
  });
  const told = [...asked.keys()].map((nodeId) => ({ nodeId, reply: answers.get(nodeId) ?? null }));
  const policies = new Map<string, P>(rows.map(({ policyId }) => [policyId, policyId]));
  const all = told.flatMap(({ nodeId, reply }) =>
    (reply?.connections ?? []).flatMap((one) => {
      const policyId = policies.get(one.policyId);
      return policyId === undefined ? [] : [{ ...one, nodeId, policyId }];
    }),
  );
  const newest = all.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, first);
  const name = await namesOf(pool, tenant, newest);
  return {
    connections: newest.map((one) => named(one, name)),
    more: all.length > first || told.some(({ reply }) => reply?.more === true),
    leftOut: told.reduce((sum, { reply }) => sum + (reply?.leftOut ?? 0), 0),
    missing: told.flatMap(({ nodeId, reply }) => (reply === null || reply.since === null ? [nodeId] : [])),
  };
}

export async function askConnectionLog(
  asking: Asking,
  tenant: Id<'tenant'>,
  { namespaceId, policyId, since, first }: NetworkInput<'ReadConnectionLog'>,
): Promise<Told<TenantConnectionLog>> {
  const { pool } = asking;
  const { rowCount } = await pool.query('select from network.namespace where namespace_id = $1 and tenant = $2', [
    namespaceId,
    tenant,
  ]);
  if (rowCount === 0) return { ok: false, rejection: noNamespace };
  const { rows } = await pool.query<PolicyNode>(nodesSql, [tenant, namespaceId, policyId]);
  const policies = new Set(rows.map((row) => row.policyId));
  if (policyId !== null && policies.size === 0) return { ok: false, rejection: noPolicy };
  if (policies.size > mostLoggedPolicies) return { ok: false, rejection: tooMany };
  return { ok: true, told: await connectionsOf(asking, rows, { tenant, since, first }) };
}

/** Those of all tenants. */
export async function askPlatformConnectionLog(
  asking: Asking,
  { platformPolicyId, since, first }: NetworkInput<'ReadPlatformConnectionLog'>,
): Promise<Told<PlatformConnectionLog>> {
  const { rows } = await asking.pool.query<PolicyNode<Id<'platformPolicy'>>>(platformNodesSql, [platformPolicyId]);
  if (platformPolicyId !== null && rows.length === 0) return { ok: false, rejection: noPlatformPolicy };
  return { ok: true, told: await connectionsOf(asking, rows, { tenant: null, since, first }) };
}
