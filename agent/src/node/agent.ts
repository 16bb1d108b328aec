/** The agent of one node: documents in, reconcilers, reports out. */
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import { networkReportReply, type RuleEndpoint } from '@atoll/schema/node/network';
import { usageSampleMs } from '@atoll/schema/node/usage';
import {
  desiredWorkloads,
  type ReportReply,
  reportReply,
  type WorkloadsReport,
  workloadsPullReply,
} from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { startController } from '@atoll/service/controller';
import type { ReadinessCheck } from '@atoll/service/health';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { AgentConfig } from '../config.ts';
import { asking } from '../link/asking.ts';
import { openDocument } from '../link/document.ts';
import { openLease } from '../link/lease.ts';
import { serveLive } from '../link/live.ts';
import { openNetworkDocument } from '../link/network-document.ts';
import { startNetworkPull } from '../link/network-pull.ts';
import { startPull } from '../link/pull.ts';
import { startReport } from '../link/report.ts';
import { openSequence } from '../link/sequence.ts';
import { followWakes } from '../link/wake.ts';
import { createLogAnswers } from '../logs/answer.ts';
import { forgetLogs, keepLog } from '../logs/keep.ts';
import { shareNetwork } from '../plan/shared.ts';
import { createHolds } from '../reconcile/holds.ts';
import { openMemories } from '../reconcile/memories.ts';
import { createNetworkReconciler } from '../reconcile/network.ts';
import { createOverlayReconciler } from '../reconcile/overlay.ts';
import { createProbing } from '../reconcile/probing.ts';
import { createWorkloadsReconciler } from '../reconcile/workloads.ts';
import { createUsageSampler } from '../usage/sample.ts';
import { liveAnswers } from './answers.ts';
import type { NodeBackend } from './backend.ts';
import { capacityOf } from './capacity.ts';
import { createCauses } from './causes.ts';
import { openIdentity } from './identity.ts';
import { measureNode } from './measures.ts';

const rulesLookMs = 10_000;
/** How soon ulogd is started again that has ended. */
const connectionLogResyncMs = 5000;
/** More often than that: it is seen to be due soon after it is, however often something wakes it. */
/** The name server's file is touched, so that it knows of its agent, and looked after. */
const namesResyncMs = 10_000;
const rulesResyncMs = 2500;
/** Also how soon a change of the node's own address is followed. */
const overlayResyncMs = 5000;
const workloadsResyncMs = 5000;
const probingMs = 250;
/** How soon logs of containers that are gone are forgotten once they may be. */
const endedLogsMs = 30_000;
/** Part of a lease after which it is renewed at the latest; heartbeats do so by themselves where it is long. */
const renewalPart = 1 / 4;
/** Requests that have waited for longer are asked anew when a service says that there is news: it may be another process. */
const unansweredMs = 1000;

export interface Agent {
  readonly checks: Record<string, ReadinessCheck>;
  stop(): Promise<void>;
}

export async function startAgent(options: {
  config: AgentConfig;
  backend: NodeBackend;
  nc: NatsConnection;
  log: Logger;
}): Promise<Agent> {
  const { config, backend, nc, log } = options;
  const { runtime, wiring, names } = backend;
  const nodeId = config.ATOLL_NODE_ID;
  const stateDir = config.ATOLL_STATE_DIR;

  const file = (name: string) => join(stateDir, name);
  const documents = {
    workloads: await openDocument({ path: file('workloads.json'), schema: desiredWorkloads, nodeId, log }),
    network: await openNetworkDocument({ path: file('network.json'), nodeId, share: shareNetwork, log }),
  };
  const sequence = await openSequence(stateDir, Date.now(), log);
  const memories = await openMemories(stateDir, log);
  const identity = await openIdentity(stateDir, log);

  /** Why another agent is taken for this node and this one isn't; null while it is, and until it is known. */
  let refused: string | null = null;
  function answered(why: string | null): void {
    if (why !== null && why !== refused)
      log.error({ reason: why }, 'this agent is not taken for its node, and stands back');
    const again = why === null && refused !== null;
    refused = why;
    if (!again) return;
    log.info('this agent is taken for its node again');
    for (const one of [networkController, overlayController, workloadsController, namesController]) one.wake();
  }
  /** Whoever isn't taken for the node changes nothing on the machine: what is there stays. */
  const unlessRefused = (reconcile: () => Promise<void>) => async () => {
    if (refused === null) await reconcile();
  };

  const causes = { workloads: createCauses(), network: createCauses() };

  const network = await createNetworkReconciler({
    causes: causes.network,
    nodeId,
    stateDir,
    desired: documents.network.current,
    backend: backend.rules,
    lookEveryMs: rulesLookMs,
    wake: () => networkController.wake(),
    underlay: backend.underlay.current,
    ways: { laidSince: (document) => overlay.laidSince(document), problem: () => overlay.problem() },
    outside: config.ATOLL_PUBLIC_INTERFACE !== undefined,
    log,
    changed() {
      namesController.wake();
      connectionLogController.wake();
      overlayController.wake();
      networkReport.wake();
      workloadsController.wake();
    },
  });

  let endpointsOf: { generation: number; endpoints: ReadonlyMap<Id<'instance'>, RuleEndpoint> } | undefined;
  function endpoints(): ReadonlyMap<Id<'instance'>, RuleEndpoint> {
    const document = documents.network.current();
    if (endpointsOf === undefined || endpointsOf.generation !== document?.generation) {
      const all = document?.rules.endpoints ?? [];
      endpointsOf = {
        generation: document?.generation ?? -1,
        endpoints: new Map(all.map((endpoint) => [endpoint.instanceId, endpoint])),
      };
    }
    return endpointsOf.endpoints;
  }

  const lease = await openLease({
    stateDir,
    generation: documents.workloads.generation,
    changed: () => workloadsController.wake(),
    log,
  });
  const isFenced = () => documents.workloads.current()?.instances.some((one) => one.fenced) ?? false;
  let sentAt = 0;
  let renewal: NodeJS.Timeout | undefined;
  /** The answer to the report that was sent at `sentAt`. */
  function leased({ leaseMs, generation: of }: ReportReply): void {
    if (leaseMs === null) return;
    lease.given({ sentAt, leaseMs, generation: of }).catch((error: unknown) => {
      log.error({ err: error }, 'the lease could not be kept: what is fenced ends with the one before');
    });
    clearTimeout(renewal);
    renewal = setTimeout(() => workloadsReport.wake(), leaseMs * renewalPart).unref();
  }

  const holds = createHolds(() => {
    const document = documents.network.current();
    return document === null ? null : new Set(document.rules.serving);
  });
  const workloads = createWorkloadsReconciler({
    heldUntil: holds.heldUntil,
    lease: lease.state,
    causes: causes.workloads,
    runtime,
    wiring,
    memories,
    names,
    log,
    workloads: documents.workloads.current,
    endpoints,
    secured: network.secured,
    wake: () => workloadsController.wake(),
    changed: () => workloadsReport.wake(),
    async ending(owner, container) {
      const [ended, path] = await Promise.all([runtime.endedLogs(), runtime.logPath(container)]);
      await keepLog({ ended, owner, path, now: Date.now(), log });
    },
  });
  const probing = createProbing({
    pods: workloads.pods,
    memories,
    probeAll: backend.probeAll,
    run: runtime.run,
    refresh: workloads.refresh,
    decided: () => workloadsController.wake(),
    log,
  });

  const namesController = startController({
    name: 'names',
    resyncMs: namesResyncMs,
    log,
    reconcile: unlessRefused(() => backend.nameServer.ensure(network.inForce())),
  });
  const connectionLogController = startController({
    name: 'connection log',
    resyncMs: connectionLogResyncMs,
    log,
    reconcile: () => backend.connectionLog.ensure(network.inForce()),
  });
  const usage = createUsageSampler({ runtime, pods: workloads.seen });
  const usageController = startController({
    name: 'usage',
    resyncMs: usageSampleMs,
    log,
    reconcile: usage.sample,
  });
  const endedLogsController = startController({
    name: 'ended logs',
    resyncMs: endedLogsMs,
    log,
    async reconcile() {
      const pods = workloads.seen();
      if (pods === null) return;
      const there = new Set(pods.map(({ instanceId }) => instanceId));
      await forgetLogs(await runtime.endedLogs(), there, Date.now());
    },
  });
  const networkController = startController({
    name: 'rules',
    resyncMs: rulesResyncMs,
    log,
    reconcile: unlessRefused(network.reconcile),
  });
  const overlay = createOverlayReconciler({
    underlay: backend.underlay,
    tunnel: backend.tunnel,
    inForce: () => (network.secured() === null ? null : network.inForce()),
    changed: () => networkReport.wake(),
    log,
  });
  const overlayController = startController({
    name: 'overlay',
    resyncMs: overlayResyncMs,
    log,
    reconcile: unlessRefused(overlay.reconcile),
  });
  const workloadsController = startController({
    name: 'workloads',
    resyncMs: workloadsResyncMs,
    log,
    reconcile: unlessRefused(workloads.reconcile),
  });
  const probingController = startController({
    name: 'probing',
    resyncMs: probingMs,
    log,
    reconcile: probing.reconcile,
  });

  const asks = {
    workloads: {
      pull: asking(nc, nodeSubjects.workloadsPull(nodeId), log),
      report: asking(nc, nodeSubjects.workloadsReport(nodeId), log),
    },
    network: {
      pull: asking(nc, nodeSubjects.networkPull(nodeId), log),
      report: asking(nc, nodeSubjects.networkReport(nodeId), log),
    },
  };
  const workloadsPull = startPull({
    name: 'workloads',
    ask: asks.workloads.pull,
    reply: workloadsPullReply,
    document: documents.workloads,
    changed() {
      workloadsController.wake();
      lease.fetched().catch((error: unknown) => log.error({ err: error }, 'the lease could not be kept'));
      if (isFenced() && lease.state().is !== 'HELD') workloadsReport.wake();
    },
    log,
  });
  const networkPull = startNetworkPull({
    ask: asks.network.pull,
    document: documents.network,
    changed() {
      networkController.wake();
      workloadsController.wake();
    },
    log,
  });

  function buildReport(): WorkloadsReport | null {
    const instances = workloads.report();
    if (instances === null) return null;
    sentAt = lease.now();
    return {
      nodeId,
      name: config.ATOLL_NODE_NAME,
      runtime: runtime.kind,
      capacity: capacityOf(config),
      maxInstances: config.ATOLL_MAX_INSTANCES,
      generation: documents.workloads.generation(),
      sequence: sequence(),
      instances,
      agent: identity,
    };
  }
  const workloadsReport = startReport({
    name: 'workloads report',
    ask: asks.workloads.report,
    build: buildReport,
    reply: reportReply,
    taken(reply) {
      answered(reply.refused);
      leased(reply);
    },
    causes: causes.workloads,
    generation: documents.workloads.generation,
    pull: workloadsPull.wake,
    log,
  });
  const networkReport = startReport({
    name: 'network report',
    ask: asks.network.report,
    build() {
      const report = network.report();
      return report && { ...report, agent: identity };
    },
    reply: networkReportReply,
    taken: overlay.answered,
    causes: causes.network,
    generation: documents.network.generation,
    pull: networkPull.wake,
    log,
  });

  const topics = {
    workloads: { pull: workloadsPull, report: workloadsReport },
    network: { pull: networkPull, report: networkReport },
  };
  const wakes = followWakes({
    nc,
    node: nodeId,
    wake(topic, why) {
      const olderThanMs = why === 'lost' ? 0 : unansweredMs;
      asks[topic].pull.giveUp(olderThanMs);
      if (asks[topic].report.giveUp(olderThanMs)) topics[topic].report.wake();
      topics[topic].pull.wake();
    },
    log,
  });
  const watch = runtime.watch(() => workloadsController.wake());
  const logs = createLogAnswers({ runtime, pods: workloads.seen });
  const answers = liveAnswers({
    usage: usage.usage,
    runtime,
    pods: workloads.pods,
    processes: workloads.processes,
    rules: network.inForce,
    nodeId,
    counted: backend.rules,
    connectionLog: backend.connectionLog.read,
    logs: logs.logs,
  });
  const live = serveLive({ nc, node: nodeId, answers, log });
  measureNode({ runtime, pods: workloads.pods, instances: () => workloads.report() ?? [] });

  return {
    checks: {
      agent: async () => refused,
      runtime: async () => workloads.runtimeError(),
      rules: async () => {
        const report = network.report();
        return report === null ? 'not seen yet whether the rules are in force' : (report.error?.message ?? null);
      },
      names: async () => backend.nameServer.problem(),
    },
    async stop() {
      watch.stop();
      wakes.stop();
      logs.stop();
      lease.stop();
      clearTimeout(renewal);
      const controllers = [workloadsPull, networkPull, workloadsReport, networkReport];
      await Promise.all([live.stop(), ...controllers.map((controller) => controller.stop())]);
      await Promise.all(
        [
          ...[probingController, workloadsController, overlayController],
          ...[networkController, namesController, connectionLogController, endedLogsController, usageController],
        ].map((one) => one.stop()),
      );
      await backend.connectionLog.stop();
      await Promise.all([workloads.idle(), probing.idle()]);
    },
  };
}
