/** The write door of issuers, API keys, service accounts and invitations. */
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, type Tenant } from '@atoll/schema/ids';
import type { TenancyInput } from '@atoll/schema/tenancy/commands';
import type { identityCommands } from '@atoll/schema/tenancy/identity-commands';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { admit } from '../admit.ts';
import { answer } from '../answer.ts';
import { denied } from '../denials.ts';
import type { By } from '../domain/access-state.ts';
import { apiKey, apiKeyNotFound, apiKeyStream } from '../domain/api-key.ts';
import { beyondAccount, beyondMembers, beyondRoles, shutsOutAccount, shutsOutMembers } from '../domain/authority.ts';
import { invitation, invitationNotFound, invitationStream, noSuchToken } from '../domain/invitation.ts';
import { type IssuerCommand, issuer, issuerNotFound, issuerStream } from '../domain/issuer.ts';
import {
  type CreatedAccount,
  createdAccounts,
  type ServiceAccountCommand,
  serviceAccount,
  serviceAccountNotFound,
  serviceAccountStream,
} from '../domain/service-account.ts';
import { memberOf, tenant, tenantNotFound, tenantStream } from '../domain/tenant.ts';
import { activeTenant } from '../load.ts';
import { originOf } from '../origin.ts';
import { byOf } from './access.ts';

const no = (rejection: Rejection) => ({ ok: false, rejection }) as const;

const noPerson = reject(
  'ILLEGAL_STATE',
  'An invitation is for a person, and a service account is none: create one for the program where it is to work.',
  'token',
);

const inviterHasLess = reject(
  'INVITATION_REVOKED',
  'Whoever sent the invitation can not give that role any more. Ask an admin of the tenant for a new one.',
  'token',
);

/** Who is gone, or has less by now, must not come in again by what they sent to themselves. */
async function inviterOf(store: EventStore, invitationId: Id<'invitation'>): Promise<By> {
  const [invited] = await store.readStream(invitationStream(invitationId), 1, { limit: 1 });
  if (!invited) throw new Error(`The invitation ${invitationId} is open, and nobody has sent it.`);
  return byOf({ actor: invited.actor });
}

type Account = { readonly status: 'enabled' | 'disabled' | 'deleted'; readonly created: CreatedAccount };

/** An account of this tenant, or null. */
async function accountOf(store: EventStore, owner: Tenant, id: Id<'serviceAccount'>): Promise<Account | null> {
  const { state } = await loadState(store, { decider: createdAccounts, stream: tenantStream(owner) });
  const created = state.get(id);
  if (!created) return null;
  const { state: now } = await loadState(store, { decider: serviceAccount, stream: serviceAccountStream(id) });
  return { status: now.status, created };
}

const stateOf = async (store: EventStore, context: CommandContext) =>
  (await loadState(store, { decider: tenant, stream: tenantStream(context.tenant) })).state;

/** Whose key it is to be: somebody who is there. */
async function ownerProblem(store: EventStore, owner: Id<'tenant'>, subject: string): Promise<Rejection | null> {
  if (idKind(subject) === 'serviceAccount') {
    const account = await accountOf(store, owner, subject as Id<'serviceAccount'>);
    return account === null || account.status === 'deleted' ? serviceAccountNotFound : null;
  }
  // That a person is a member is asked at each use of the key: who came by a group of their issuer is none here.
  return null;
}

/**
 * Which tokens of an issuer are believed, and where they say which groups somebody is in, is changed by nobody who has
 * less than the tokens give: they could make such a token themselves, or have one made for a program of theirs.
 */
async function issuerProblem(
  store: EventStore,
  { issuerId, claims, groupRoles, audience, algorithms, tokenTypes }: TenancyInput<'ChangeIssuer'>,
  context: CommandContext,
): Promise<Rejection | null> {
  const others = audience !== undefined || algorithms !== undefined || tokenTypes !== undefined;
  if (!others && claims === undefined && groupRoles === undefined) return null;
  const known = await loadState(store, { decider: issuer, stream: issuerStream(issuerId) });
  const own = known.tenant === context.tenant && known.state.status === 'registered' ? known.state.settings : null;
  const roles = (groupRoles ?? own?.groupRoles ?? []).map(({ role }) => role);
  const [state, by] = [await stateOf(store, context), byOf(context)];
  const field = groupRoles !== undefined || !others ? 'groupRoles' : 'issuerId';
  return (
    beyondRoles(state, by, roles, field) ?? (others && own ? beyondMembers(state, by, issuerId, 'issuerId') : null)
  );
}

export function identityHandlers(store: EventStore): CommandHandlers<typeof identityCommands> {
  const changeIssuer = (issuerId: Id<'issuer'>, command: IssuerCommand, request: unknown, context: CommandContext) =>
    handleCommand(store, {
      decider: issuer,
      stream: issuerStream(issuerId),
      command,
      origin: originOf(context),
      idempotency: { key: context.key, request },
      expectedVersion: context.expectedVersion,
      result: { issuerId },
      onClaimConflict: denied,
      notFound: issuerNotFound,
    });

  async function changeAccount(
    serviceAccountId: Id<'serviceAccount'>,
    action: DistributiveOmit<ServiceAccountCommand, 'tenantId' | 'serviceAccountId' | 'created'>,
    request: unknown,
    context: CommandContext,
  ) {
    const account = await accountOf(store, context.tenant, serviceAccountId);
    if (account === null) return no(serviceAccountNotFound);
    const { created } = account;
    const tenantId = context.tenant as Id<'tenant'>;
    return await handleCommand(store, {
      decider: serviceAccount,
      stream: serviceAccountStream(serviceAccountId),
      command: { ...action, tenantId, serviceAccountId, created },
      origin: originOf(context),
      idempotency: { key: context.key, request },
      result: { serviceAccountId },
      onClaimConflict: denied,
      notFound: serviceAccountNotFound,
    });
  }

  async function invite(input: TenancyInput<'InviteMember'>, context: CommandContext) {
    const owner = await activeTenant(store, context.tenant);
    if (!owner.ok) return owner;
    const problem = beyondRoles(await stateOf(store, context), byOf(context), [input.role], 'role');
    if (problem) return no(problem);
    const invitationId = newId('invitation');
    const { email, validSeconds, ...rest } = input;
    const expiresAt = new Date(Date.now() + validSeconds * 1000).toISOString();
    const data = { tenantId: owner.id, invitationId, ...rest, email, expiresAt };
    return await handleCommand(store, {
      decider: invitation,
      stream: invitationStream(invitationId),
      newStream: true,
      command: { kind: 'invite', data },
      origin: originOf(context),
      // Without the address, whose hash would give it away, and whose key goes with the invitation.
      idempotency: {
        key: context.key,
        request: { InviteMember: { ...rest, validSeconds }, addressed: email !== null },
      },
      result: { invitationId },
      onClaimConflict: denied,
    });
  }

  return {
    async RegisterIssuer({ url, ...settings }, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const roles = settings.groupRoles.map(({ role }) => role);
      const problem = beyondRoles(await stateOf(store, context), byOf(context), roles, 'groupRoles');
      if (problem) return no(problem);
      const issuerId = newId('issuer');
      const outcome = await handleCommand(store, {
        decider: issuer,
        stream: issuerStream(issuerId),
        newStream: true,
        command: { kind: 'register', tenantId: owner.id, issuerId, url, settings },
        origin: originOf(context),
        idempotency: { key: context.key, request: { RegisterIssuer: { url, ...settings } } },
        result: { issuerId },
        onClaimConflict: denied,
      });
      return answer('RegisterIssuer', outcome);
    },
    async ChangeIssuer(input, context) {
      const { issuerId, ...change } = input;
      const problem = await issuerProblem(store, input, context);
      if (problem) return no(problem);
      return answer(
        'ChangeIssuer',
        await changeIssuer(issuerId, { kind: 'change', change }, { ChangeIssuer: input }, context),
      );
    },
    async RemoveIssuer(input, context) {
      const problem = shutsOutMembers(await stateOf(store, context), byOf(context), input.issuerId);
      if (problem) return no(problem);
      return answer(
        'RemoveIssuer',
        await changeIssuer(input.issuerId, { kind: 'remove' }, { RemoveIssuer: input }, context),
      );
    },

    async CreateApiKey(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const problem = await ownerProblem(store, owner.id, input.subject);
      if (problem) return no(problem);
      if (idKind(input.subject) === 'serviceAccount') {
        const beyond = beyondAccount(await stateOf(store, context), byOf(context), input.subject);
        if (beyond) return no(beyond);
      }
      const apiKeyId = newId('apiKey');
      const outcome = await handleCommand(store, {
        decider: apiKey,
        stream: apiKeyStream(apiKeyId),
        newStream: true,
        command: { kind: 'create', data: { tenantId: owner.id, apiKeyId, ...input }, now: Date.now() },
        origin: originOf(context),
        idempotency: { key: context.key, request: { CreateApiKey: input } },
        result: { apiKeyId },
        onClaimConflict: denied,
      });
      return answer('CreateApiKey', outcome);
    },
    async RevokeApiKey(input, context) {
      const outcome = await handleCommand(store, {
        decider: apiKey,
        stream: apiKeyStream(input.apiKeyId),
        command: { kind: 'revoke', owner: input.owner },
        origin: originOf(context),
        idempotency: { key: context.key, request: { RevokeApiKey: input } },
        result: { apiKeyId: input.apiKeyId },
        onClaimConflict: denied,
        notFound: apiKeyNotFound,
      });
      return answer('RevokeApiKey', outcome);
    },

    async RotateServiceAccountSecret(input, context) {
      const { serviceAccountId, secretHash, overlapSeconds } = input;
      const beyond = beyondAccount(await stateOf(store, context), byOf(context), serviceAccountId);
      if (beyond) return no(beyond);
      const action = { kind: 'rotate', secretHash, overlapMs: overlapSeconds * 1000, now: Date.now() } as const;
      const outcome = await changeAccount(serviceAccountId, action, { RotateServiceAccountSecret: input }, context);
      return answer('RotateServiceAccountSecret', outcome);
    },
    async DisableServiceAccount(input, context) {
      const problem = shutsOutAccount(await stateOf(store, context), byOf(context), input.serviceAccountId);
      if (problem) return no(problem);
      const request = { DisableServiceAccount: input };
      return answer(
        'DisableServiceAccount',
        await changeAccount(input.serviceAccountId, { kind: 'disable' }, request, context),
      );
    },
    async EnableServiceAccount(input, context) {
      const request = { EnableServiceAccount: input };
      return answer(
        'EnableServiceAccount',
        await changeAccount(input.serviceAccountId, { kind: 'enable' }, request, context),
      );
    },
    async SetServiceAccountLabels(input, context) {
      const action = { kind: 'setLabels', labels: input.labels } as const;
      const request = { SetServiceAccountLabels: input };
      return answer('SetServiceAccountLabels', await changeAccount(input.serviceAccountId, action, request, context));
    },
    async DeleteServiceAccount(input, context) {
      const problem = shutsOutAccount(await stateOf(store, context), byOf(context), input.serviceAccountId);
      if (problem) return no(problem);
      const request = { DeleteServiceAccount: input };
      return answer(
        'DeleteServiceAccount',
        await changeAccount(input.serviceAccountId, { kind: 'delete' }, request, context),
      );
    },

    InviteMember: async (input, context) => answer('InviteMember', await invite(input, context)),

    async RevokeInvitation(input, context) {
      const outcome = await handleCommand(store, {
        decider: invitation,
        stream: invitationStream(input.invitationId),
        command: { kind: 'revoke' },
        origin: originOf(context),
        idempotency: { key: context.key, request: { RevokeInvitation: input } },
        result: { invitationId: input.invitationId },
        onClaimConflict: denied,
        notFound: invitationNotFound,
      });
      return answer('RevokeInvitation', outcome);
    },

    /** Two streams, so two commits: what the first one says, the second carries out here, or after a crash a reaction. */
    async AcceptInvitation(input, context) {
      const { invitationId, displayName, email, ...rest } = input;
      const { state } = await loadState(store, { decider: tenant, stream: tenantStream(context.tenant) });
      if (state.status === 'absent') return no(noSuchToken);
      if (idKind(input.subject) === 'serviceAccount') return no(noPerson);
      const { state: before } = await loadState(store, { decider: invitation, stream: invitationStream(invitationId) });
      if (before.status === 'open' && memberOf(state, input.subject)) {
        return no(reject('ILLEGAL_STATE', 'You are a member of the tenant already.'));
      }
      if (before.status === 'open' && before.secretHash === input.secretHash) {
        const problem = beyondRoles(state, await inviterOf(store, invitationId), [before.role], 'token');
        if (problem) return no(inviterHasLess);
      }
      const memberId = newId('member');
      const accepted = await handleCommand(store, {
        decider: invitation,
        stream: invitationStream(invitationId),
        command: { kind: 'accept', ...rest, displayName, email, memberId, now: Date.now() },
        origin: originOf(context),
        idempotency: { key: context.key, request: { AcceptInvitation: { invitationId, ...rest } } },
        result: (now: typeof before) =>
          now.status === 'accepted' ? { tenantId: now.tenantId, memberId: now.memberId, role: now.role } : null,
        onClaimConflict: denied,
        notFound: noSuchToken,
      });
      const first = answer('AcceptInvitation', accepted);
      if (!first.ok) return first;
      const { subject } = input;
      const person = { memberId: first.result.memberId, subject, role: first.result.role, displayName, email };
      const admitted = await admit(store, invitationId, person, originOf(context));
      if (!admitted.ok) return admitted.rejection === tenantNotFound ? no(noSuchToken) : no(admitted.rejection);
      return { ...first, position: admitted.position };
    },
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
