/** Live questions of the gateway: answered from the node as it is. */
import type { Id } from '@atoll/schema/ids';
import { type ConnectionLogReply, connectionLogRequest } from '@atoll/schema/node/connection-log';
import { type CountersReply, countersRequest } from '@atoll/schema/node/counters';
import { type ProbeReply, probeRequest } from '@atoll/schema/node/live';
import { type LogsReply, logsRequest } from '@atoll/schema/node/logs';
import { type ProcessesReply, processesRequest } from '@atoll/schema/node/processes';
import { type UsageReply, usageRequest } from '@atoll/schema/node/usage';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { LiveAnswers } from '../node/answers.ts';

/** A probe is a process of its own: a few at once, so that questions don't starve the node. */
const concurrency = 8;
/** Who asks for logs may wait for lines. What that costs is bounded where they are read. */
const logsAtOnce = 1024;

export function serveLive(options: { nc: NatsConnection; node: Id<'node'>; answers: LiveAnswers; log: Logger }): {
  stop(): Promise<void>;
} {
  const { nc, node, answers, log } = options;
  const probes = serveJson(
    nc,
    { subject: nodeSubjects.probe(node), concurrency, log },
    async (body): Promise<ProbeReply> => answers.probe(probeRequest.parse(body)),
  );
  const logs = serveJson(
    nc,
    { subject: nodeSubjects.logs(node), concurrency: logsAtOnce, log },
    async (body): Promise<LogsReply> => answers.logs(logsRequest.parse(body)),
  );
  const usage = serveJson(
    nc,
    { subject: nodeSubjects.usage(node), concurrency, log },
    async (body): Promise<UsageReply> => answers.usage(usageRequest.parse(body)),
  );
  const processes = serveJson(
    nc,
    { subject: nodeSubjects.processes(node), concurrency, log },
    async (body): Promise<ProcessesReply> => answers.processes(processesRequest.parse(body)),
  );
  const counters = serveJson(
    nc,
    { subject: nodeSubjects.counters(node), concurrency, log },
    async (body): Promise<CountersReply> => answers.counters(countersRequest.parse(body)),
  );
  const connections = serveJson(
    nc,
    { subject: nodeSubjects.connectionLog(node), concurrency, log },
    async (body): Promise<ConnectionLogReply> => answers.connectionLog(connectionLogRequest.parse(body)),
  );
  return {
    async stop() {
      await Promise.all([probes, logs, usage, processes, counters, connections].map((one) => one.stop()));
    },
  };
}
