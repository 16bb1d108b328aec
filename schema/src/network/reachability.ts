/** Questions about isolation that the network service answers out of the compiled rules. They change nothing. */
import { z } from 'zod';
import { port } from '../deploy/ports.ts';
import { id } from '../ids.ts';
import { icmpTypes, ruleActions, ruleProtocols } from '../node/network.ts';
import { labels } from '../text.ts';

export const askedTraffic = z.discriminatedUnion('protocol', [
  z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port }),
  z.strictObject({ protocol: z.literal('ICMP'), icmp: z.enum(icmpTypes) }),
]);
export type AskedTraffic = z.infer<typeof askedTraffic>;

export const askedTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('INSTANCE'), instanceId: id('instance') }),
  z.strictObject({ kind: z.literal('SERVICE'), serviceId: id('service') }),
  z.strictObject({
    kind: z.literal('ADDRESS'),
    address: z.union([z.ipv4(), z.ipv6()]),
    /** A public address of the tenant is one outside, too: for who may not know that it is theirs. */
    publicAsOutside: z.boolean().default(false),
  }),
]);
export type AskedTarget = z.infer<typeof askedTarget>;

/** Who wrote a rule: the platform, the tenant, or the isolation level of a namespace. */
export const ruleTiers = ['PLATFORM', 'TENANT', 'ISOLATION_LEVEL'] as const;

export const decidingRule = z.strictObject({
  tier: z.enum(ruleTiers),
  /** Of the policy; of the namespace for its isolation level. */
  policyId: z.string(),
  /** Of the policy as it is compiled; null for an isolation level. */
  revision: z.number().int().nullable(),
  action: z.enum(ruleActions),
  protocol: z.enum(ruleProtocols).nullable(),
  ports: z.strictObject({ from: z.number().int(), to: z.number().int() }).nullable(),
  icmp: z.enum(icmpTypes).nullable(),
  log: z.boolean(),
  /** Its place among the rules of its end, from 1: those before it don't match. */
  place: z.number().int().min(1),
});
export type DecidingRule = z.infer<typeof decidingRule>;

/** What one end says. `rule` null: none matches, and what nothing allows is denied; or none is asked. */
export const endVerdict = z.strictObject({ allowed: z.boolean(), rule: decidingRule.nullable() });
export type EndVerdict = z.infer<typeof endVerdict>;

/** An end of a connection that is an instance of the tenant. */
export const knownEnd = z.strictObject({
  instanceId: id('instance'),
  namespaceId: id('namespace'),
  nodeId: id('node'),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
});
export type KnownEnd = z.infer<typeof knownEnd>;

/**
 * CURRENT: what is wanted is in force · BEHIND: something newer is on its way · FAILING: the node says that it can't apply what
 * is wanted; what was in force before still is.
 */
export const standings = ['CURRENT', 'BEHIND', 'FAILING'] as const;
export const nodeStanding = z.strictObject({
  nodeId: id('node'),
  standing: z.enum(standings),
  /** Generation that is wanted, and the one that the node has reported; null: none yet. */
  generation: z.number().int(),
  appliedGeneration: z.number().int().nullable(),
  /** Since when it isn't current; null where it is. */
  since: z.iso.datetime().nullable(),
});
export type NodeStanding = z.infer<typeof nodeStanding>;

/** One way that a connection can take, in one family. */
export const reachabilityFlow = z.strictObject({
  family: z.enum(['IPV4', 'IPV6']),
  source: z.string(),
  destination: z.string(),
  /** Of the destination, once services have been resolved; null for ICMP. */
  port: z.number().int().nullable(),
  /** Null where the destination is outside of the platform. */
  to: knownEnd.nullable(),
  allowed: z.boolean(),
  egress: endVerdict,
  /** Null where the destination is outside of the platform. */
  ingress: endVerdict.nullable(),
});
export type ReachabilityFlow = z.infer<typeof reachabilityFlow>;

/**
 * ITSELF: its own address, which no rule is asked about · PUBLIC_ADDRESS: of the tenant, by which instances are reached from outside,
 * and from inside by way of the outside · OUTSIDE: of the platform · UNKNOWN: of a pool of the platform, and of
 * nothing of the tenant's.
 */
export const destinationKinds = ['INSTANCE', 'ITSELF', 'SERVICE', 'PUBLIC_ADDRESS', 'OUTSIDE', 'UNKNOWN'] as const;

export const explainedReachability = z.strictObject({
  from: knownEnd,
  kind: z.enum(destinationKinds),
  /** Of PUBLIC_ADDRESS. */
  publicAddressId: id('publicAddress').nullable().default(null),
  /** All of `flows`, and those that are omitted; false where there is none. */
  allowed: z.boolean(),
  /** Of a service more than one: one for each target. Empty where nothing is behind it, and where the destination is unknown. */
  flows: z.array(reachabilityFlow),
  /** How many more there are. */
  omitted: z.number().int(),
  /** Of the nodes whose rules decide. */
  nodes: z.array(nodeStanding),
});
export type ExplainedReachability = z.infer<typeof explainedReachability>;

/** That one question may be about beside the first. */
export const MAX_OTHER_NAMESPACES = 10;

/** Instances about which all rules of the namespace say the same. */
export const reachabilityGroup = z.strictObject({
  /** Its place among all groups, from 0; the largest first. */
  index: z.number().int().min(0),
  namespaceId: id('namespace'),
  count: z.number().int().min(1),
  /** Of the first 20, by id. */
  instanceIds: z.array(id('instance')),
  /** That all of them have. */
  labels,
});
export type ReachabilityGroup = z.infer<typeof reachabilityGroup>;

export const cellStates = ['ALLOWED', 'PARTLY', 'DENIED'] as const;
/** Between instances of two groups, or of one, or a group and what is outside of the platform. */
export const reachabilityCell = z.strictObject({
  /** Indexes of groups; null: outside. */
  from: z.number().int().nullable(),
  to: z.number().int().nullable(),
  /** Null: both. */
  family: z.enum(['IPV4', 'IPV6']).nullable(),
  state: z.enum(cellStates),
  /** Null where that end is outside, or where more than one rule decides. */
  egress: endVerdict.nullable(),
  ingress: endVerdict.nullable(),
  /** Of what is outside: the rules that decide about parts of it, in their order. */
  outside: z.array(decidingRule),
});
export type ReachabilityCell = z.infer<typeof reachabilityCell>;

export const reachabilityMap = z.strictObject({
  groups: z.array(reachabilityGroup),
  cells: z.array(reachabilityCell),
  /** How many groups there are, shown or not. */
  groupCount: z.number().int(),
  /** Instances of groups that aren't on this page. */
  omitted: z.number().int(),
  nodes: z.array(nodeStanding),
});
export type ReachabilityMap = z.infer<typeof reachabilityMap>;

export const toldStanding = nodeStanding.extend({
  /** When the node was heard of last; null: never. */
  reportedAt: z.iso.datetime().nullable(),
  /** What it says why it can't apply its rules, with the line that it refuses; null where it says nothing. */
  message: z.string().nullable(),
});
export type ToldStanding = z.infer<typeof toldStanding>;

export const reachabilityCommands = {
  /** Changes nothing: for the platform alone. Of nodes that have rules; by node id. */
  ReadStandings: {
    input: z.strictObject({ nodeIds: z.array(id('node')).min(1).max(100) }),
    result: z.strictObject({ nodes: z.array(toldStanding) }),
  },
  /** Who reaches whom in a namespace, and what is outside of the platform. */
  MapReachability: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      /** Further namespaces of the tenant, to and from whose instances is told, too. */
      others: z.array(id('namespace')).max(MAX_OTHER_NAMESPACES).default([]),
      traffic: askedTraffic,
      /** Place of the first group that is shown as a source, and as a destination. */
      fromGroup: z.number().int().min(0).default(0),
      toGroup: z.number().int().min(0).default(0),
    }),
    result: reachabilityMap,
  },
  /** Whether a connection may begin, and what says so. */
  ExplainReachability: {
    input: z.strictObject({ from: id('instance'), to: askedTarget, traffic: askedTraffic }),
    result: explainedReachability,
  },
} as const;
