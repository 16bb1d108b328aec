/**
 * Takes what agents report and turns what is new in it into facts. A report is the whole of what is on its node, so that
 * one that is lost costs nothing but time: the next says it again.
 *
 * The reports of one node are taken one at a time and in the order of their sequence, over all processes of the service:
 * whoever takes one holds the node's row of `node_hearing`. Without that, an older report could be written over a newer
 * one, and an instance count as ready that isn't.
 */
import { handleCommand } from '@atoll/events/store';
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import type { Id } from '@atoll/schema/ids';
import { agentSilentSeconds, contested } from '@atoll/schema/node/agents';
import { type ReportReply, type WorkloadsReport, workloadsReport } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import { withSpan } from '@atoll/service/spans';
import type { PoolClient } from 'pg';
import { eachBounded } from '../bounded.ts';
import { MOST_AT_ONCE } from '../domain/advance.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { type NodeFacts, nodeDecider, sameFacts } from '../domain/node.ts';
import { factsOf, type Observation, type Sight } from '../domain/observe.ts';
import { deploymentStream, nodeStream } from '../domain/streams.ts';
import { aboutNode, following } from '../origin.ts';
import { readGeneration } from './documents.ts';
import { type KnownInstance, readNodeFacts, readNodeInstances } from './known.ts';
import { type Losing, lose, readLoss } from './losing.ts';
import { faultyBody, nodeOfSubject } from './subject.ts';

/** Each report that is being taken holds a connection of its own; the pool must have more than that. */
export const REPORTS_AT_ONCE = 6;
const COMMANDS_AT_ONCE = 8;
/** A sequence that starts anew is believed after so long a silence: an agent whose own state was lost isn't lost, too. */
const FORGET_SEQUENCE_SECONDS = 30;
/** For the tables to have what was lost; beyond it the report isn't taken, and the next one tries again. */
const SETTLE_MS = 4000;

interface Needs extends Losing {
  /** For what is fenced, with each report. */
  readonly leaseMs: number;
  /** Our tables have everything that was committed before; false where they don't by the deadline. */
  readonly caughtUp: (deadline: number) => Promise<boolean>;
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
      const { refused, leaseMs } = await withSpan(
        'take workloads report',
        { kind: 'server', traceparent, attributes: { 'atoll.node': nodeId } },
        () => takeReport(options, report.data),
      );
      if (refused !== null) log.warn({ nodeId, agent: report.data.agent, refused }, 'two agents are one node');
      // Read after the lease was given: it is for a document that has all that was lost before.
      return { generation: await readGeneration(options.pool, nodeId), refused, leaseMs };
    },
  );
}

type Taken = Pick<ReportReply, 'refused' | 'leaseMs'>;

/** `refused`: null where it was taken, or is older than one that was; else why not. */
async function takeReport(needs: Needs, report: WorkloadsReport): Promise<Taken> {
  const tx = await needs.pool.connect();
  let broken: unknown;
  try {
    await tx.query('begin');
    const newest = await takeTurn(tx, report, needs.leaseMs);
    if (newest?.lost) await settleLoss(tx, needs, report.nodeId);
    if (newest) {
      await hear(needs, report);
      await observeAll(needs, report);
    }
    const refused = newest ? null : await anotherAgent(tx, report);
    await tx.query('commit');
    return { refused, leaseMs: newest?.lease_ms ?? null };
  } catch (error) {
    broken = error;
    throw error;
  } finally {
    // After an error the connection goes, and with it the transaction and its lock.
    tx.release(broken !== undefined);
  }
}

interface Turn {
  /** What it is answered with; null where nothing fenced is on the node. */
  readonly lease_ms: number | null;
  /** It counts as lost since it was heard of last. */
  readonly lost: boolean;
}

/**
 * Locks the node's row and moves its sequence on; null for a report that comes after a newer one, or from an agent that isn't the one
 * that was heard of lately, or that may still hold a lease.
 */
async function takeTurn(tx: PoolClient, { nodeId, sequence, agent }: WorkloadsReport, leaseMs: number) {
  const { rows } = await tx.query<Turn>({
    name: 'deploy-hear',
    text: `
      insert into deploy.node_hearing as h (node_id, heard_at, sequence, agent_id, agent_host, lease_ms)
        values ($1, clock_timestamp(), $2, $4, $5, case when $4::text is not null and exists (
          select from deploy.instance i join deploy.deployment d using (deployment_id) where i.node_id = $1 and d.fenced)
          then $7::int end)
      on conflict (node_id) do update set heard_at = excluded.heard_at, sequence = excluded.sequence,
        agent_id = excluded.agent_id, agent_host = excluded.agent_host, lease_ms = excluded.lease_ms
      where (h.sequence < excluded.sequence or h.heard_at < clock_timestamp() - make_interval(secs => $3))
        and (case when h.lease_ms is null then coalesce(h.agent_id = excluded.agent_id, true)
            else h.agent_id is not distinct from excluded.agent_id end
          or h.heard_at < clock_timestamp() - make_interval(secs => greatest($6, coalesce(h.lease_ms, 0) * $8::float8 / 1000)))
      returning h.lease_ms, h.lost`,
    values: [
      ...[nodeId, sequence, FORGET_SEQUENCE_SECONDS, agent?.id ?? null, agent?.host ?? null],
      ...[agentSilentSeconds, leaseMs, LEASE_MARGIN],
    ],
  });
  return rows[0] ?? null;
}

/** Before it gets a lease again: all that it ran is written down as lost, and its document is without it. */
async function settleLoss(tx: PoolClient, needs: Needs, nodeId: Id<'node'>): Promise<void> {
  await lose(needs, nodeId, 'It counted as lost when it was heard of again.', await readLoss(needs.pool, nodeId));
  if (!(await needs.caughtUp(Date.now() + SETTLE_MS))) throw new Error(`${nodeId}: its loss isn't in the tables yet`);
  await tx.query({
    name: 'deploy-found',
    text: 'update deploy.node_hearing set lost = false where node_id = $1',
    values: [nodeId],
  });
}

/** Why another agent's reports of the node are taken and not this one's; null where they are the same. */
async function anotherAgent(tx: PoolClient, { nodeId, agent }: WorkloadsReport): Promise<string | null> {
  const { rows } = await tx.query<{ host: string; seconds: number; after: number }>({
    name: 'deploy-other-agent',
    text: `
      select agent_host as host, extract(epoch from clock_timestamp() - heard_at)::float8 as seconds,
        greatest($3, ceil(coalesce(lease_ms, 0) * $4::float8 / 1000))::int as after
      from deploy.node_hearing where node_id = $1 and agent_id is distinct from $2 and agent_id is not null`,
    values: [nodeId, agent?.id ?? null, agentSilentSeconds, LEASE_MARGIN],
  });
  const [other] = rows;
  return other === undefined ? null : contested(nodeId, other, other.after);
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
