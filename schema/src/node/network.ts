/**
 * Between the network service and a node's agent: the node's rule set, neutral of any backend, and its receipt.
 *
 * Everything is denied that no rule allows, in both directions, for every endpoint. Rules decide about new connections;
 * what belongs to an allowed one passes. A packet from one endpoint to
 * another must pass the egress rules of its source (on the source's node) and the ingress rules of its destination (on
 * the destination's node).
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { hash } from '../network/events.ts';
import { name } from '../text.ts';
import { reportingAgent } from './agents.ts';
import { traceparent, traces } from './trace.ts';

/**
 * A named set; one name has members of both families, sorted and canonical. `addresses`: of endpoints, without mask.
 * `networks`: CIDRs outside the platform's pools; whatever they say, an address of a pool is never a member, nor a
 * reserved one, nor one of never-outside.ts. None is /0: the whole of a family is its two halves.
 */
export const addressSet = z.strictObject({
  /** Content-independent and stable: `[a-z0-9]{1,24}`. */
  name: z.string().regex(/^[a-z0-9]{1,24}$/),
  kind: z.enum(['addresses', 'networks']),
  ipv4: z.array(z.union([z.ipv4(), z.cidrv4()])),
  ipv6: z.array(z.union([z.ipv6(), z.cidrv6()])),
});
export type AddressSet = z.infer<typeof addressSet>;

export const ruleActions = ['ALLOW', 'DENY'] as const;
export const ruleProtocols = ['TCP', 'UDP', 'ICMP'] as const;
/** ICMP in IPv4 and ICMPv6 in IPv6 at once. */
export const icmpTypes = ['ECHO_REQUEST'] as const;

/** Where a rule comes from: a tenant's policy, the platform's, or the isolation level of a namespace. */
export const rulePolicyId = z.union([id('policy'), id('platformPolicy'), id('namespace')]);

/** What is decided about new connections to or from the members of `set`. */
export const policyRule = z.strictObject({
  policyId: rulePolicyId,
  action: z.enum(ruleActions),
  /** Null: every protocol; then there are neither ports nor a type. */
  protocol: z.enum(ruleProtocols).nullable(),
  /** Both ends included; null: all, and always null where there are no ports. */
  ports: z.strictObject({ from: z.number().int(), to: z.number().int() }).nullable(),
  /** Null: all, and always null where it isn't ICMP. */
  icmp: z.enum(icmpTypes).nullable(),
  set: z.string(),
  /** New connections that it decides about are logged on the node (connection-log.ts). */
  log: z.boolean(),
});
export type PolicyRule = z.infer<typeof policyRule>;

/**
 * Rules that several endpoints share; named by their content, so that equal lists are one chain. The first rule that matches
 * decides; where none does, it is denied.
 */
export const ruleChain = z.strictObject({
  /** First 16 hex digits of the SHA-256 of direction and rules. */
  name: z.string().regex(/^[0-9a-f]{16}$/),
  /** `ingress` rules match the set as source, `egress` rules as destination. Ports are always those of the destination. */
  direction: z.enum(['ingress', 'egress']),
  rules: z.array(policyRule),
});
export type RuleChain = z.infer<typeof ruleChain>;

export const ruleEndpoint = z.strictObject({
  instanceId: id('instance'),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  /** Name of its ingress and egress chain; null where no rule allows anything. */
  ingress: z.string().nullable(),
  egress: z.string().nullable(),
});
export type RuleEndpoint = z.infer<typeof ruleEndpoint>;

/**
 * A port of a public address that this node answers for, and where its connections go: to one of the targets each, as if it had
 * been spoken to itself. The client's address stays what it is, also where the target is on another node.
 */
export const ruleMapping = z.strictObject({
  portMappingId: id('portMapping'),
  /** The targets are of its family. */
  address: z.union([z.ipv4(), z.ipv6()]),
  protocol: z.enum(['TCP', 'UDP']),
  port: z.number().int().min(1).max(65535),
  /** Ready endpoints, sorted. Empty: connections are refused. */
  targets: z.array(
    z.strictObject({
      address: z.union([z.ipv4(), z.ipv6()]),
      port: z.number().int().min(1).max(65535),
      /** On this node. */
      here: z.boolean(),
    }),
  ),
  /** Connections of one client go to one target, until it has opened none for so many seconds; absent: each by itself. */
  affinitySeconds: z.number().int().min(1).max(86_400).optional(),
});
export type RuleMapping = z.infer<typeof ruleMapping>;

/**
 * Of a node's end of the tunnel between nodes. The hardware address is drawn at random by the node: without it nobody can
 * make a packet that the node takes out of the tunnel.
 */
export const tunnelEnd = z.strictObject({
  /** Address in the network that connects the nodes, canonical; IPv4 or IPv6. */
  address: z.union([z.ipv4(), z.ipv6()]),
  /** UDP. */
  port: z.number().int().min(1).max(65_535),
  /** Locally administered, lower case. */
  mac: z.string().regex(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/),
});
export type TunnelEnd = z.infer<typeof tunnelEnd>;

/** Another node, with those of its endpoints that the rules here name: how to reach them, and whose packets it may send. */
export const remoteNode = z.strictObject({
  nodeId: id('node'),
  tunnel: tunnelEnd,
  /** Addresses of endpoints, without mask. */
  ipv4: z.array(z.ipv4()),
  ipv6: z.array(z.ipv6()),
});
export type RemoteNode = z.infer<typeof remoteNode>;

/**
 * Another node that answers for public addresses of which a port leads to endpoints of this one: what it sends them from outside comes
 * with the clients' addresses, and is answered by way of it. Where it is, `remotes` says.
 */
export const ruleEntrance = z.strictObject({
  nodeId: id('node'),
  /** Addresses of endpoints of this node, without mask: ready or not, so that none is ready before it can be reached. */
  ipv4: z.array(z.ipv4()),
  ipv6: z.array(z.ipv6()),
});
export type RuleEntrance = z.infer<typeof ruleEntrance>;

const portNumber = z.number().int().min(1).max(65_535);

/**
 * A virtual address of a tenant's, and what is behind it now. Packets of the node's endpoints to it are sent on to a target, each
 * equally often; rules then decide about the target's address and port. Where a port has no target, and at every other
 * port, they are refused at once.
 */
export const ruleService = z.strictObject({
  serviceId: id('service'),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  /** Connections of one client go to one target, until it has opened none for so many seconds; null: each by itself. */
  affinitySeconds: z.number().int().min(1).max(86_400).nullable(),
  ports: z.array(
    z.strictObject({
      protocol: z.enum(['TCP', 'UDP']),
      port: portNumber,
      targets: z.array(z.strictObject({ ipv4: z.ipv4(), ipv6: z.ipv6(), port: portNumber })),
    }),
  ),
  /** Endpoints that were targets and still are there: their connections go on. Connections to others that no longer are targets end. */
  draining: z.array(z.strictObject({ ipv4: z.ipv4(), ipv6: z.ipv6() })),
});
export type RuleService = z.infer<typeof ruleService>;

/** A service as the name server tells of it: `<name>.<namespace>.<zone>`. */
export const ruleName = z.strictObject({
  name,
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  ports: z.array(z.strictObject({ name, protocol: z.enum(['TCP', 'UDP']), port: portNumber })),
});

/** What the node's name server answers, and to whom. */
export const ruleNames = z.strictObject({
  /** Without a dot at its end. */
  zone: z.string().max(100),
  /** One for each environment with endpoints on the node: its endpoints see the names of this environment and no others. */
  views: z.array(
    z.strictObject({
      /** Of the environment, or of the namespace where it isn't known. */
      environmentId: z.union([id('environment'), id('namespace')]),
      namespaces: z.array(
        z.strictObject({
          name,
          /** On this node. */
          instances: z.array(id('instance')),
          services: z.array(ruleName),
        }),
      ),
    }),
  ),
});
export type RuleNames = z.infer<typeof ruleNames>;

/** All lists are sorted, so that equal intent gives equal bytes. What is new has a default: a node may hold an older document. */
export const ruleSet = z.strictObject({
  endpoints: z.array(ruleEndpoint),
  chains: z.array(ruleChain),
  sets: z.array(addressSet),
  /** Every other node that has endpoints which are named here and is connected, sorted by its id. */
  remotes: z.array(remoteNode).default([]),
  /** Ports of the public addresses that this node answers for. */
  mappings: z.array(ruleMapping).default([]),
  entrances: z.array(ruleEntrance).default([]),
  /** Policies that have rules on this node, with the hash of those rules. */
  policies: z.array(
    z.strictObject({
      policyId: z.union([id('policy'), id('platformPolicy')]),
      revision: z.number().int().min(1),
      hash,
    }),
  ),
  /** Of the environments that have endpoints on the node. */
  services: z.array(ruleService).default([]),
  names: ruleNames.default({ zone: 'atoll.internal', views: [] }),
  /** Instances of the node that connections may be sent to, by whatever node: none is stopped before it has left this list. */
  serving: z.array(id('instance')).default([]),
});
export type RuleSet = z.infer<typeof ruleSet>;

export const emptyRuleSet: RuleSet = ruleSet.parse({ endpoints: [], chains: [], sets: [], policies: [] });

/** `generation` is the position in the network context of the newest fact that went into it; `hash` that of `rules` (rules-hash.ts). */
export const desiredNetwork = z.strictObject({
  nodeId: id('node'),
  generation: z.number().int().min(0),
  hash,
  /** The platform's whole address pools, sorted: the node keeps packets to unknown addresses of these from leaving it. */
  pools: z.strictObject({
    ipv4: z.array(z.cidrv4()).min(1),
    ipv6: z.array(z.cidrv6()).min(1),
    /** Ranges of virtual addresses, of both families, within the pools: packets to any of these end on the node. */
    services: z.array(z.union([z.cidrv4(), z.cidrv6()])).default([]),
    /**
     * Of both families, sorted: the addresses of the platform's nodes, and what the operator has reserved. No CIDR of a policy means
     * any of these, on either end, as with those of never-outside.ts.
     */
    reserved: z.array(z.union([z.cidrv4(), z.cidrv6()])).default([]),
  }),
  rules: ruleSet,
  traces: traces.optional(),
});
export type DesiredNetwork = z.infer<typeof desiredNetwork>;

/** What is in force: sent on every change, and every 5 s. `error` says why a newer generation was refused. */
export const networkReport = z.strictObject({
  nodeId: id('node'),
  applied: z.strictObject({ generation: z.number().int().min(1), hash, at: z.iso.datetime() }).nullable(),
  error: z.strictObject({ generation: z.number().int(), message: z.string().max(4000) }).nullable(),
  /** Its end of the tunnel and the MTU, in bytes, of the network underneath; null where it isn't to be connected. */
  underlay: z.strictObject({ ...tunnelEnd.shape, mtu: z.number().int().min(1280).max(65_535) }).nullable(),
  /** Whether it has an interface to the outside, and can answer for public addresses. */
  outside: z.boolean().default(false),
  /** Left out by agents that don't say it: they are believed. */
  agent: reportingAgent.optional(),
  /** Of the work that it is the outcome of. */
  traceparent: traceparent.optional(),
});
export type NetworkReport = z.infer<typeof networkReport>;

/**
 * `refused`: why the node isn't connected to the others, though it asks for it; null where it is, or doesn't. Also where another agent
 * speaks for the node: then nothing of the report was taken.
 */
export const networkReportReply = z.strictObject({
  generation: z.number().int().min(0),
  refused: z.string().max(1000).nullable(),
});
export type NetworkReportReply = z.infer<typeof networkReportReply>;
