/** Facts of the tenancy context. Streams: `tenant:<id>`, `environment:<id>`, `namespace:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';

export const environmentKinds = ['DEVELOPMENT', 'TEST', 'STAGING', 'PRODUCTION'] as const;
export const tenantRoles = ['admin', 'viewer'] as const;

const role = z.enum(tenantRoles).describe('What it may do: everything within the tenant, or only look.');
const atMost = (what: string, unit: string) => z.number().int().min(0).meta({ description: what, 'x-unit': unit });

/** What a tenant may hold at most. */
export const tenantLimits = z.strictObject({
  namespaces: atMost('Namespaces at the same time.', 'namespace'),
  instances: atMost('Instances at the same time, those of a running rollout included.', 'instance'),
  cpuMillis: atMost('Processor time of all instances together.', 'millicore'),
  memoryMiB: atMost('Memory of all instances together.', 'MiB'),
});
export type TenantLimits = z.infer<typeof tenantLimits>;

const namespace = { namespaceId: id('namespace'), environmentId: id('environment'), name };

export const tenancyEvents = {
  TenantCreated: {
    doc: 'A tenant exists: somebody who rents from the platform, apart from all others.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      name,
      limits: tenantLimits.describe('What it may hold at most.'),
    }),
  },
  MemberAdded: {
    doc: 'A person may act for the tenant from now on.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      memberId: id('member'),
      subject: z.string().min(1).max(255).describe("The `sub` of the person's tokens."),
      role,
    }),
  },
  ServiceAccountCreated: {
    doc: 'A program may act for the tenant from now on, with an id and a secret.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      serviceAccountId: id('serviceAccount'),
      name,
      role,
      secretHash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256, in hex, of a secret of 256 random bits; the secret itself is kept nowhere.'),
    }),
  },

  EnvironmentCreated: {
    doc: 'The tenant has one more stage for its work.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({
      environmentId: id('environment'),
      name,
      kind: z.enum(environmentKinds).describe('What the stage is for.'),
    }),
  },

  NamespaceCreated: {
    doc: 'A unit of isolation exists. Its subnet follows from the network context.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ ...namespace, labels }),
  },
  NamespaceDeletionRequested: {
    doc: 'Somebody wants the namespace gone. From here on nothing new is admitted underneath.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject(namespace),
  },
  NamespaceDeleted: {
    doc: 'Containers, addresses, rules and subnets of the namespace are gone; its name is free again.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject(namespace),
  },
} as const;

export type TenancyEvent = EventsOf<typeof tenancyEvents>;
