/**
 * Live question to an agent: which new connections the rules of some policies have decided about on its node. Kept are those of
 * policies with `log`, the newest, in memory: the node's part of a tenant's connection log.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { ruleActions, rulePolicyId } from './network.ts';

/** Policies asked about at once. */
export const mostLoggedPolicies = 1000;
/** Connections told at once. */
export const mostLoggedConnections = 100;

export const connectionLogRequest = z.strictObject({
  policies: z.array(rulePolicyId).min(1).max(mostLoggedPolicies),
  /** Only what began at or after it. */
  since: z.iso.datetime().nullable(),
  first: z.number().int().min(1).max(mostLoggedConnections),
});
export type ConnectionLogRequest = z.infer<typeof connectionLogRequest>;

/** OTHER: none of those that rules can name. */
export const loggedProtocols = ['TCP', 'UDP', 'ICMP', 'OTHER'] as const;
const port = z.number().int().min(0).max(65_535).nullable();
const address = z.union([z.ipv4(), z.ipv6()]);

/** One connection, or attempt at one, that a rule has decided about at one of its ends. */
export const loggedConnection = z.strictObject({
  /** Of its first packet, by the node's clock. */
  at: z.iso.datetime(),
  policyId: rulePolicyId,
  /** INGRESS: at its destination; EGRESS: at its source. */
  direction: z.enum(['ingress', 'egress']),
  action: z.enum(ruleActions),
  family: z.enum(['ipv4', 'ipv6']),
  protocol: z.enum(loggedProtocols),
  /** Canonical. */
  source: address,
  /** Null where the protocol has no ports. */
  sourcePort: port,
  destination: address,
  destinationPort: port,
  /** The instance at whose end it was decided; null where the node no longer had it. */
  instanceId: id('instance').nullable(),
  /** How many packets of it were decided about: a sender repeats what isn't answered. */
  packets: z.number().int().min(1),
});
export type LoggedConnection = z.infer<typeof loggedConnection>;

export const connectionLogReply = z.strictObject({
  nodeId: id('node'),
  /** From when on it is kept: since the agent has begun to. Null where it doesn't. */
  since: z.iso.datetime().nullable(),
  /** Newest first. */
  connections: z.array(loggedConnection).max(mostLoggedConnections),
  /** There are older ones, which were asked for as well. */
  more: z.boolean(),
  /** Packets that these policies have decided about since then and that were not logged: there were too many at a time. */
  leftOut: z.number().int().min(0),
});
export type ConnectionLogReply = z.infer<typeof connectionLogReply>;
