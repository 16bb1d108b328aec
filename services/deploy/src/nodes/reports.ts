/**
 * Takes what agents report and turns what is new in it into facts. A report is the whole of what is on its node, so that
 * one that is lost costs nothing but time: the next says it again.
 *
 * The reports of one node are taken one at a time and in the order of their sequence, over all processes of the service:
 * whoever takes one holds the node's row of `node_hearing`. Without that, an older report could be written over a newer
 * one, and an instance count as ready that isn't.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { agentSilentSeconds, contested } from '@atoll/schema/node/agents';
import { type WorkloadsReport, workloadsReport } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import { withSpan } from '@atoll/service/spans';
import type { Pool, PoolClient } from 'pg';
import { eachBounded } from '../bounded.ts';
import { MOST_AT_ONCE } from '../domain/advance.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { type NodeFacts, nodeDecider, sameFacts } from '../domain/node.ts';
import { factsOf, type Observation, type Sight } from '../domain/observe.ts';
import { deploymentStream, nodeStream } from '../domain/streams.ts';
import { aboutNode, following } from '../origin.ts';
import { readGeneration } from './documents.ts';
import { type KnownInstance, readNodeFacts, readNodeInstances } from './known.ts';
import { faultyBody, nodeOfSubject } from './subject.ts';

/** Each report that is being taken holds a connection of its own; the pool must have more than that. */
export const REPORTS_AT_ONCE = 6;
const COMMANDS_AT_ONCE = 8;
/** A sequence that starts anew is believed after so long a silence: an agent whose own state was lost isn't lost, too. */
const FORGET_SEQUENCE_SECONDS = 30;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly log: Logger;
}

export function serveReports(options: Needs & { nc: NatsConnection }): { stop(): Promise<void> } {
  const { nc, log } = options;
  return serveJson(
    nc,
    { subject: nodeSubjects.workloadsReport('*'), queue: 'deploy-reports', concurrency: REPORTS_AT_ONCE, log },
    async (body, subject) => {
      const report = workloadsReport.safeParse(body);
      const nodeId = nodeOfSubject(subject);
      if (nodeId === null || !report.success) return faultyBody(subject, report.error);
      if (report.data.nodeId !== nodeId) {
        const message = `${subject}: a node reports for itself only, and the body is of ${report.data.nodeId}`;
        return { error: { code: 'INVALID_ARGUMENT', message } };
      }
      const { traceparent = null } = report.data;
      const refused = await withSpan(
        'take workloads report',
        { kind: 'server', traceparent, attributes: { 'atoll.node': nodeId } },
        () => takeReport(options, report.data),
      );
      if (refused !== null) log.warn({ nodeId, agent: report.data.agent, refused }, 'two agents are one node');
      return { generation: await readGeneration(options.pool, nodeId), refused };
    },
  );
}

/** Null where it was taken, or is older than one that was; else why not. */
async function takeReport(needs: Needs, report: WorkloadsReport): Promise<string | null> {
  const tx = await needs.pool.connect();
  let broken: unknown;
  try {
    await tx.query('begin');
    const newest = await isNewest(tx, report);
    if (newest) {
      await hear(needs, report);
      await observeAll(needs, report);
    }
    const refused = newest ? null : await anotherAgent(tx, report);
    await tx.query('commit');
    return refused;
  } catch (error) {
    broken = error;
    throw error;
  } finally {
    // After an error the connection goes, and with it the transaction and its lock.
    tx.release(broken !== undefined);
  }
}

/**
 * Locks the node's row and moves its sequence on; false for a report that comes after a newer one, or from an agent that isn't the one
 * that was heard of lately.
 */
async function isNewest(tx: PoolClient, { nodeId, sequence, agent }: WorkloadsReport): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'deploy-hear',
    text: `
      insert into deploy.node_hearing as h (node_id, heard_at, sequence, agent_id, agent_host)
        values ($1, clock_timestamp(), $2, $4, $5)
      on conflict (node_id) do update set heard_at = excluded.heard_at, sequence = excluded.sequence,
        agent_id = excluded.agent_id, agent_host = excluded.agent_host
      where (h.sequence < excluded.sequence or h.heard_at < clock_timestamp() - make_interval(secs => $3))
        and (coalesce(h.agent_id = excluded.agent_id, true) or h.heard_at < clock_timestamp() - make_interval(secs => $6))`,
    values: [nodeId, sequence, FORGET_SEQUENCE_SECONDS, agent?.id ?? null, agent?.host ?? null, agentSilentSeconds],
  });
  return rowCount === 1;
}

/** Why another agent's reports of the node are taken and not this one's; null where they are the same. */
async function anotherAgent(tx: PoolClient, { nodeId, agent }: WorkloadsReport): Promise<string | null> {
  const { rows } = await tx.query<{ host: string; seconds: number }>({
    name: 'deploy-other-agent',
    text: `
      select agent_host as host, extract(epoch from clock_timestamp() - heard_at)::float8 as seconds
      from deploy.node_hearing where node_id = $1 and agent_id <> $2`,
    values: [nodeId, agent?.id ?? null],
  });
  return rows[0] === undefined ? null : contested(nodeId, rows[0]);
}

/** The node itself: known, as it was, and ready, or else told so. */
async function hear({ store, pool }: Needs, report: WorkloadsReport): Promise<void> {
  const { nodeId, name, runtime, capacity, maxInstances } = report;
  const facts: NodeFacts = { nodeId, name, runtime, capacity, maxInstances };
  const known = await readNodeFacts(pool, nodeId);
  if (known?.ready && sameFacts(known.facts, facts)) return;
  const outcome = await handleCommand(store, {
    decider: nodeDecider,
    stream: nodeStream(nodeId),
    command: { action: 'hear', facts },
    origin: aboutNode(nodeId, `node:${nodeId}`),
  });
  if (!outcome.ok) throw new Error(`${nodeId}: ${outcome.rejection.message}`);
}

/** One command for each deployment of which the report has news. One that fails leaves the others alone. */
async function observeAll(needs: Needs, report: WorkloadsReport): Promise<void> {
  const known = await readNodeInstances(needs.pool, report.nodeId);
  await eachBounded(COMMANDS_AT_ONCE, [...newsOf(report, known)], async ([deploymentId, news]) => {
    try {
      await observe(needs, report.nodeId, deploymentId, news);
    } catch (error) {
      // The next report has it again.
      needs.log.error({ err: error, deploymentId, nodeId: report.nodeId }, 'a report could not be taken whole');
    }
  });
}

async function observe(
  { store }: Needs,
  nodeId: Id<'node'>,
  deploymentId: Id<'deployment'>,
  { request, observations }: News,
): Promise<void> {
  for (let from = 0; from < observations.length; from += MOST_AT_ONCE) {
    const outcome = await handleCommand(store, {
      decider: deploymentDecider,
      stream: deploymentStream(deploymentId),
      command: {
        action: 'observe',
        tenant: request.tenant,
        nodeId,
        observations: observations.slice(from, from + MOST_AT_ONCE),
      },
      origin: following(request, `node:${nodeId}`),
    });
    if (!outcome.ok) throw new Error(outcome.rejection.message);
  }
}

interface News {
  readonly request: KnownInstance['request'];
  readonly observations: Observation[];
}

/** What the report says of the node's instances that our tables don't say already, by deployment. */
export function newsOf(
  report: Pick<WorkloadsReport, 'generation' | 'instances'>,
  known: readonly KnownInstance[],
): ReadonlyMap<Id<'deployment'>, News> {
  const seen = new Map(report.instances.map((instance) => [instance.instanceId, instance]));
  const news = new Map<Id<'deployment'>, News>();
  for (const instance of known) {
    const there = seen.get(instance.instanceId);
    const dismissed = instance.stopGeneration !== null && report.generation >= instance.stopGeneration;
    const sight: Sight = there
      ? { seen: 'there', state: there.state, reason: there.reason, message: there.message }
      : { seen: 'absent', dismissed };
    if (factsOf(instance, sight).length === 0) continue;
    const entry = news.get(instance.deploymentId) ?? { request: instance.request, observations: [] };
    entry.observations.push({ instanceId: instance.instanceId, sight });
    news.set(instance.deploymentId, entry);
  }
  return news;
}
