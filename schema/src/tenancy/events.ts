/** Facts of the tenancy context. Streams: `tenant:<id>`, `environment:<id>`, `namespace:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';

export const environmentKinds = ['DEVELOPMENT', 'TEST', 'STAGING', 'PRODUCTION'] as const;
export const tenantRoles = ['admin', 'viewer'] as const;

/** What a tenant may hold at most. CPU in thousandths of a core, memory in MiB. */
export const tenantLimits = z.strictObject({
  namespaces: z.number().int().min(0),
  instances: z.number().int().min(0),
  cpuMillis: z.number().int().min(0),
  memoryMiB: z.number().int().min(0),
});
export type TenantLimits = z.infer<typeof tenantLimits>;

export const tenancyEvents = {
  // stream tenant:<tenantId>
  TenantCreated: {
    version: 1,
    data: z.strictObject({ tenantId: id('tenant'), name, limits: tenantLimits }),
  },
  /** `subject` is the `sub` of the person's tokens. */
  MemberAdded: {
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      memberId: id('member'),
      subject: z.string().min(1).max(255),
      role: z.enum(tenantRoles),
    }),
  },
  /** `secretHash` is the SHA-256, in hex, of a client secret of 256 random bits; the secret itself is kept nowhere. */
  ServiceAccountCreated: {
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      serviceAccountId: id('serviceAccount'),
      name,
      role: z.enum(tenantRoles),
      secretHash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  },

  // stream environment:<environmentId>
  EnvironmentCreated: {
    version: 1,
    data: z.strictObject({
      environmentId: id('environment'),
      name,
      kind: z.enum(environmentKinds),
    }),
  },

  // stream namespace:<namespaceId>
  NamespaceCreated: {
    version: 1,
    data: z.strictObject({
      namespaceId: id('namespace'),
      environmentId: id('environment'),
      name,
      labels,
    }),
  },
  /** From here on nothing new is admitted underneath. */
  NamespaceDeletionRequested: {
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), name }),
  },
  /** Containers, addresses, rules and subnets are gone; the name is free again. */
  NamespaceDeleted: {
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), name }),
  },
} as const;

export type TenancyEvent = EventsOf<typeof tenancyEvents>;
