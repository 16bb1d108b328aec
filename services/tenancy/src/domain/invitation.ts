/** An invitation to become a member, good once and for a time. Stream `invitation:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole } from '@atoll/schema/permissions';
import type { IdentityEvent } from '@atoll/schema/tenancy/identity';
import { releaseAmount, releaseUnique, requireClaim, takeAmount, takeUnique } from './claims.ts';

/** Open ones of a tenant, expired ones included. */
export const MAX_INVITATIONS = 200;

type InvitationEvent = Extract<IdentityEvent, { type: 'MemberInvited' | `Invitation${string}` }>;
type Invited = Extract<InvitationEvent, { type: 'MemberInvited' }>['data'];

interface Known {
  readonly tenantId: Id<'tenant'>;
  readonly invitationId: Id<'invitation'>;
  readonly role: BuiltInRole;
  readonly expiresAt: string;
  readonly secretHash: string;
}
/** Without the address: no rule needs it. */
export type InvitationState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'open' })
  | (Known & { readonly status: 'revoked' })
  | (Known & { readonly status: 'accepted'; readonly subject: string; readonly memberId: Id<'member'> });

export type InvitationCommand =
  | { readonly kind: 'invite'; readonly data: Invited }
  | { readonly kind: 'revoke' }
  | {
      readonly kind: 'accept';
      readonly secretHash: string;
      readonly memberId: Id<'member'>;
      readonly subject: string;
      readonly displayName: string | null;
      readonly email: string | null;
      readonly now: number;
    };

export const invitationStream = (id: string) => `invitation:${id}`;
export const invitationNotFound = reject('NOT_FOUND', 'There is no such invitation.', 'invitationId');
/** Byte for byte the same for a wrong secret, a wrong id, and another tenant's. */
export const noSuchToken = reject(
  'NOT_FOUND',
  'There is no such invitation for you: check that the token is whole and that you sign in by an issuer that the tenant accepts, or ask for a new one.',
  'token',
);
const used = reject(
  'INVITATION_USED',
  'The invitation was accepted already: each is good once. Ask for a new one.',
  'token',
);
const revoked = reject(
  'INVITATION_REVOKED',
  'The invitation was taken back. Ask whoever sent it for a new one.',
  'token',
);
const expired = (at: string) =>
  reject('INVITATION_EXPIRED', `The invitation was good until ${at}. Ask whoever sent it for a new one.`, 'token');

const markOf = ({ tenantId, invitationId }: Pick<Known, 'tenantId' | 'invitationId'>) => `${tenantId} ${invitationId}`;
/** Whoever accepts and whoever revokes at the same time: one of them lets go of the mark. */
const close = (known: Known) => [
  requireClaim('invitation', markOf(known)),
  releaseUnique('invitation', markOf(known), known.invitationId),
  releaseAmount('invitations', known.tenantId, known.invitationId),
];

export const invitation: Decider<InvitationState, InvitationCommand, InvitationEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'invite': {
        const { data } = command;
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The invitation exists already.'));
        const { tenantId, invitationId } = data;
        return accept<InvitationEvent>(
          [{ type: 'MemberInvited', data }],
          [
            requireClaim('tenant', tenantId),
            takeUnique('invitation', markOf(data), invitationId),
            takeAmount('invitations', tenantId, invitationId, MAX_INVITATIONS),
          ],
        );
      }
      case 'revoke': {
        if (state.status === 'absent') return refuse(invitationNotFound);
        if (state.status === 'revoked') return accept<InvitationEvent>([]);
        if (state.status === 'accepted') {
          return refuse(
            reject(
              'INVITATION_USED',
              'The invitation was accepted already: end the membership instead.',
              'invitationId',
            ),
          );
        }
        const { tenantId, invitationId } = state;
        return {
          ...accept<InvitationEvent>([{ type: 'InvitationRevoked', data: { tenantId, invitationId } }], close(state)),
          erases: [invitationId],
        };
      }
      case 'accept': {
        const { secretHash, memberId, subject, displayName, email, now } = command;
        // Both are hashes of 256 random bits: how far they agree tells nothing of the secret.
        if (state.status === 'absent' || state.secretHash !== secretHash) return refuse(noSuchToken);
        if (state.status === 'accepted') return refuse(used);
        if (state.status === 'revoked') return refuse(revoked);
        if (Date.parse(state.expiresAt) <= now) return refuse(expired(state.expiresAt));
        const { tenantId, invitationId, role } = state;
        const data = { tenantId, invitationId, memberId, subject, role, displayName, email };
        return {
          ...accept<InvitationEvent>(
            [{ type: 'InvitationAccepted', data }],
            [requireClaim('tenant', tenantId), ...close(state)],
          ),
          erases: [invitationId],
        };
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'MemberInvited': {
        const { tenantId, invitationId, role, expiresAt, secretHash } = event.data;
        return { status: 'open', tenantId, invitationId, role, expiresAt, secretHash };
      }
      case 'InvitationRevoked':
        return state.status === 'open' ? { ...state, status: 'revoked' } : state;
      case 'InvitationAccepted': {
        if (state.status === 'absent') return state;
        const { subject, memberId } = event.data;
        return { ...state, status: 'accepted', subject, memberId };
      }
      default:
        return event satisfies never;
    }
  },
};
