/** Commands of who may do what: all of them decisions on the tenant's own stream. */
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import type { accessCommands, Scope } from '@atoll/schema/tenancy/access';
import type { TenancyInput } from '@atoll/schema/tenancy/commands';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { answer } from '../answer.ts';
import { denied } from '../denials.ts';
import type { AccessCommand } from '../domain/access-command.ts';
import type { By } from '../domain/access-state.ts';
import { namespace, namespaceNotFound, namespaceStream } from '../domain/namespace.ts';
import { memberOf, type TenantState, tenant, tenantNotFound, tenantStream } from '../domain/tenant.ts';
import { originOf } from '../origin.ts';

/** The gateway says who asks, and it alone may send commands; whether they may is decided on the stream. */
export function byOf({ actor, only }: Pick<CommandContext, 'actor' | 'only'>): By {
  if (!actor.startsWith('user:')) return { kind: 'platform' };
  return { kind: 'subject', subject: actor.slice('user:'.length), only: only ?? null };
}

const decide = (
  store: EventStore,
  command: AccessCommand,
  request: unknown,
  context: CommandContext,
  result: unknown | ((state: TenantState) => unknown),
) =>
  handleCommand(store, {
    decider: tenant,
    stream: tenantStream(context.tenant),
    command,
    origin: originOf(context),
    idempotency: { key: context.key, request },
    result,
    onClaimConflict: denied,
    notFound: tenantNotFound,
  });

type Where = { readonly scope: Scope; readonly namespaceName: string | null };

/** The scope that is meant, with the environment of its namespace, which is there now; the claims hold it to the commit. */
async function whereOf(
  store: EventStore,
  owner: Tenant,
  { environmentId, namespaceId }: Pick<TenancyInput<'BindRole'>, 'environmentId' | 'namespaceId'>,
): Promise<Where | Rejection> {
  if (namespaceId !== null) {
    if (environmentId !== null) {
      const text = 'Say the environment or the namespace: a namespace is in one environment alone.';
      return reject('INVALID_ARGUMENT', text, 'environmentId');
    }
    const found = await loadState(store, { decider: namespace, stream: namespaceStream(namespaceId) });
    if (found.tenant !== owner || found.state.status !== 'active') return namespaceNotFound;
    const { environmentId: home, name } = found.state;
    return { scope: { level: 'namespace', environmentId: home, namespaceId }, namespaceName: name };
  }
  if (environmentId !== null) return { scope: { level: 'environment', environmentId }, namespaceName: null };
  return { scope: { level: 'tenant' }, namespaceName: null };
}

export function accessHandlers(store: EventStore): CommandHandlers<typeof accessCommands> {
  return {
    async ChangeMemberRole(input, context) {
      const command = { kind: 'changeMemberRole', by: byOf(context), ...input } as const;
      const { memberId } = input;
      return answer(
        'ChangeMemberRole',
        await decide(store, command, { ChangeMemberRole: input }, context, { memberId }),
      );
    },

    async RemoveMember(input, context) {
      const command = { kind: 'removeMember', by: byOf(context), ...input } as const;
      const { memberId } = input;
      return answer('RemoveMember', await decide(store, command, { RemoveMember: input }, context, { memberId }));
    },

    async LeaveTenant(input, context) {
      const by = byOf(context);
      // Of the membership that ends: afterwards nobody knows it.
      const { state } = await loadState(store, { decider: tenant, stream: tenantStream(context.tenant) });
      const memberId = by.kind === 'subject' ? memberOf(state, by.subject)?.memberId : undefined;
      const outcome = await decide(store, { kind: 'leave', by }, { LeaveTenant: input }, context, { memberId });
      return answer('LeaveTenant', outcome);
    },

    async CreateRole(input, context) {
      const roleId = newId('role');
      const command = { kind: 'createRole', by: byOf(context), roleId, ...input } as const;
      return answer('CreateRole', await decide(store, command, { CreateRole: input }, context, { roleId }));
    },

    async ChangeRole(input, context) {
      const command = { kind: 'changeRole', by: byOf(context), ...input } as const;
      const { roleId } = input;
      return answer('ChangeRole', await decide(store, command, { ChangeRole: input }, context, { roleId }));
    },

    async DeleteRole(input, context) {
      const command = { kind: 'deleteRole', by: byOf(context), ...input } as const;
      const { roleId } = input;
      return answer('DeleteRole', await decide(store, command, { DeleteRole: input }, context, { roleId }));
    },

    async BindRole(input, context) {
      const { subjectId, role } = input;
      const where = await whereOf(store, context.tenant, input);
      if ('code' in where) return { ok: false, rejection: where };
      const bindingId = newId('binding');
      const command = { kind: 'bindRole', by: byOf(context), bindingId, subjectId, role, ...where } as const;
      return answer('BindRole', await decide(store, command, { BindRole: input }, context, { bindingId }));
    },

    async UnbindRole(input, context) {
      const command = { kind: 'unbindRole', by: byOf(context), ...input } as const;
      const { bindingId } = input;
      return answer('UnbindRole', await decide(store, command, { UnbindRole: input }, context, { bindingId }));
    },
  };
}
