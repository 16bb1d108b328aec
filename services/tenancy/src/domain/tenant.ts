/** A tenant: its limits, its members and its service accounts. Stream `tenant:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent, TenantLimits, tenantRoles } from '@atoll/schema/tenancy/events';
import { releaseUnique, requireClaim, takeUnique } from './claims.ts';

type TenantRole = (typeof tenantRoles)[number];
export type TenantEvent = Extract<
  TenancyEvent,
  {
    type:
      | 'TenantCreated'
      | 'TenantSuspended'
      | 'TenantResumed'
      | 'MemberAdded'
      | 'PersonalDataErased'
      | 'ServiceAccountCreated';
  }
>;

interface Member {
  readonly memberId: Id<'member'>;
  readonly subject: string;
  /** What was known of the person is unreadable. */
  readonly erased: boolean;
}

/** Keeps the stream, and the state, within what one command can work on. */
export const MAX_MEMBERS = 1000;

interface Known {
  readonly tenantId: Id<'tenant'>;
  readonly limits: TenantLimits;
  /** Without names and addresses: no rule needs them, so no memory or snapshot holds them. */
  readonly members: readonly Member[];
}
export type TenantState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active' })
  | (Known & { readonly status: 'suspended'; readonly reason: string });

export type TenantCommand =
  | {
      readonly kind: 'create';
      readonly tenantId: Id<'tenant'>;
      readonly name: string;
      readonly limits: TenantLimits;
      /** The idempotency key of the request. */
      readonly requestKey: string;
      readonly members: readonly {
        readonly memberId: Id<'member'>;
        readonly subject: string;
        readonly role: TenantRole;
      }[];
    }
  | {
      readonly kind: 'addMember';
      readonly memberId: Id<'member'>;
      readonly subject: string;
      readonly role: TenantRole;
      readonly displayName: string | null;
      readonly email: string | null;
    }
  | { readonly kind: 'erasePersonalData'; readonly subject: string }
  | {
      readonly kind: 'createServiceAccount';
      readonly serviceAccountId: Id<'serviceAccount'>;
      readonly name: string;
      readonly role: TenantRole;
      readonly secretHash: string;
    }
  | { readonly kind: 'suspend'; readonly reason: string }
  | { readonly kind: 'resume' };

/** What a tenant may hold where the operator says nothing else. */
export const defaultLimits: TenantLimits = {
  namespaces: 50,
  instances: 500,
  cpuMillis: 64_000,
  memoryMiB: 131_072,
};

export const limitsOf = (asked: { readonly [L in keyof TenantLimits]?: number | undefined } = {}): TenantLimits => ({
  namespaces: asked.namespaces ?? defaultLimits.namespaces,
  instances: asked.instances ?? defaultLimits.instances,
  cpuMillis: asked.cpuMillis ?? defaultLimits.cpuMillis,
  memoryMiB: asked.memoryMiB ?? defaultLimits.memoryMiB,
});

export const tenantNotFound = reject('NOT_FOUND', 'There is no such tenant.');

/** Said to whoever changes something under a tenant that is suspended. */
export const tenantSuspended = (reason: string) =>
  reject(
    'TENANT_SUSPENDED',
    `The tenant is suspended ("${reason}"): it can be read, and not changed, until the operator of the platform resumes it.`,
  );

export const tenantStream = (id: string) => `tenant:${id}`;

export const memberOf = (state: TenantState, subject: string): Member | undefined =>
  state.status === 'absent' ? undefined : state.members.find((member) => member.subject === subject);

/** The index of the first subject that was named before, or -1. */
const repeated = (subjects: readonly string[]) => subjects.findIndex((s, index) => subjects.indexOf(s) < index);

export const tenant: Decider<TenantState, TenantCommand, TenantEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        const { tenantId, name, limits, members, requestKey } = command;
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
          ],
        );
      }
      case 'addMember': {
        if (state.status === 'absent') return refuse(tenantNotFound);
        if (state.status === 'suspended') return refuse(tenantSuspended(state.reason));
        const { kind: _, ...member } = command;
        const { tenantId, members } = state;
        if (memberOf(state, member.subject)) {
          return refuse(reject('ILLEGAL_STATE', 'This person is a member of the tenant already.', 'subject'));
        }
        if (members.length >= MAX_MEMBERS) {
          return refuse(reject('QUOTA_EXCEEDED', `A tenant has at most ${MAX_MEMBERS} members.`));
        }
        return accept<TenantEvent>(
          [{ type: 'MemberAdded', data: { tenantId, ...member } }],
          [requireClaim('tenant', tenantId)],
        );
      }
      // Who asks to be forgotten is, whatever the tenant owes.
      case 'erasePersonalData': {
        if (state.status === 'absent') return refuse(tenantNotFound);
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
      case 'createServiceAccount': {
        if (state.status === 'absent') return refuse(tenantNotFound);
        if (state.status === 'suspended') return refuse(tenantSuspended(state.reason));
        const { serviceAccountId, name, role, secretHash } = command;
        const { tenantId } = state;
        return accept<TenantEvent>(
          [{ type: 'ServiceAccountCreated', data: { tenantId, serviceAccountId, name, role, secretHash } }],
          [
            requireClaim('tenant', tenantId),
            takeUnique('service-account-name', `${tenantId}/${name}`, serviceAccountId),
          ],
        );
      }
      case 'suspend': {
        if (state.status === 'absent') return refuse(tenantNotFound);
        if (state.status === 'suspended') return accept<TenantEvent>([]);
        const { tenantId } = state;
        // Without the mark nothing can be created underneath, by whatever process, from this commit on.
        return accept<TenantEvent>(
          [{ type: 'TenantSuspended', data: { tenantId, reason: command.reason } }],
          [releaseUnique('tenant', tenantId, tenantId)],
        );
      }
      case 'resume': {
        if (state.status === 'absent') return refuse(tenantNotFound);
        if (state.status === 'active') return accept<TenantEvent>([]);
        const { tenantId } = state;
        return accept<TenantEvent>(
          [{ type: 'TenantResumed', data: { tenantId } }],
          [takeUnique('tenant', tenantId, tenantId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'TenantCreated':
        return { status: 'active', tenantId: event.data.tenantId, limits: event.data.limits, members: [] };
      // Who may act for the tenant is asked of the read model by the gateway; no rule here depends on it.
      case 'MemberAdded': {
        if (state.status === 'absent') return state;
        const { memberId, subject } = event.data;
        return { ...state, members: [...state.members, { memberId, subject, erased: false }] };
      }
      case 'PersonalDataErased': {
        if (state.status === 'absent') return state;
        const { memberId } = event.data;
        return { ...state, members: state.members.map((m) => (m.memberId === memberId ? { ...m, erased: true } : m)) };
      }
      case 'ServiceAccountCreated':
        return state;
      case 'TenantSuspended':
        return state.status === 'active' ? { ...state, status: 'suspended', reason: event.data.reason } : state;
      case 'TenantResumed': {
        if (state.status !== 'suspended') return state;
        const { tenantId, limits, members } = state;
        return { status: 'active', tenantId, limits, members };
      }
      default:
        return event satisfies never;
    }
  },
};
