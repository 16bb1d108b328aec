/** Facts of the network context. Streams: `namespace:<id>`, `subnet:<id>`, `endpoint:<instance id>`, `policy:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { policySpec } from './spec.ts';

export const hash = z.string().regex(/^[0-9a-f]{64}$/);

const endpoint = { instanceId: id('instance'), namespaceId: id('namespace'), nodeId: id('node') };
const subnet = { subnetId: id('subnet'), namespaceId: id('namespace'), ipv4: z.cidrv4(), ipv6: z.cidrv6() };

export const networkEvents = {
  // stream namespace:<namespaceId>: this context's own gate for what is created underneath
  NamespaceOpened: { version: 1, data: z.strictObject({ namespaceId: id('namespace') }) },
  NamespaceClosed: { version: 1, data: z.strictObject({ namespaceId: id('namespace') }) },
  /** Closed, and no endpoint, policy or subnet is left in it. */
  NamespaceDrained: { version: 1, data: z.strictObject({ namespaceId: id('namespace') }) },

  // stream subnet:<subnetId>
  SubnetAllocated: { version: 1, data: z.strictObject(subnet) },
  SubnetReleased: { version: 1, data: z.strictObject(subnet) },

  // stream endpoint:<instanceId>
  EndpointAllocated: {
    version: 1,
    data: z.strictObject({
      ...endpoint,
      deploymentId: id('deployment'),
      subnetId: id('subnet'),
      ipv4: z.ipv4(),
      ipv6: z.ipv6(),
      labels,
    }),
  },
  /** No address could be had; tried again when one comes free. */
  EndpointRefused: {
    version: 1,
    data: z.strictObject({ ...endpoint, deploymentId: id('deployment'), message: z.string().max(1000) }),
  },
  /** The rules that guard it are in force on its node since `enforcedAt` (the node's clock). Only now may it start. */
  EndpointSecured: {
    version: 1,
    data: z.strictObject({ ...endpoint, generation: z.number().int().min(1), hash, enforcedAt: z.iso.datetime() }),
  },
  EndpointReleased: {
    version: 1,
    data: z.strictObject({ ...endpoint, subnetId: id('subnet').nullable() }),
  },

  // stream policy:<policyId>
  IsolationPolicyCreated: {
    version: 1,
    data: z.strictObject({
      policyId: id('policy'),
      namespaceId: id('namespace'),
      name,
      revision: z.literal(1),
      spec: policySpec,
    }),
  },
  IsolationPolicyUpdated: {
    version: 1,
    data: z.strictObject({
      policyId: id('policy'),
      namespaceId: id('namespace'),
      revision: z.number().int().min(2),
      spec: policySpec,
    }),
  },
  IsolationPolicyDeleted: {
    version: 1,
    data: z.strictObject({ policyId: id('policy'), namespaceId: id('namespace'), name }),
  },
  /** Receipt (MISSION B1): on this node, this revision of the policy is in force since `enforcedAt`. */
  PolicyEnforced: {
    version: 1,
    data: z.strictObject({
      policyId: id('policy'),
      namespaceId: id('namespace'),
      revision: z.number().int().min(1),
      nodeId: id('node'),
      generation: z.number().int().min(1),
      /** Of the compiled rules of this policy on this node. */
      hash,
      enforcedAt: z.iso.datetime(),
    }),
  },
} as const;

export type NetworkEvent = EventsOf<typeof networkEvents>;
