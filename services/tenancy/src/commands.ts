/**
 * The write door: each command of `schema/src/tenancy/commands.ts` becomes one decision on one stream. What must hold
 * over many streams is in the claims of that decision; nothing is checked beforehand that the commit doesn't check.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { tenancyCommands } from '@atoll/schema/tenancy/commands';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { answer } from './answer.ts';
import { accessHandlers, byOf } from './commands/access.ts';
import { type DeletionNeeds, deletionHandlers } from './commands/deletion.ts';
import { environmentHandlers } from './commands/environments.ts';
import { identityHandlers } from './commands/identity.ts';
import { labelHandlers } from './commands/labels.ts';
import { planHandlers } from './commands/plans.ts';
import { releaseQuota, reserveQuota, setQuota, withDenial } from './commands/quotas.ts';
import { createTenant } from './create-tenant.ts';
import { denied } from './denials.ts';
import { entitlementsKey } from './domain/entitlements.ts';
import { environment, environmentStream } from './domain/environment.ts';
import { namespace, namespaceNotFound, namespaceStream } from './domain/namespace.ts';
import {
  memberOf,
  type TenantCommand,
  type TenantState,
  tenant,
  tenantNotFound,
  tenantStream,
} from './domain/tenant.ts';
import { activeTenant, entitledNow } from './load.ts';
import { originOf } from './origin.ts';
import type { PlanUse } from './plan-use.ts';

/** Each is lost to another change of the tenant's entitlements. */
const ENTITLEMENT_TRIES = 5;

/** A decision on the tenant that the command was sent under, answered with its id. */
const decideTenant = (store: EventStore, command: TenantCommand, request: unknown, context: CommandContext) =>
  handleCommand(store, {
    decider: tenant,
    stream: tenantStream(context.tenant),
    command,
    origin: originOf(context),
    idempotency: { key: context.key, request },
    expectedVersion: context.expectedVersion,
    result: { tenantId: context.tenant },
    onClaimConflict: denied,
    notFound: tenantNotFound,
  });

export function tenancyHandlers(
  store: EventStore,
  use: PlanUse,
  deleting: DeletionNeeds,
): CommandHandlers<typeof tenancyCommands> {
  return {
    ...accessHandlers(store),
    ...identityHandlers(store),
    ...deletionHandlers(deleting),

    ...environmentHandlers(store),
    ...labelHandlers(store),
    ...planHandlers(store, use),
    CreateTenant: async (input, context) => answer('CreateTenant', await createTenant(store, input, context)),

    async AddMember(input, context) {
      const memberId = newId('member');
      const { displayName, email, ...rest } = input;
      const known = displayName !== null || email !== null;
      const outcome = await handleCommand(store, {
        decider: tenant,
        stream: tenantStream(context.tenant),
        command: { kind: 'addMember', by: byOf(context), memberId, ...input },
        origin: originOf(context),
        idempotency: {
          key: context.key,
          request: { AddMember: rest },
          ...(known && { personal: { subject: input.subject, data: { displayName, email } } }),
        },
        result: { memberId },
        onClaimConflict: denied,
        notFound: tenantNotFound,
      });
      return answer('AddMember', outcome);
    },

    async ErasePersonalData(input, context) {
      const outcome = await handleCommand(store, {
        decider: tenant,
        stream: tenantStream(context.tenant),
        command: { kind: 'erasePersonalData', ...input },
        origin: originOf(context),
        idempotency: { key: context.key, request: { ErasePersonalData: input } },
        result: (state: TenantState) => ({ memberId: memberOf(state, input.subject)?.memberId }),
        notFound: tenantNotFound,
      });
      return answer('ErasePersonalData', outcome);
    },

    async CreateServiceAccount(input, context) {
      const serviceAccountId = newId('serviceAccount');
      const outcome = await handleCommand(store, {
        decider: tenant,
        stream: tenantStream(context.tenant),
        command: { kind: 'createServiceAccount', by: byOf(context), serviceAccountId, ...input },
        origin: originOf(context),
        idempotency: { key: context.key, request: { CreateServiceAccount: input } },
        expectedVersion: context.expectedVersion,
        result: { serviceAccountId },
        onClaimConflict: denied,
        notFound: tenantNotFound,
      });
      return answer('CreateServiceAccount', outcome);
    },

    async SuspendTenant(input, context) {
      const command = { kind: 'suspend', ...input } as const;
      return answer('SuspendTenant', await decideTenant(store, command, { SuspendTenant: input }, context));
    },

    async ResumeTenant(input, context) {
      return answer('ResumeTenant', await decideTenant(store, { kind: 'resume' }, { ResumeTenant: input }, context));
    },

    async CreateEnvironment(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const environmentId = newId('environment');
      const outcome = await handleCommand(store, {
        decider: environment,
        stream: environmentStream(environmentId),
        newStream: true,
        command: {
          kind: 'create',
          tenant: owner.id,
          environmentId,
          name: input.name,
          environmentKind: input.kind,
        },
        origin: originOf(context),
        idempotency: { key: context.key, request: { CreateEnvironment: input } },
        result: { environmentId },
        onClaimConflict: denied,
      });
      return answer('CreateEnvironment', outcome);
    },

    async CreateNamespace(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const namespaceId: Id<'namespace'> = newId('namespace');
      // Decided on the limits as they are: where they change before the commit, on what they are then.
      for (let attempt = 1; ; attempt += 1) {
        const entitled = await entitledNow(store, owner.id);
        let again = false;
        const outcome = await withDenial(store, owner.id, input.name, (onClaimConflict) =>
          handleCommand(store, {
            decider: namespace,
            stream: namespaceStream(namespaceId),
            newStream: true,
            command: {
              kind: 'create',
              tenant: owner.id,
              namespaceId,
              ...input,
              limit: entitled?.effective.limits.namespaces ?? owner.limits.namespaces,
              entitlements: entitled && entitlementsKey(owner.id, entitled.revision),
            },
            origin: originOf(context),
            idempotency: { key: context.key, request: { CreateNamespace: input } },
            result: { namespaceId },
            onClaimConflict(conflict) {
              again = conflict.claim.set === 'entitlements';
              return onClaimConflict(conflict);
            },
          }),
        );
        if (!again || attempt === ENTITLEMENT_TRIES) return answer('CreateNamespace', outcome);
      }
    },

    async DeleteNamespace(input, context) {
      const outcome = await handleCommand(store, {
        decider: namespace,
        stream: namespaceStream(input.namespaceId),
        command: { kind: 'requestDeletion', tenant: context.tenant },
        origin: originOf(context),
        idempotency: { key: context.key, request: { DeleteNamespace: input } },
        expectedVersion: context.expectedVersion,
        result: { namespaceId: input.namespaceId },
        onClaimConflict: denied,
        notFound: namespaceNotFound,
      });
      return answer('DeleteNamespace', outcome);
    },

    ReserveQuota: async (input, context) => answer('ReserveQuota', await reserveQuota(store, input, context)),
    ReleaseQuota: async (input, context) => answer('ReleaseQuota', await releaseQuota(store, input, context)),
    SetQuota: async (input, context) => answer('SetQuota', await setQuota(store, input, context)),
  };
}
