/** What can be asked of the tenancy service. Subject: `cmd.tenancy.<Name>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { InputOf, ResultOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { accessCommands, builtInRole } from './access.ts';
import { deletionCommands } from './deletion.ts';
import { environmentCommands, environmentKinds } from './environments.ts';
import { suspensionReason, tenantLimits } from './events.ts';
import { identityCommands } from './identity-commands.ts';
import { labelCommands } from './labels.ts';
import { displayName, email, memberSubject } from './person.ts';
import { planCommands } from './plans.ts';
import { quotaCommands } from './quotas.ts';

const subject = memberSubject;

export const tenancyCommands = {
  /** Sent under the platform's own tenant. */
  CreateTenant: {
    input: z.strictObject({
      name,
      /** The default plan where it is left out. */
      planId: id('plan').optional(),
      /** What is left out gets the platform's default. */
      limits: tenantLimits.partial().optional(),
      members: z
        .array(z.strictObject({ subject, role: builtInRole }))
        .max(100)
        .default([]),
    }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
  /** Sent under the tenant that is meant. Suspending one that is suspended already changes nothing, not even the reason. */
  SuspendTenant: {
    input: z.strictObject({ reason: suspensionReason }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
  /** Sent under the tenant that is meant. */
  ResumeTenant: {
    input: z.strictObject({}),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
  AddMember: {
    input: z.strictObject({
      subject,
      /** For the whole tenant; null: only what is bound later. */
      role: builtInRole.nullable(),
      displayName: displayName.nullable().default(null),
      email: email.nullable().default(null),
    }),
    result: z.strictObject({ memberId: id('member') }),
  },
  /** Of a member: the membership stays, what was told of the person goes. */
  ErasePersonalData: {
    input: z.strictObject({ subject }),
    result: z.strictObject({ memberId: id('member') }),
  },
  CreateServiceAccount: {
    input: z.strictObject({
      name,
      role: builtInRole.nullable(),
      secretHash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
    result: z.strictObject({ serviceAccountId: id('serviceAccount') }),
  },
  ...accessCommands,
  CreateEnvironment: {
    input: z.strictObject({ name, kind: z.enum(environmentKinds) }),
    result: z.strictObject({ environmentId: id('environment') }),
  },
  ...environmentCommands,
  ...planCommands,
  CreateNamespace: {
    input: z.strictObject({ environmentId: id('environment'), name, labels: labels.default({}) }),
    result: z.strictObject({ namespaceId: id('namespace') }),
  },
  DeleteNamespace: {
    input: z.strictObject({ namespaceId: id('namespace') }),
    result: z.strictObject({ namespaceId: id('namespace') }),
  },
  ...labelCommands,
  ...identityCommands,
  ...quotaCommands,

  ...deletionCommands,
} as const;

export type TenancyCommand = keyof typeof tenancyCommands;
export type TenancyInput<N extends TenancyCommand> = InputOf<typeof tenancyCommands, N>;
export type TenancyResult<N extends TenancyCommand> = ResultOf<typeof tenancyCommands, N>;
