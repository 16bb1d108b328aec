/** Asks the agents of the nodes on which policies of a tenant are in force how often their rules have decided. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyFlows, RuleFlow } from '@atoll/schema/network/flows';
import { type CountersReply, countersReply } from '@atoll/schema/node/counters';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, requestJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { policyStanding } from '../nodes/policy-standing.ts';
import type { Told } from './ask.ts';

const answerMs = 1500;
/** Nodes asked at once; the others are asked as these answer. */
const atOnce = 128;
/** Nodes asked for one question at most: the others are told as missing. */
const maxNodes = 256;

/** $1 tenant, $2 policies: only those of the tenant, and only nodes that have or had its instances. */
const nodesSql = `
  with wanted as materialized (
    select policy_id from network.policy where tenant = $1 and policy_id = any($2)
  ), nodes as materialized (
    select node_id from network.endpoint where tenant = $1
    union select e.node_id from network.policy_enforced e join wanted w on w.policy_id = e.policy_id
  )
  select w.policy_id as "policyId", s.node_id as "nodeId"
  from wanted w
  left join (
    select * from (${policyStanding}) all_of_them
    where node_id in (select node_id from nodes) and applied_revision is not null
  ) s on s.policy_id = w.policy_id
  order by 1, 2`;

interface Row {
  readonly policyId: Id<'policy'>;
  readonly nodeId: Id<'node'> | null;
}

type Answers = ReadonlyMap<Id<'node'>, CountersReply | null>;

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
function rulesOf(policyId: Id<'policy'>, nodeId: Id<'node'>, reply: CountersReply): RuleFlow[] {
  const { since, at } = reply;
  return merged(
    reply.counters.flatMap(({ policyId: of, set: _, ...counter }) =>
      of === policyId ? [{ nodeId, ...counter, since, at }] : [],
    ),
  );
}

async function askNodes(
  { nc, log }: { readonly nc: NatsConnection; readonly log: Logger },
  questions: ReadonlyMap<Id<'node'>, readonly Id<'policy'>[]>,
): Promise<Answers> {
  const waiting = [...questions].slice(0, maxNodes);
  const answers = new Map<Id<'node'>, CountersReply | null>();
  async function askNext(): Promise<void> {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [nodeId, policies] = next;
      try {
        const reply = await requestJson(nc, nodeSubjects.counters(nodeId), { policies }, { timeoutMs: answerMs });
        const parsed = countersReply.parse(reply);
        answers.set(nodeId, parsed.nodeId === nodeId ? parsed : null);
      } catch (error) {
        log.debug({ err: error, nodeId }, 'a node does not tell its counters');
        answers.set(nodeId, null);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askNext));
  return answers;
}

export async function askFlows(
  { pool, nc, log }: { readonly pool: Pool; readonly nc: NatsConnection; readonly log: Logger },
  tenant: Id<'tenant'>,
  policyIds: readonly Id<'policy'>[],
): Promise<Told<{ policies: PolicyFlows[] }>> {
  const { rows } = await pool.query<Row>(nodesSql, [tenant, policyIds]);
  const questions = new Map<Id<'node'>, Id<'policy'>[]>();
  for (const { policyId, nodeId } of rows) {
    if (nodeId !== null) questions.set(nodeId, [...(questions.get(nodeId) ?? []), policyId]);
  }
  const answers = await askNodes({ nc, log }, questions);
  const policies = [...Map.groupBy(rows, (row) => row.policyId)].map(([policyId, own]): PolicyFlows => {
    const nodes = own.flatMap(({ nodeId }) => (nodeId === null ? [] : [nodeId]));
    const replies = nodes.map((nodeId) => ({ nodeId, reply: answers.get(nodeId) ?? null }));
    return {
      policyId,
      rules: replies.flatMap(({ nodeId, reply }) => (reply ? rulesOf(policyId, nodeId, reply) : [])),
      missing: replies.flatMap(({ nodeId, reply }) => (reply === null || reply.truncated ? [nodeId] : [])),
    };
  });
  return { ok: true, told: { policies } };
}
