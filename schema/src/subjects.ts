/** Every NATS subject and stream name, spelled once. Tokens are ids and fixed words only: no text of a tenant's own. */
import type { Context } from './contexts.ts';
import type { EventRecord } from './envelope.ts';
import type { Id } from './ids.ts';

export const commandSubject = (context: Context, command: string) => `cmd.${context}.${command}`;
export const commandQueue = (context: Context) => `cmd-${context}`;

/** JetStream stream with the events of one context. */
export const eventStream = (context: Context) => `EVENTS_${context.toUpperCase()}`;
export const eventSubjects = (context: Context) => `evt.${context}.>`;
/** `evt.<context>.<tenant>.<stream kind>.<stream id>.<Type>` */
export const eventSubject = (event: Pick<EventRecord, 'context' | 'tenant' | 'stream' | 'type'>) =>
  `evt.${event.context}.${event.tenant}.${event.stream.replace(':', '.')}.${event.type}`;

/** Request {after, limit} → the owner's events from PostgreSQL: how a consumer closes a gap. */
export const eventFetchSubject = (context: Context) => `fetch.${context}.events`;
/** Request of `holdingsRequest` (tenancy/quotas.ts) → what the context's holders hold of the quotas. */
export const holdingsSubject = (context: Context) => `fetch.${context}.holdings`;
/** A process of the context → its others: something new was appended. Body: a random name of the process, that it knows its own by. */
export const eventWakeSubject = (context: Context) => `fetch.${context}.wake`;

/** Request {keys: [id]} → the keys of personal data in the context's events, for those who may open it. */
export const dataKeySubject = (context: Context) => `key.${context}.data`;

/** What an agent asks of and tells to the services; `node` may be `*` for the service's subscription. */
export const nodeSubjects = {
  workloadsPull: (node: Id<'node'> | '*') => `node.${node}.workloads.pull`,
  workloadsReport: (node: Id<'node'> | '*') => `node.${node}.workloads.report`,
  networkPull: (node: Id<'node'> | '*') => `node.${node}.network.pull`,
  networkReport: (node: Id<'node'> | '*') => `node.${node}.network.report`,
  /** Service → agent: something newer is there to pull. Body: {topic: 'workloads' | 'network'}. */
  wake: (node: Id<'node'>) => `node.${node}.wake`,
  /** Gateway → agent: live questions that no read model answers. */
  probe: (node: Id<'node'>) => `node.${node}.live.probe`,
  logs: (node: Id<'node'>) => `node.${node}.live.logs`,
  usage: (node: Id<'node'>) => `node.${node}.live.usage`,
  /** Gateway → agent: `processesRequest` (node/processes.ts) → how the processes of instances fare. */
  processes: (node: Id<'node'>) => `node.${node}.live.processes`,
  /** Network service → agent: `countersRequest` (node/counters.ts) → how often rules have decided. */
  counters: (node: Id<'node'> | '*') => `node.${node}.live.counters`,
  /** Network service → agent: `connectionLogRequest` (node/connection-log.ts) → connections that rules have decided about. */
  connectionLog: (node: Id<'node'> | '*') => `node.${node}.live.connection-log`,
} as const;

/** Request → how much of a tenant or an environment the read models still have: the proof at the end of a deletion. */
export const readRemainsSubject = 'remains.read';

/** Gateway → gateways: the log of a tenant has grown. Body: {cursor}. */
export const tenantLogSubject = (tenant: string) => `log.${tenant}`;
/** Gateway → gateways: who may do what in a tenant has changed. No body. */
export const accessSubject = (tenant: string) => `log.${tenant}.access`;
