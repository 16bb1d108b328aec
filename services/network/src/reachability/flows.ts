/** Asks the agents of the nodes on which policies are in force how often their rules have decided. */
import type { Id } from '@atoll/schema/ids';
import type { PlatformFlows, PolicyFlows, RuleFlow } from '@atoll/schema/network/flows';
import { type CountersReply, countersReply } from '@atoll/schema/node/counters';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { Told } from './ask.ts';
import { askNodes } from './ask-nodes.ts';
import { nodesOfPlatformPolicies, nodesOfPolicies, type PolicyNode } from './policy-nodes.ts';

/** $1 tenant, $2 policies: only those of the tenant. */
const nodesSql = nodesOfPolicies('select policy_id from network.policy where tenant = $1 and policy_id = any($2)');
const platformNodesSql = nodesOfPlatformPolicies(
  "select policy_id from network.policy where tier = 'PLATFORM' and policy_id = any($1)",
);

interface Asking {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

const sameRule = ({ packets: _, bytes: __, at: ___, since: ____, ...rule }: RuleFlow) => JSON.stringify(rule);

/** Rules that differ in nothing that a tenant knows are one: those for instances and those for networks outside. */
function merged(flows: readonly RuleFlow[]): RuleFlow[] {
  return [...Map.groupBy(flows, sameRule).values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const sum = (of: 'packets' | 'bytes') => rest.reduce((total, one) => total + one[of], first[of]);
    return [{ ...first, packets: sum('packets'), bytes: sum('bytes') }];
  });
}

/** Of this policy alone, whatever else a node may say. */
function rulesOf(policyId: string, nodeId: Id<'node'>, reply: CountersReply): RuleFlow[] {
  const { since, at } = reply;
  return merged(
    reply.counters.flatMap(({ policyId: of, set: _, ...counter }) =>
      of === policyId ? [{ nodeId, ...counter, since, at }] : [],
    ),
  );
}

interface Counted<P> {
  readonly policyId: P;
  readonly rules: RuleFlow[];
  readonly missing: Id<'node'>[];
}

async function flowsOf<P extends Id<'policy'> | Id<'platformPolicy'>>(
  { nc, log }: Asking,
  rows: readonly PolicyNode<P>[],
): Promise<Counted<P>[]> {
  const questions = new Map<Id<'node'>, P[]>();
  for (const { policyId, nodeId } of rows) {
    if (nodeId !== null) questions.set(nodeId, [...(questions.get(nodeId) ?? []), policyId]);
  }
  const answers = await askNodes({ nc, log }, questions, {
    what: 'counters',
    subject: nodeSubjects.counters,
    body: (policies) => ({ policies }),
    reply: countersReply,
  });
  return [...Map.groupBy(rows, (row) => row.policyId)].map(([policyId, own]) => {
    const nodes = own.flatMap(({ nodeId }) => (nodeId === null ? [] : [nodeId]));
    const replies = nodes.map((nodeId) => ({ nodeId, reply: answers.get(nodeId) ?? null }));
    return {
      policyId,
      rules: replies.flatMap(({ nodeId, reply }) => (reply ? rulesOf(policyId, nodeId, reply) : [])),
      missing: replies.flatMap(({ nodeId, reply }) => (reply === null || reply.truncated ? [nodeId] : [])),
    };
  });
}

export async function askFlows(
  asking: Asking,
  tenant: Id<'tenant'>,
  policyIds: readonly Id<'policy'>[],
): Promise<Told<{ policies: PolicyFlows[] }>> {
  const { rows } = await asking.pool.query<PolicyNode>(nodesSql, [tenant, policyIds]);
  return { ok: true, told: { policies: await flowsOf(asking, rows) } };
}

export async function askPlatformFlows(
  asking: Asking,
  platformPolicyIds: readonly Id<'platformPolicy'>[],
): Promise<PlatformFlows[]> {
  const { rows } = await asking.pool.query<PolicyNode<Id<'platformPolicy'>>>(platformNodesSql, [platformPolicyIds]);
  const counted = await flowsOf(asking, rows);
  return counted.map(({ policyId, ...flows }) => ({ platformPolicyId: policyId, ...flows }));
}
