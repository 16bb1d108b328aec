/**
 * The configuration of the local nats-server: who may say and hear what. Pure.
 *
 * Everybody hears only its own inbox and its own subjects; replies go where a request came from (allow_responses). A
 * service manages the stream of its own context, and reads the others.
 */
import { type Context, contexts } from '@atoll/schema/contexts';
import type { Id } from '@atoll/schema/ids';
import {
  dataKeySubject,
  eventFetchSubject,
  eventStream,
  eventSubjects,
  eventWakeSubject,
  holdingsSubject,
  nodeSubjects,
  readRemainsSubject,
} from '@atoll/schema/subjects';

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Reach beyond an account in servers before 2.10.27 and 2.11.1 (GHSA-fhg8-qxh5-7q3w); nobody of ours needs them. */
const dangerous = ['$JS.API.ACCOUNT.PURGE.>', '$JS.API.SERVER.REMOVE', '$JS.API.ACCOUNT.STREAM.MOVE.>'];

/** Readers of streams: look, make consumers, pull, acknowledge. */
const reading = [
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.STREAM.MSG.GET.*',
  '$JS.API.DIRECT.GET.>',
  '$JS.API.CONSUMER.>',
  '$JS.ACK.>',
  '$JS.FC.>',
];

const ownStream = (context: Context) => [
  eventSubjects(context),
  ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE'].map(
    (verb) => `$JS.API.STREAM.${verb}.${eventStream(context)}`,
  ),
];

const asksOwners = contexts.map(eventFetchSubject);

/** Owners of personal data, and who opens it: the gateway, for the read models that show it. */
const keyOwners: readonly Context[] = ['tenancy'];

/** What each context does beyond what all contexts do. */
const special: Record<Context, Pick<NatsUser, 'publish' | 'subscribe'>> = {
  tenancy: { publish: [...contexts.map(holdingsSubject), readRemainsSubject], subscribe: [] },
  deploy: { publish: ['node.*.wake'], subscribe: [nodeSubjects.workloadsPull('*'), nodeSubjects.workloadsReport('*')] },
  network: {
    publish: ['node.*.wake', nodeSubjects.counters('*'), nodeSubjects.connectionLog('*')],
    subscribe: [nodeSubjects.networkPull('*'), nodeSubjects.networkReport('*')],
  },
};

function contextUser(context: Context, password: string): NatsUser {
  const { publish, subscribe } = special[context];
  /** Between the processes of one context: who appends tells the one that publishes. */
  const wake = eventWakeSubject(context);
  return {
    user: context,
    password,
    publish: ['cmd.>', ...asksOwners, wake, ...ownStream(context), ...reading, ...publish],
    subscribe: [
      `_INBOX_${context}.>`,
      `cmd.${context}.>`,
      eventFetchSubject(context),
      holdingsSubject(context),
      wake,
      ...keyOwners.filter((owner) => owner === context).map(dataKeySubject),
      ...subscribe,
    ],
  };
}

function gatewayUser(password: string): NatsUser {
  return {
    user: 'gateway',
    password,
    publish: ['cmd.>', ...asksOwners, ...keyOwners.map(dataKeySubject), ...reading, 'node.*.live.>', 'log.>'],
    subscribe: ['_INBOX_gateway.>', 'log.>', readRemainsSubject],
  };
}

/** A node: its own subjects and its own inbox, and nothing of any other node's. */
function nodeUser(id: Id<'node'>, password: string): NatsUser {
  const own = [`node.${id}.>`, `_INBOX_node_${id}.>`];
  return { user: id, password, publish: own, subscribe: own };
}

export const ADMIN = 'admin';

export function natsUsers(nodes: readonly Id<'node'>[], password: (user: string) => string): readonly NatsUser[] {
  return [
    { user: ADMIN, password: password(ADMIN), publish: ['>'], subscribe: ['>'] },
    ...contexts.map((context) => contextUser(context, password(context))),
    gatewayUser(password('gateway')),
    ...nodes.map((id) => nodeUser(id, password(id))),
  ];
}

const list = (subjects: readonly string[]) => `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;

function renderUser({ user, password, publish, subscribe }: NatsUser): string {
  return `    {
      user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}
      permissions: {
        publish: { allow: ${list(publish)}, deny: ${list(dangerous)} }
        subscribe: { allow: ${list(subscribe)} }
        allow_responses: { max: 1, expires: "2m" }
      }
    }`;
}

export function renderNatsConfig(options: { port: number; storeDir: string; users: readonly NatsUser[] }): string {
  return `# Written at every start.
server_name: atoll-local
listen: "127.0.0.1:${options.port}"
max_payload: 4MB
jetstream {
  store_dir: ${JSON.stringify(options.storeDir)}
  max_memory_store: 256MB
  max_file_store: 16GB
}
authorization {
  timeout: 5
  users: [
${options.users.map(renderUser).join('\n')}
  ]
}
`;
}
