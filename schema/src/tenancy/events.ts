/** Facts of the tenancy context. Streams: `tenant:<id>`, `environment:<id>`, `namespace:<id>`, and those of the files beside. */
/** Facts of the tenancy context. Streams: `tenant:<id>`, `environment:<id>`, `namespace:<id>`, and those of quotas.ts. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { personal } from '../personal.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { accessEvents, baseRole } from './access.ts';
import { deletionEvents } from './deletion.ts';
import { environmentEvents, environmentKinds } from './environments.ts';
import { identityEvents } from './identity.ts';
import { labelEvents } from './labels.ts';
import { displayName, email } from './person.ts';
import { planEvents } from './plans.ts';
import { quotaEvents } from './quotas.ts';

/** The roles there were at first. */
const roleV1 = z.enum(['admin', 'viewer']).describe('What it may do: everything within the tenant, or only look.');
const atMost = (what: string, unit: string) => z.number().int().min(0).meta({ description: what, 'x-unit': unit });

/** What a tenant may hold at most. */
export const tenantLimits = z.strictObject({
  namespaces: atMost('Namespaces at the same time.', 'namespace'),
  instances: atMost('Instances at the same time, those of a running rollout included.', 'instance'),
  cpuMillis: atMost('Processor time of all instances together.', 'millicore'),
  memoryMiB: atMost('Memory of all instances together.', 'MiB'),
});
export type TenantLimits = z.infer<typeof tenantLimits>;

export const suspensionReason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^\P{Cc}*$/u, 'Text without control characters.')
  .describe('Why, in words for the tenant.');

const namespace = { namespaceId: id('namespace'), environmentId: id('environment'), name };

const memberV1 = z.strictObject({
  tenantId: id('tenant'),
  memberId: id('member'),
  subject: z.string().min(1).max(255).describe("The `sub` of the person's tokens."),
  role: roleV1,
});
const serviceAccountV1 = z.strictObject({
  tenantId: id('tenant'),
  serviceAccountId: id('serviceAccount'),
  name,
  role: roleV1,
  secretHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256, in hex, of a secret of 256 random bits; the secret itself is kept nowhere.'),
});

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
    version: 2,
    data: memberV1.extend({
      role: baseRole,
      displayName: personal(displayName, 'subject').describe('What people call them.'),
      email: personal(email, 'subject').describe('Where they can be reached.'),
    }),
    upcasters: { 1: (data: unknown) => ({ ...memberV1.parse(data), displayName: null, email: null }) },
  },
  PersonalDataErased: {
    doc: 'What was kept of a person is unreadable from now on, wherever it was copied to: its key is destroyed.',
    stream: 'tenant',
    version: 1,
    data: memberV1.pick({ tenantId: true, memberId: true, subject: true }),
  },
  ServiceAccountCreated: {
    doc: 'A program may act for the tenant from now on, with an id and a secret.',
    stream: 'tenant',
    version: 2,
    data: serviceAccountV1.extend({ role: baseRole }),
    upcasters: { 1: (data: unknown) => serviceAccountV1.parse(data) },
  },
  TenantSuspended: {
    doc: 'The tenant may look, and change nothing; its instances go on and reach nobody.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({ tenantId: id('tenant'), reason: suspensionReason }),
  },
  TenantResumed: {
    doc: 'The suspension is over: the tenant may change things again, and its policies are in force again.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({ tenantId: id('tenant') }),
  },

  ...accessEvents,

  EnvironmentCreated: {
    doc: 'The tenant has one more stage for its work.',
    stream: 'environment',
    version: 2,
    data: z.strictObject({
      environmentId: id('environment'),
      name,
      kind: z.enum(environmentKinds).describe('What the stage is for.'),
    }),
    // The first version knew one kind fewer.
    upcasters: { 1: (data: unknown) => data },
  },
  ...environmentEvents,
  ...planEvents,

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

  ...identityEvents,
  ...labelEvents,
  ...quotaEvents,
  ...deletionEvents,
} as const;

export type TenancyEvent = EventsOf<typeof tenancyEvents>;
