/** A tenant: its limits, and who may do what in it (`access.ts`). Stream `tenant:<id>`. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject, tenantSuspended } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole } from '@atoll/schema/permissions';
import type { TenancyEvent, TenantLimits } from '@atoll/schema/tenancy/events';
import { defaultTerms } from '@atoll/schema/tenancy/plans';
import type { Labels } from '@atoll/schema/text';
import { type AccessTenant, decideAccess } from './access.ts';
import type { AccessCommand } from './access-command.ts';
import { type AccessEvent, evolveAccess, type Member, noAccess } from './access-state.ts';
import { releaseUnique, requireClaim, requireStaying, takeUnique } from './claims.ts';

type OwnEvent = Extract<
  TenancyEvent,
  { type: 'TenantCreated' | 'TenantLabelsSet' | 'TenantSuspended' | 'TenantResumed' | 'TenantDeleted' }
>;
export type TenantEvent = OwnEvent | AccessEvent;

interface Known extends AccessTenant {
  readonly limits: TenantLimits;
  readonly labels: Labels;
}
export type TenantState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active' })
  | (Known & { readonly status: 'suspended'; readonly reason: string })
  | { readonly status: 'deleted' };

export type TenantCommand =
  | {
      readonly kind: 'create';
      readonly tenantId: Id<'tenant'>;
      readonly name: string;
      readonly limits: TenantLimits;
      /** The idempotency key of the request. */
      readonly requestKey: string;
      /** Whose terms it gets in a commit of its own. */
      readonly planId: Id<'plan'>;
      readonly members: readonly {
        readonly memberId: Id<'member'>;
        readonly subject: string;
        readonly role: BuiltInRole;
      }[];
    }
  | { readonly kind: 'erasePersonalData'; readonly subject: string }
  | { readonly kind: 'setLabels'; readonly labels: Labels }
  | { readonly kind: 'suspend'; readonly reason: string }
  | { readonly kind: 'resume' }
  /** Nothing of it is left but what `releases` lets go of: its deletion has seen to that. */
  | {
      readonly kind: 'delete';
      readonly deletionId: Id<'deletion'>;
      readonly name: string;
      readonly releases: readonly Claim[];
    }
  | AccessCommand;

/** What a tenant may hold where the operator says nothing else. */
const { namespaces, instances, cpuMillis, memoryMiB } = defaultTerms.limits;
export const defaultLimits: TenantLimits = { namespaces, instances, cpuMillis, memoryMiB };

export const limitsOf = (asked: { readonly [L in keyof TenantLimits]?: number | undefined } = {}): TenantLimits => ({
  namespaces: asked.namespaces ?? defaultLimits.namespaces,
  instances: asked.instances ?? defaultLimits.instances,
  cpuMillis: asked.cpuMillis ?? defaultLimits.cpuMillis,
  memoryMiB: asked.memoryMiB ?? defaultLimits.memoryMiB,
});

export const tenantNotFound = reject('NOT_FOUND', 'There is no such tenant.');

/** There is nothing to decide on any more, or not yet. */
type Gone = Extract<TenantState, { status: 'absent' | 'deleted' }>;
export const isGone = (state: TenantState): state is Gone => state.status === 'absent' || state.status === 'deleted';

export const tenantStream = (id: string) => `tenant:${id}`;

export const memberOf = (state: TenantState, subject: string): Member | undefined =>
  isGone(state) ? undefined : state.members.find((member) => member.subject === subject);

/** The index of the first subject that was named before, or -1. */
const repeated = (subjects: readonly string[]) => subjects.findIndex((s, index) => subjects.indexOf(s) < index);

export const tenant: Decider<TenantState, TenantCommand, TenantEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        const { tenantId, name, limits, members, requestKey, planId } = command;
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The tenant exists already.'));
        const twice = repeated(members.map((m) => m.subject));
        if (twice >= 0)
          return refuse(
            reject('INVALID_ARGUMENT', 'Each person can be a member only once.', `members.${twice}.subject`),
          );
        return accept<TenantEvent>(
          [
            { type: 'TenantCreated', data: { tenantId, name, limits } },
            ...members.map(
              (m): TenantEvent => ({ type: 'MemberAdded', data: { tenantId, ...m, displayName: null, email: null } }),
            ),
          ],
          // The request first: a repeat must not be told that its own name is taken.
          [
            takeUnique('tenant-request', requestKey, tenantId),
            takeUnique('tenant-name', name, tenantId),
            takeUnique('tenant', tenantId, tenantId),
            requireClaim('plan-offered', planId),
            takeUnique('plan-chosen', tenantId, planId),
          ],
        );
      }
      // Who asks to be forgotten is, whatever the tenant owes.
      case 'erasePersonalData': {
        if (isGone(state)) return refuse(tenantNotFound);
        const member = memberOf(state, command.subject);
        if (!member) {
          return refuse(reject('NOT_FOUND', 'There is no member with this subject in the tenant.', 'subject'));
        }
        if (member.erased) return accept<TenantEvent>([]);
        const { tenantId } = state;
        const { memberId, subject } = member;
        return {
          ...accept<TenantEvent>([{ type: 'PersonalDataErased', data: { tenantId, memberId, subject } }]),
          erases: [subject],
        };
      }
      case 'setLabels': {
        if (isGone(state)) return refuse(tenantNotFound);
        if (state.status === 'suspended') return refuse(tenantSuspended(state.reason));
        const { tenantId } = state;
        const { labels } = command;
        return accept<TenantEvent>(
          equal(labels, state.labels) ? [] : [{ type: 'TenantLabelsSet', data: { tenantId, labels } }],
          [requireClaim('tenant', tenantId)],
        );
      }
      case 'suspend': {
        if (isGone(state)) return refuse(tenantNotFound);
        if (state.status === 'suspended') return accept<TenantEvent>([]);
        const { tenantId } = state;
        // Without the mark nothing can be created underneath, by whatever process, from this commit on.
        return accept<TenantEvent>(
          [{ type: 'TenantSuspended', data: { tenantId, reason: command.reason } }],
          [...requireStaying(tenantId, 'suspension'), releaseUnique('tenant', tenantId, tenantId)],
        );
      }
      case 'resume': {
        if (isGone(state)) return refuse(tenantNotFound);
        if (state.status === 'active') return accept<TenantEvent>([]);
        const { tenantId } = state;
        return accept<TenantEvent>(
          [{ type: 'TenantResumed', data: { tenantId } }],
          [...requireStaying(tenantId, 'suspension'), takeUnique('tenant', tenantId, tenantId)],
        );
      }
      case 'delete': {
        if (isGone(state)) return accept<TenantEvent>([]);
        const { deletionId, name, releases } = command;
        return accept<TenantEvent>(
          [{ type: 'TenantDeleted', data: { tenantId: state.tenantId, name, deletionId } }],
          releases,
        );
      }
      // Access is taken from somebody also while the tenant is suspended, by whoever stands above it.
      case 'removeMember':
      case 'unbindRole':
      case 'endBindings':
        // With the tenant all of its bindings are gone, and the word of what is in it may come after that.
        if (isGone(state)) return command.kind === 'endBindings' ? accept<TenantEvent>([]) : refuse(tenantNotFound);
        if (state.status === 'suspended' && command.kind !== 'endBindings' && command.by.kind !== 'platform') {
          return refuse(tenantSuspended(state.reason));
        }
        return decideAccess(state, command);
      case 'addMember':
      case 'createServiceAccount':
      case 'changeMemberRole':
      case 'leave':
      case 'createRole':
      case 'changeRole':
      case 'deleteRole':
      case 'bindRole':
        if (isGone(state)) return refuse(tenantNotFound);
        if (state.status === 'suspended') return refuse(tenantSuspended(state.reason));
        return decideAccess(state, command);
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'TenantCreated':
        return { status: 'active', tenantId: event.data.tenantId, limits: event.data.limits, labels: {}, ...noAccess };
      case 'TenantLabelsSet':
        return isGone(state) ? state : { ...state, labels: event.data.labels };
      case 'TenantSuspended':
        return state.status === 'active' ? { ...state, status: 'suspended', reason: event.data.reason } : state;
      case 'TenantResumed': {
        if (state.status !== 'suspended') return state;
        const { status: _, reason: __, ...known } = state;
        return { status: 'active', ...known };
      }
      case 'TenantDeleted':
        return { status: 'deleted' };
      default:
        return isGone(state) ? state : evolveAccess(state, event);
    }
  },
};
