/**
 * An agent says what is in force on its node. A report is believed only by the hash that was served for its generation:
 * what this service didn't compile secures nothing and confirms nothing.
 *
 * Repeats and concurrent reports are harmless: an endpoint is secured once by its own state, a receipt is given once
 * under an idempotency key of (policy, revision, node), and an applied generation never goes back.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import {
  type DesiredNetwork,
  type NetworkReport,
  type NetworkReportReply,
  networkReport,
} from '@atoll/schema/node/network';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import { withSpan } from '@atoll/service/spans';
import type { Pool } from 'pg';
import { requireClaim } from '../domain/claims.ts';
import { endpoint, endpointStream } from '../domain/endpoint.ts';
import { type PlatformPolicyEvent, platformPolicyStream } from '../domain/platform-policy.ts';
import { type PolicyEvent, policyStream } from '../domain/policy.ts';
import { originBecauseOf } from '../origin.ts';
import { type BadRequest, badRequest, nodeOfSubject, nodeQueue } from './pull.ts';
import type { Reachability } from './reachability.ts';
import {
  anotherAgent,
  isProgress,
  type NewlyEnforced,
  newlyEnforced,
  storeReport,
  type UnsecuredEndpoint,
  unsecuredEndpoints,
  wasServed,
} from './receipts.ts';
import { connectNode } from './underlay.ts';

type Applied = NonNullable<NetworkReport['applied']>;

interface ReportOptions {
  readonly nc: NatsConnection;
  readonly pool: Pool;
  readonly store: EventStore;
  readonly pools: DesiredNetwork['pools'];
  readonly reachability: Reachability;
  readonly log: Logger;
  /** A node has confirmed that addresses are gone from it. */
  readonly onConfirmed: () => void;
  /** A node has said which generation is in force on it, and that is stored. */
  readonly onReported: () => void;
}

async function secure(store: EventStore, nodeId: Id<'node'>, one: UnsecuredEndpoint, applied: Applied): Promise<void> {
  const outcome = await handleCommand(store, {
    decider: endpoint,
    stream: endpointStream(one.instanceId),
    command: { kind: 'secure', generation: applied.generation, hash: applied.hash, enforcedAt: applied.at },
    origin: originBecauseOf(one, `node:${nodeId}`),
  });
  if (!outcome.ok) throw new Error(`${one.instanceId} can't be secured: ${outcome.rejection.message}`);
}

/**
 * Receipts of one policy come from many nodes at once and don't depend on each other, so no version is expected: the
 * key lets each in once, and the claim none after the policy of a tenant was deleted. Of the platform's one may come later: it says
 * what was so, and nothing is kept of it.
 */
async function giveReceipt(store: EventStore, nodeId: Id<'node'>, one: NewlyEnforced, applied: Applied): Promise<void> {
  const { policyId, revision, hash } = one;
  const proof = { revision, nodeId, generation: applied.generation, hash, enforcedAt: applied.at };
  const ofTenant = one.tier === 'TENANT';
  const event: PolicyEvent | PlatformPolicyEvent = ofTenant
    ? { type: 'PolicyEnforced', data: { policyId: one.policyId, namespaceId: one.namespaceId, ...proof } }
    : { type: 'PlatformPolicyEnforced', data: { platformPolicyId: one.policyId, ...proof } };
  // A conflict of the claim says that the policy is gone: then there is nothing to tell.
  await store.append({
    stream: ofTenant ? policyStream(policyId) : platformPolicyStream(policyId),
    expected: { kind: 'any' },
    events: [event],
    claims: ofTenant ? [requireClaim('policy', policyId)] : [],
    origin: originBecauseOf(one, `node:${nodeId}`),
    idempotency: { key: `enforced:${policyId}:${revision}:${nodeId}`, request: { policyId, revision, nodeId } },
  });
}

async function believe({ pool, store }: ReportOptions, nodeId: Id<'node'>, applied: Applied) {
  if (!(await wasServed(pool, nodeId, applied))) return false;
  const [unsecured, enforced] = await Promise.all([
    unsecuredEndpoints(pool, nodeId, applied.generation),
    newlyEnforced(pool, nodeId, applied.generation),
  ]);
  // One batch of the store, all of them.
  await Promise.all([
    ...unsecured.map((one) => secure(store, nodeId, one, applied)),
    ...enforced.map((one) => giveReceipt(store, nodeId, one, applied)),
  ]);
  return true;
}

async function newestGeneration(pool: Pool, nodeId: Id<'node'>): Promise<number> {
  const { rows } = await pool.query<{ generation: number }>(
    'select generation from network.node_document where node_id = $1',
    [nodeId],
  );
  return rows[0]?.generation ?? 0;
}

async function handleReport(options: ReportOptions, report: NetworkReport): Promise<NetworkReportReply> {
  const { pool, log } = options;
  const { nodeId, applied, error } = report;
  const other = await anotherAgent(pool, report);
  if (other !== null) {
    log.warn({ nodeId, agent: report.agent, refused: other }, 'two agents are one node');
    return { generation: await newestGeneration(pool, nodeId), refused: other };
  }
  if (error) log.warn({ nodeId, ...error }, 'a node could not apply its rules');

  const believed = applied !== null && (await believe(options, nodeId, applied));
  if (applied && !believed) {
    log.warn({ nodeId, ...applied }, 'a node reports rules that it was not served; the report is not believed');
  }
  const progress = believed && (await isProgress(pool, nodeId, applied.generation));
  await storeReport(pool, nodeId, believed ? applied : null, error, report.outside);
  if (progress) options.onConfirmed();
  options.onReported();
  const refused = await connectNode(options, nodeId, report.underlay);
  if (refused !== null) log.warn({ nodeId, refused }, 'a node is not connected to the others');
  return { generation: await newestGeneration(pool, nodeId), refused };
}

export function serveReport(options: ReportOptions): { stop(): Promise<void> } {
  const { nc, log } = options;
  return serveJson(
    nc,
    { subject: nodeSubjects.networkReport('*'), queue: nodeQueue, log },
    async (body, subject): Promise<NetworkReportReply | BadRequest> => {
      const report = networkReport.safeParse(body);
      if (!report.success) return badRequest(report.error.message);
      if (report.data.nodeId !== nodeOfSubject(subject)) return badRequest('A node reports for itself only.');
      const { traceparent = null, nodeId } = report.data;
      return withSpan(
        'take network report',
        { kind: 'server', traceparent, attributes: { 'atoll.node': nodeId } },
        () => handleReport(options, report.data),
      );
    },
  );
}
