/** What a tenant says about isolation. */
import { z } from 'zod';
import { port, protocol } from '../deploy/ports.ts';
import { id } from '../ids.ts';
import { labels } from '../text.ts';

/** A range of ports, both ends included. */
export const portRange = z
  .strictObject({ protocol, from: port.describe('First port.'), to: port.describe('Last port, included.') })
  .refine((r) => r.from <= r.to, 'the first port must not be above the last')
  .meta({ 'x-rule': 'from <= to' });

const ports = { from: port.describe('First port.'), to: port.describe('Last port, included.') };
const inOrder = (range: { readonly from: number; readonly to: number }) => range.from <= range.to;
const orderMessage = 'the first port must not be above the last';

/** What policies were until there were several kinds of peers; upcast to `policyDefinition`. */
export const policySpec = z.strictObject({
  from: z
    .strictObject({ namespaceId: id('namespace'), labels })
    .describe('Who may connect: instances of that namespace that carry all the labels.'),
  to: z
    .strictObject({ labels })
    .describe("Where to: instances of the policy's own namespace that carry all the labels."),
  ports: z.array(portRange).min(1).max(32).describe('Ports that are opened.'),
});
export type PolicySpec = z.infer<typeof policySpec>;

const cidrPeerOf = <C extends z.ZodType<string>>(cidr: C) =>
  z.strictObject({
    kind: z
      .literal('CIDR')
      .describe("Addresses outside of the platform, of either family; never one of the platform's pools."),
    cidr: cidr.describe('The range.'),
    except: z.array(cidr).max(16).describe('Ranges within it that are left out.'),
  });
const cidrPeer = cidrPeerOf(z.union([z.cidrv4(), z.cidrv6()]));
/** As a person typed it. */
const typedCidrPeer = cidrPeerOf(z.string().max(100));

const instancesPeer = z.strictObject({
  kind: z.literal('INSTANCES').describe('Instances of one namespace of the tenant that carry all of the labels.'),
  namespaceId: id('namespace'),
  labels,
});
const environmentPeer = z.strictObject({
  kind: z
    .literal('ENVIRONMENT')
    .describe('Instances of all namespaces of an environment that carry all of the labels.'),
  environmentId: id('environment'),
  labels,
});
const servicePeer = z.strictObject({
  kind: z.literal('SERVICE').describe('The instances behind a service of the tenant.'),
  serviceId: id('service'),
});

/**
 * One side of what a policy decides about. Within a tenant by what instances are, outside of the platform by CIDR: a CIDR never
 * stands for an address of the platform's pools, whatever it says.
 */
export const policyPeer = z.discriminatedUnion('kind', [instancesPeer, environmentPeer, servicePeer, cidrPeer]);
export type PolicyPeer = z.infer<typeof policyPeer>;

/** TCP or UDP with a range of ports, or ICMP (ICMPv6 in IPv6) with a type, null for all types. */
export const policyTraffic = z.discriminatedUnion('protocol', [
  z
    .strictObject({ protocol: z.literal('TCP').describe('Transmission Control Protocol.'), ...ports })
    .refine(inOrder, orderMessage)
    .meta({ 'x-rule': 'from <= to' }),
  z
    .strictObject({ protocol: z.literal('UDP').describe('User Datagram Protocol.'), ...ports })
    .refine(inOrder, orderMessage)
    .meta({ 'x-rule': 'from <= to' }),
  z.strictObject({
    protocol: z.literal('ICMP').describe('ICMP in IPv4 and ICMPv6 in IPv6.'),
    type: z.enum(['ECHO_REQUEST']).nullable().describe('Type of the message; null for all.'),
  }),
]);
export type PolicyTraffic = z.infer<typeof policyTraffic>;

const decided = {
  action: z.enum(['ALLOW', 'DENY']).describe('What becomes of the connections.'),
  priority: z.number().int().min(0).max(1000).describe('The lower decides first.'),
};
const matching = {
  traffic: z.array(policyTraffic).max(32).describe('Of which traffic; empty: everything, of every protocol.'),
  log: z.boolean().describe('Whether new connections that it decides about are logged.'),
};

/**
 * What a policy decides: connections from any of `from` to any of `to`. A connection needs the consent of both ends, and each
 * end asks, of what matches: the tier first (the platform's before a tenant's before the isolation level of the namespace),
 * then the policies of its own namespace before those of others, then the lower priority, then DENY before ALLOW, then the id.
 * So what ALLOWs has its own namespace on the side of `to`, or goes from its own namespace out of the platform; what DENYs has
 * its own namespace on either side.
 */
export const policyDefinition = z.strictObject({
  ...decided,
  from: z.array(policyPeer).min(1).max(16).describe('Where connections come from: any of these.'),
  to: z.array(policyPeer).min(1).max(16).describe('Where they go to: any of these.'),
  ...matching,
});
export type PolicyDefinition = z.infer<typeof policyDefinition>;

const typedPeers = z
  .array(z.discriminatedUnion('kind', [instancesPeer, environmentPeer, servicePeer, typedCidrPeer]))
  .min(1)
  .max(16);
/** With CIDRs as a person typed them: what is wrong with them is told in words. */
export const typedPolicyDefinition = z.strictObject({ ...decided, from: typedPeers, to: typedPeers, ...matching });
export type TypedPolicyDefinition = z.infer<typeof typedPolicyDefinition>;

const allPeer = z.strictObject({ kind: z.literal('ALL').describe('All instances of all tenants.') });
const tenantPeer = z.strictObject({
  kind: z.literal('TENANT').describe('All instances of one tenant.'),
  tenantId: id('tenant'),
});

/** One side of what a policy of the platform decides about: it knows tenants, and nothing of what is inside of them. */
export const platformPeer = z.discriminatedUnion('kind', [allPeer, tenantPeer, cidrPeer]);
export type PlatformPeer = z.infer<typeof platformPeer>;

/** What the operator decides, before all tenants. */
export const platformDefinition = z.strictObject({
  ...decided,
  from: z.array(platformPeer).min(1).max(16).describe('Where connections come from: any of these.'),
  to: z.array(platformPeer).min(1).max(16).describe('Where they go to: any of these.'),
  ...matching,
});
export type PlatformDefinition = z.infer<typeof platformDefinition>;

const typedPlatformPeers = z
  .array(z.discriminatedUnion('kind', [allPeer, tenantPeer, typedCidrPeer]))
  .min(1)
  .max(16);
export const typedPlatformDefinition = z.strictObject({
  ...{ ...decided, from: typedPlatformPeers, to: typedPlatformPeers },
  ...matching,
});
export type TypedPlatformDefinition = z.infer<typeof typedPlatformDefinition>;

/** Who decides first: the platform, then tenants, then the isolation level of the namespace. */
export const policyTiers = ['PLATFORM', 'TENANT'] as const;
export type PolicyTier = (typeof policyTiers)[number];

/**
 * What reaches what without a policy. NAMESPACE: instances of the namespace reach each other; SUBNET: those of the same
 * subnet do; RULE: nothing that no policy opens; HOST: as RULE, and on nodes that run no other tenant's instances.
 */
export const isolationLevels = ['NAMESPACE', 'SUBNET', 'RULE', 'HOST'] as const;
export type IsolationLevel = (typeof isolationLevels)[number];
export const isolationLevel = z.enum(isolationLevels).describe('What reaches what in it without a policy.');

export const weekDays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
const wallTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day from 00:00 to 23:59')
  .describe('Time of day, HH:MM, in the time zone of the schedule.');

/** Part of a week; where `to` isn't after `from` it ends on the next day. */
export const weeklyWindow = z.strictObject({
  days: z.array(z.enum(weekDays)).min(1).max(7).describe('Days on which it begins.'),
  from: wallTime,
  to: wallTime,
});
export type WeeklyWindow = z.infer<typeof weeklyWindow>;

/** When a policy decides. Outside of it, it is as if it weren't there. */
export const policySchedule = z.strictObject({
  startsAt: z.iso.datetime().nullable().describe('Not before; null: from its creation.'),
  endsAt: z.iso.datetime().nullable().describe('No longer from then on; null: without end.'),
  windows: z.array(weeklyWindow).max(16).describe('Only within these; always where there is none.'),
  timeZone: z.string().min(1).max(64).describe('Of the windows: a name of the IANA database, e.g. `Europe/Berlin`.'),
});
export type PolicySchedule = z.infer<typeof policySchedule>;
