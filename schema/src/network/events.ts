/** Facts of the network context. Streams: `namespace:<id>`, `tenant:<id>`, `subnet:<id>`, `endpoint:<instance id>`, `policy:<id>`, `environment:<id>`, `node:<id>`, and those of its topics. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { addressEvents } from './addresses.ts';
import { nodeEvents } from './nodes.ts';
import { platformPolicyEvents } from './platform-policies.ts';
import { isolationPolicyEvents } from './policies.ts';
import { serviceEvents } from './services.ts';
import { isolationLevel } from './spec.ts';
import { standingEvents } from './standing.ts';
import { supplyEvents } from './supply.ts';

export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256, in hex, of the compiled rules.');

const generation = z.number().int().min(1).describe("Generation of the node's rule set: rises with each change.");
const enforcedAt = z.iso.datetime().describe("Since when they are in force, by the node's clock.");
const endpoint = { instanceId: id('instance'), namespaceId: id('namespace'), nodeId: id('node') };
const subnet = {
  subnetId: id('subnet'),
  namespaceId: id('namespace'),
  ipv4: z.cidrv4().describe('Its IPv4 range.'),
  ipv6: z.cidrv6().describe('Its IPv6 range.'),
};
const namespace = z.strictObject({ namespaceId: id('namespace') });
const tenantV1 = z.strictObject({ tenantId: id('tenant') });
const tenantCause = tenantV1.extend({
  told: z
    .number()
    .int()
    .min(0)
    .describe(
      'Position, in the tenancy context, of the fact that it follows from: an older one changes nothing any more.',
    ),
});
const policy = { policyId: id('policy'), namespaceId: id('namespace') };

export const networkEvents = {
  ...serviceEvents,
  ...addressEvents,
  ...supplyEvents,

  // this context's own gate for what is created underneath
  NamespaceOpened: {
    doc: 'Subnets, endpoints, policies and services may be created in the namespace.',
    stream: 'namespace',
    version: 2,
    data: z.strictObject({
      namespaceId: id('namespace'),
      environmentId: id('environment')
        .nullable()
        .describe("The namespace's environment; null where it wasn't kept yet."),
      name: name.nullable().describe("The namespace's name, for good; null where it wasn't kept yet."),
    }),
    upcasters: { 1: (data: unknown) => ({ ...namespace.parse(data), environmentId: null, name: null }) },
  },
  NamespaceClosed: {
    doc: 'The namespace is being deleted: nothing can be created in it any more.',
    stream: 'namespace',
    version: 1,
    data: namespace,
  },
  NamespaceDrained: {
    doc: 'Closed, and no endpoint, policy or subnet is left in it.',
    stream: 'namespace',
    version: 1,
    data: namespace,
  },

  NamespaceLocated: {
    doc: 'Which environment the namespace is in, told later: it was opened before that was kept.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), name }),
  },

  NamespaceIsolationSet: {
    doc: 'The namespace has this isolation level from now on.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), level: isolationLevel }),
  },

  EnvironmentOpened: {
    doc: 'Policies may name the environment.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment') }),
  },
  EnvironmentClosed: {
    doc: 'The environment is gone: no policy can name it any more, and in those that do, it stands for nobody.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment') }),
  },

  TenantIsolated: {
    doc: 'The tenant is suspended or to be deleted: none of its policies opens anything.',
    stream: 'tenant',
    version: 2,
    data: tenantCause,
    upcasters: { 1: (data: unknown) => ({ ...tenantV1.parse(data), told: 0 }) },
  },
  TenantReconnected: {
    doc: "The tenant's policies are in force again.",
    stream: 'tenant',
    version: 2,
    data: tenantCause,
    upcasters: { 1: (data: unknown) => ({ ...tenantV1.parse(data), told: 0 }) },
  },
  TenantForgotten: {
    doc: 'The tenant is deleted: that it was isolated is known no longer.',
    stream: 'tenant',
    version: 1,
    data: tenantV1,
  },

  SubnetAllocated: {
    doc: 'The namespace has a pair of ranges, IPv4 and IPv6, that nobody else has.',
    stream: 'subnet',
    version: 1,
    data: z.strictObject(subnet),
  },
  SubnetReleased: {
    doc: 'The ranges of the subnet are free again.',
    stream: 'subnet',
    version: 1,
    data: z.strictObject(subnet),
  },

  EndpointAllocated: {
    doc: 'An instance has its addresses. Its rules are compiled next.',
    stream: 'endpoint',
    version: 1,
    data: z.strictObject({
      ...endpoint,
      deploymentId: id('deployment'),
      subnetId: id('subnet'),
      ipv4: z.ipv4().describe('Its IPv4 address.'),
      ipv6: z.ipv6().describe('Its IPv6 address.'),
      labels: labels.meta({ description: 'Labels of the instance, by which policies select it.' }),
    }),
  },
  EndpointRefused: {
    doc: 'No address could be had for an instance; tried again when one comes free.',
    stream: 'endpoint',
    version: 1,
    data: z.strictObject({
      ...endpoint,
      deploymentId: id('deployment'),
      message: z.string().max(1000).describe('Explains it to a person.'),
    }),
  },
  EndpointSecured: {
    doc: 'The rules that guard the instance are in force on its node. Only now may it start.',
    stream: 'endpoint',
    version: 1,
    data: z.strictObject({ ...endpoint, generation, hash, enforcedAt }),
  },
  EndpointReleased: {
    doc: 'The instance is gone or will never run, and its addresses are free again.',
    stream: 'endpoint',
    version: 1,
    data: z.strictObject({
      ...endpoint,
      subnetId: id('subnet').nullable().describe('Id of the subnet of its addresses; null where it never had any.'),
    }),
  },

  ...isolationPolicyEvents,
  ...platformPolicyEvents,
  IsolationPolicyLabelsSet: {
    doc: 'The policy itself has these labels from now on, and no others. What it opens stays.',
    stream: 'policy',
    version: 1,
    data: z.strictObject({ ...policy, labels: labels.meta({ description: 'All of its labels, by key.' }) }),
  },
  IsolationPolicyDeleted: {
    doc: 'What the policy opened is shut again; its name is free.',
    stream: 'policy',
    version: 1,
    data: z.strictObject({ ...policy, name }),
  },
  PolicyEnforced: {
    doc: 'A receipt: on this node, this revision of the policy is in force.',
    stream: 'policy',
    version: 1,
    data: z.strictObject({
      ...policy,
      revision: z.number().int().min(1).describe('Revision of the policy, from 1.'),
      nodeId: id('node'),
      generation,
      hash: hash.describe('SHA-256, in hex, of the compiled rules of this policy on this node.'),
      enforcedAt,
    }),
  },

  ...nodeEvents,
  ...standingEvents,
} as const;

export type NetworkEvent = EventsOf<typeof networkEvents>;
