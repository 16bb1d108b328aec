/** What a tenant says about isolation. */
import { z } from 'zod';
import { port, protocol } from '../deploy/spec.ts';
import { id } from '../ids.ts';
import { labels } from '../text.ts';

/** A range of ports, both ends included. */
export const portRange = z
  .strictObject({ protocol, from: port.describe('First port.'), to: port.describe('Last port, included.') })
  .refine((r) => r.from <= r.to, 'the first port must not be above the last')
  .meta({ 'x-rule': 'from <= to' });

/** Instances that carry all of these labels; none means all instances of the namespace. */
export const peer = z.strictObject({ namespaceId: id('namespace'), labels });

/** Opens `ports` from `from` to `to`. `to` is always in the policy's own namespace; `from` may be in another of the tenant. */
export const policySpec = z.strictObject({
  from: peer.describe('Who may connect: instances of that namespace that carry all the labels.'),
  to: z
    .strictObject({ labels })
    .describe("Where to: instances of the policy's own namespace that carry all the labels."),
  ports: z.array(portRange).min(1).max(32).describe('Ports that are opened.'),
});
export type PolicySpec = z.infer<typeof policySpec>;

/**
 * One side of what a policy decides about. Within a tenant by what instances are, outside of the platform by CIDR: a CIDR never
 * stands for an address of the platform's pools, whatever it says.
 */
export const policyPeer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('INSTANCES').describe('Instances of one namespace of the tenant that carry all of the labels.'),
    namespaceId: id('namespace'),
    labels,
  }),
  z.strictObject({
    kind: z
      .literal('ENVIRONMENT')
      .describe('Instances of all namespaces of an environment that carry all of the labels.'),
    environmentId: id('environment'),
    labels,
  }),
  z.strictObject({
    kind: z.literal('SERVICE').describe('The instances behind a service of the tenant.'),
    serviceId: id('service'),
  }),
  z.strictObject({
    kind: z.literal('CIDR').describe('Addresses outside of the platform, of either family.'),
    cidr: z.union([z.cidrv4(), z.cidrv6()]),
    except: z.array(z.union([z.cidrv4(), z.cidrv6()])).max(16),
  }),
]);
export type PolicyPeer = z.infer<typeof policyPeer>;

/** TCP or UDP with a range of ports, or ICMP (ICMPv6 in IPv6) with a type, null for all types. */
export const policyTraffic = z.discriminatedUnion('protocol', [
  z.strictObject({ protocol: z.literal('TCP'), from: port, to: port }),
  z.strictObject({ protocol: z.literal('UDP'), from: port, to: port }),
  z.strictObject({ protocol: z.literal('ICMP'), type: z.enum(['ECHO_REQUEST']).nullable() }),
]);
export type PolicyTraffic = z.infer<typeof policyTraffic>;

/**
 * What a policy decides: connections from any of `from` to any of `to`. Of those that match, the tier decides first (the
 * platform's before a tenant's before the isolation level of the namespace), then the lower priority, then DENY before ALLOW,
 * then the id. A connection needs the consent of both ends: what ALLOWs has its own namespace on the side of `to`, or goes
 * from its own namespace out of the platform; what DENYs has its own namespace on either side.
 */
export const policyDefinition = z.strictObject({
  action: z.enum(['ALLOW', 'DENY']),
  priority: z.number().int().min(0).max(1000),
  from: z.array(policyPeer).min(1).max(16),
  to: z.array(policyPeer).min(1).max(16),
  /** Empty: everything, of every protocol. */
  traffic: z.array(policyTraffic).max(32),
  log: z.boolean(),
});
export type PolicyDefinition = z.infer<typeof policyDefinition>;
