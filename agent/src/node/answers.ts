/** Answers to live questions, from the newest look at the node. */
import { processesOf } from '@atoll/schema/deploy/processes';
import type { Id } from '@atoll/schema/ids';
import type { ConnectionLogReply, ConnectionLogRequest } from '@atoll/schema/node/connection-log';
import type { CountersReply, CountersRequest } from '@atoll/schema/node/counters';
import type { ProbeReply, ProbeRequest } from '@atoll/schema/node/live';
import type { LogsReply, LogsRequest } from '@atoll/schema/node/logs';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { ProcessesReply, ProcessesRequest, ProcessState } from '@atoll/schema/node/processes';
import type { UsageReply, UsageRequest } from '@atoll/schema/node/usage';
import type { ConnectionLogKeeper } from '../connection-log/keep.ts';
import type { LogAnswers } from '../logs/answer.ts';
import { createJudge } from '../plan/judge.ts';
import { type Pod, specOf } from '../plan/pod.ts';
import { probeFrom } from '../probe/prober.ts';
import { canonicalMember } from '../render/set.ts';
import type { RuleBackend } from '../rules/backend.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { UsageSampler } from '../usage/sample.ts';

export interface LiveAnswers {
  probe(request: ProbeRequest): Promise<ProbeReply>;
  logs(request: LogsRequest): Promise<LogsReply>;
  processes(request: ProcessesRequest): Promise<ProcessesReply>;
  counters(request: CountersRequest): Promise<CountersReply>;
  connectionLog(request: ConnectionLogRequest): Promise<ConnectionLogReply>;
  usage(request: UsageRequest): Promise<UsageReply>;
}

interface Sources {
  readonly runtime: Runtime;
  readonly pods: () => readonly Pod[];
  readonly processes: (instance: Id<'instance'>) => ProcessState[] | null;
  readonly rules: () => DesiredNetwork | null;
  readonly nodeId: Id<'node'>;
  readonly counted: Pick<RuleBackend, 'counters' | 'leftOut'>;
  readonly connectionLog: ConnectionLogKeeper['read'];
  readonly logs: LogAnswers['logs'];
  readonly usage: UsageSampler['usage'];
}

const nothing = { millis: 0, httpStatus: null, httpBody: null };

export function liveAnswers(sources: Sources): LiveAnswers {
  const { runtime, pods } = sources;
  const podOf = (instance: Id<'instance'>) => pods().find((pod) => pod.instanceId === instance);
  return {
    async probe(request) {
      const simulated = runtime.kind === 'simulated';
      const pod = podOf(request.from);
      if (pod?.app?.state !== 'RUNNING' || pod.sandbox?.state !== 'RUNNING') {
        return { ...nothing, outcome: 'NOT_RUNNING', simulated };
      }
      if (simulated) return { ...nothing, outcome: simulatedOutcome(pod, request, sources), simulated };
      const { address, port, protocol, path, timeoutMs } = request;
      const [result] = await probeFrom(pod.sandbox.netns, [{ address, port, protocol, path, timeoutMs }]);
      if (result === undefined) throw new Error('a probe of one target has one result');
      return { ...result, simulated };
    },
    async processes({ instances }) {
      return { instances: instances.map((instance) => sources.processes(instance)) };
    },
    async counters({ policies }) {
      return { nodeId: sources.nodeId, ...(await sources.counted.counters(new Set(policies))) };
    },
    async connectionLog(request) {
      // What was counted is logged by then, not the other way round.
      const leftOut = await sources.counted.leftOut(new Set(request.policies));
      return { nodeId: sources.nodeId, leftOut, ...sources.connectionLog(request) };
    },
    logs: sources.logs,
    usage: sources.usage,
  };
}

/** What the rules say would happen. Where the other end isn't on this node, nobody can say whether something listens. */
function simulatedOutcome(from: Pod, { address, port }: ProbeRequest, { pods, rules }: Sources): ProbeReply['outcome'] {
  const network = rules();
  if (network === null || from.endpoint === null) return 'TIMED_OUT';
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const flow = { family, protocol: 'TCP', source: from.endpoint[family], destination: address, port } as const;
  if (!createJudge(network).allows(flow)) return 'TIMED_OUT';
  const to = pods().find((pod) => pod.endpoint && canonicalMember(pod.endpoint[family]) === canonicalMember(address));
  if (to?.app?.state !== 'RUNNING') return 'TIMED_OUT';
  const spec = specOf(to);
  const ports = spec === null ? [] : processesOf(spec).flatMap((process) => process.ports);
  return ports.some((open) => open.port === port && open.protocol === 'TCP') ? 'CONNECTED' : 'REFUSED';
}
