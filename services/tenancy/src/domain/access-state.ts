/** Who may do what in a tenant, as its stream tells it: members, service accounts, roles of its own, bindings. */
import { builtInPermissions, type Grant, knownPermissions, limitedTo, wholeTenant } from '@atoll/access/grants';
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole, Permission } from '@atoll/schema/permissions';
import type { BindingSubject, RoleRef, Scope } from '@atoll/schema/tenancy/access';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';

export type AccessEvent = Extract<
  TenancyEvent,
  {
    type:
      | 'MemberAdded'
      | 'MemberRoleChanged'
      | 'MemberRemoved'
      | 'PersonalDataErased'
      | 'ServiceAccountCreated'
      | 'RoleCreated'
      | 'RoleChanged'
      | 'RoleDeleted'
      | 'RoleBound'
      | 'RoleUnbound';
  }
>;

export interface Member {
  readonly memberId: Id<'member'>;
  readonly subject: string;
  /** For the whole tenant. */
  readonly role: BuiltInRole | null;
  /** What was known of the person is unreadable. */
  readonly erased: boolean;
}
export interface Account {
  readonly serviceAccountId: Id<'serviceAccount'>;
  readonly role: BuiltInRole | null;
}
export interface OwnRole {
  readonly roleId: Id<'role'>;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}
export interface Binding {
  readonly bindingId: Id<'binding'>;
  readonly subjectId: BindingSubject;
  readonly role: RoleRef;
  readonly scope: Scope;
}

/** Without names and addresses of people: no rule needs them, so no memory or snapshot holds them. */
export interface AccessState {
  readonly members: readonly Member[];
  readonly accounts: readonly Account[];
  readonly roles: readonly OwnRole[];
  readonly bindings: readonly Binding[];
}

export const noAccess: AccessState = { members: [], accounts: [], roles: [], bindings: [] };

/** Who has asked: somebody of the tenant, or one who stands above it (the operator, a service). */
export type By =
  | { readonly kind: 'platform' }
  /** `only`: what of their permissions the request may use; null for all. */
  | { readonly kind: 'subject'; readonly subject: string; readonly only: readonly string[] | null };

const roleName = (state: AccessState, role: RoleRef): string =>
  state.roles.find(({ roleId }) => roleId === role)?.name ?? role;

export function permissionsOfRole(state: AccessState, role: RoleRef): ReadonlySet<Permission> | null {
  switch (role) {
    case 'owner':
    case 'admin':
    case 'developer':
    case 'viewer':
      return builtInPermissions(role);
    default: {
      const own = state.roles.find(({ roleId }) => roleId === role);
      return own ? knownPermissions(own.permissions) : null;
    }
  }
}

export function grantsOf(state: AccessState, subjectId: BindingSubject, role: BuiltInRole | null): readonly Grant[] {
  const base: readonly Grant[] =
    role === null ? [] : [{ binding: null, role, permissions: builtInPermissions(role), scope: wholeTenant }];
  const bound = state.bindings.flatMap((binding): Grant[] => {
    const permissions = binding.subjectId === subjectId ? permissionsOfRole(state, binding.role) : null;
    return permissions ? [{ binding: binding.bindingId, role: binding.role, permissions, scope: binding.scope }] : [];
  });
  return [...base, ...bound];
}

/** What the one who asks holds; null where they are nobody in the tenant. Not to be asked of the platform. */
export function grantsBy(state: AccessState, by: By & { readonly kind: 'subject' }): readonly Grant[] | null {
  const member = state.members.find(({ subject }) => subject === by.subject);
  const account = state.accounts.find(({ serviceAccountId }) => serviceAccountId === by.subject);
  const grants = member
    ? grantsOf(state, member.memberId, member.role)
    : account && grantsOf(state, account.serviceAccountId, account.role);
  if (!grants) return null;
  return by.only === null ? grants : limitedTo(grants, by.only);
}

/** Members who are owners of the whole tenant, by their role or by a binding. */
export const ownersOf = ({ members, bindings }: AccessState): readonly Member[] =>
  members.filter(
    ({ memberId, role }) =>
      role === 'owner' ||
      bindings.some((b) => b.subjectId === memberId && b.role === 'owner' && b.scope.level === 'tenant'),
  );

/** Who holds a role, in words: at most five by name. */
export function holdersOf(state: AccessState, role: RoleRef): string | null {
  const held = state.bindings.filter((binding) => binding.role === role);
  if (held.length === 0) return null;
  const named = held.slice(0, 5).map(({ subjectId, bindingId }) => {
    const subject = state.members.find(({ memberId }) => memberId === subjectId)?.subject ?? subjectId;
    return `${subject} (binding ${bindingId})`;
  });
  return held.length > 5 ? `${named.join(', ')} and ${held.length - 5} more` : named.join(', ');
}

export const spokenRole = (state: AccessState, role: RoleRef): string => `"${roleName(state, role)}"`;

export function evolveAccess<S extends AccessState>(state: S, event: AccessEvent): S {
  switch (event.type) {
    case 'MemberAdded': {
      const { memberId, subject, role } = event.data;
      return { ...state, members: [...state.members, { memberId, subject, role, erased: false }] };
    }
    case 'MemberRoleChanged': {
      const { memberId, role } = event.data;
      return { ...state, members: state.members.map((m) => (m.memberId === memberId ? { ...m, role } : m)) };
    }
    case 'MemberRemoved': {
      const { memberId } = event.data;
      return { ...state, members: state.members.filter((m) => m.memberId !== memberId) };
    }
    case 'PersonalDataErased': {
      const { memberId } = event.data;
      return { ...state, members: state.members.map((m) => (m.memberId === memberId ? { ...m, erased: true } : m)) };
    }
    case 'ServiceAccountCreated': {
      const { serviceAccountId, role } = event.data;
      return { ...state, accounts: [...state.accounts, { serviceAccountId, role }] };
    }
    case 'RoleCreated': {
      const { roleId, name, description, permissions } = event.data;
      return { ...state, roles: [...state.roles, { roleId, name, description, permissions }] };
    }
    case 'RoleChanged': {
      const { roleId, name, description, permissions } = event.data;
      const changed = { roleId, name, description, permissions };
      return { ...state, roles: state.roles.map((own) => (own.roleId === roleId ? changed : own)) };
    }
    case 'RoleDeleted': {
      const { roleId } = event.data;
      return { ...state, roles: state.roles.filter((own) => own.roleId !== roleId) };
    }
    case 'RoleBound': {
      const { bindingId, subjectId, role, scope } = event.data;
      return { ...state, bindings: [...state.bindings, { bindingId, subjectId, role, scope }] };
    }
    case 'RoleUnbound': {
      const { bindingId } = event.data;
      return { ...state, bindings: state.bindings.filter((binding) => binding.bindingId !== bindingId) };
    }
    default:
      return event satisfies never;
  }
}
