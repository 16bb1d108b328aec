/**
 * Rules of who may give what to whom, decided on the tenant's own stream: whoever gives is judged by what they hold at
 * the commit, not by what a gateway believes. Nobody gives more than they hold themselves there; the operator and the
 * services stand above that. Taking away asks for the permission to do so and, of whoever can make owners, for that.
 */
import { allows, beyond, takesEffect } from '@atoll/access/authorize';
import { wholeTenant } from '@atoll/access/grants';
import { accept, type Claim, type Decision, refuse } from '@atoll/events/decider';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind } from '@atoll/schema/ids';
import { isPermission, type Permission, permissionRegistry, tenantRoleNames } from '@atoll/schema/permissions';
import type { RoleRef, Scope } from '@atoll/schema/tenancy/access';
import type { AccessCommand } from './access-command.ts';
import {
  type AccessEvent,
  type AccessState,
  type By,
  evolveAccess,
  grantsBy,
  grantsOf,
  holdersOf,
  type Member,
  ownersOf,
  permissionsOfRole,
  spokenRole,
} from './access-state.ts';
import { endCapabilityUse, useCapability } from './capability-use.ts';
import { environmentKey, namespaceNameKey, requireClaim, takeUnique } from './claims.ts';

/** These keep the stream, and the state, within what one command can work on. */
export const MAX_MEMBERS = 1000;
export const MAX_ACCOUNTS = 1000;
export const MAX_ROLES = 100;
export const MAX_BINDINGS = 2000;
export const MAX_BINDINGS_OF_ONE = 50;

/** The tenant that access is decided in. */
export interface AccessTenant extends AccessState {
  readonly tenantId: Id<'tenant'>;
}

const memberNotFound = reject('NOT_FOUND', 'There is no such member.', 'memberId');
const roleNotFound = (field: string) => reject('NOT_FOUND', 'There is no such role.', field);
const bindingNotFound = reject('NOT_FOUND', 'There is no such role binding.', 'bindingId');
const accountIsNoMember = reject(
  'INVALID_ARGUMENT',
  'subject: is a service account, and members are people; give the account roles by bindRole',
  'subject',
);
const lastOwner = reject(
  'LAST_OWNER',
  'It would leave the tenant without an owner, who alone can make others owners. Make somebody else an owner first, e.g. by changeMemberRole with the role OWNER.',
);

const listed = (names: readonly string[]) =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

/** Null where the one who asks has the permission there. */
function lacks(state: AccessState, by: By, permission: Permission, scope: Scope): Rejection | null {
  if (by.kind === 'platform') return null;
  const grants = grantsBy(state, by);
  if (grants === null) return reject('FORBIDDEN', 'You are no member of the tenant: ask one of its admins.');
  if (allows(grants, permission, scope).allowed) return null;
  return reject('FORBIDDEN', `It asks for the permission ${permission}, and you do not have it there.`);
}

/** Null where nothing of it is more than the one who asks holds there. */
function exceeds(
  state: AccessState,
  by: By,
  given: Iterable<Permission>,
  scope: Scope,
  field: string,
): Rejection | null {
  if (by.kind === 'platform') return null;
  const more = beyond(grantsBy(state, by) ?? [], given, scope);
  if (more.length === 0) return null;
  return reject(
    'GRANT_EXCEEDS_OWN',
    `It would give ${listed(more)}, which you do not have there yourself. Give less, or ask somebody who has it.`,
    field,
  );
}

/** Null where nobody who can make owners loses that, or the one who asks can make owners, too. */
function touchesOwner(state: AccessState, by: By, taken: Iterable<Permission>): Rejection | null {
  if (by.kind === 'platform' || ![...taken].includes('owner:grant')) return null;
  if (allows(grantsBy(state, by) ?? [], 'owner:grant', wholeTenant).allowed) return null;
  return reject('FORBIDDEN', 'Only an owner, or the operator of the platform, takes the role of owner from somebody.');
}

const rolePermissionsOf = (state: AccessState, role: RoleRef | null): ReadonlySet<Permission> =>
  (role === null ? null : permissionsOfRole(state, role)) ?? new Set();

/** First match wins: what is wrong is said once. */
const firstOf = (...checks: readonly (() => Rejection | null)[]): Rejection | null => {
  for (const check of checks) {
    const rejection = check();
    if (rejection) return rejection;
  }
  return null;
};

/** A tenant that has an owner keeps one. One that never had any is the operator's to help. */
function keepingAnOwner(
  state: AccessTenant,
  events: readonly AccessEvent[],
  claims: readonly Claim[],
): Decision<AccessEvent> {
  const after = events.reduce<AccessState>(evolveAccess, state);
  if (ownersOf(state).length > 0 && ownersOf(after).length === 0) return refuse(lastOwner);
  return accept(events, claims);
}

/** All bindings of a subject, ended. */
export const unbindAll = (state: AccessTenant, ends: (binding: AccessState['bindings'][number]) => boolean) =>
  state.bindings
    .filter(ends)
    .map((binding): AccessEvent => ({ type: 'RoleUnbound', data: { tenantId: state.tenantId, ...binding } }));

function removal(state: AccessTenant, { memberId, subject }: Member): Decision<AccessEvent> {
  const { tenantId } = state;
  return keepingAnOwner(
    state,
    [
      ...unbindAll(state, (binding) => binding.subjectId === memberId),
      { type: 'MemberRemoved', data: { tenantId, memberId, subject } },
    ],
    [],
  );
}

/** What a role of a tenant's own may not have: what nobody knows, and what is the platform's. */
function unfit(permissions: readonly string[]): Rejection | null {
  for (const [index, permission] of permissions.entries()) {
    const field = `permissions.${index}`;
    if (!isPermission(permission)) {
      const text = `There is no permission "${permission}". The query \`permissions\` lists all of them.`;
      return reject('INVALID_ARGUMENT', text, field);
    }
    if (permissionRegistry[permission].level === 'platform') {
      const text = `The permission ${permission} is the operator's alone: no role of a tenant can have it.`;
      return reject('INVALID_ARGUMENT', text, field);
    }
    if (permissions.indexOf(permission) < index) {
      return reject('INVALID_ARGUMENT', `"${permission}" is given twice; give it once.`, field);
    }
  }
  return null;
}

function roleNameTaken(state: AccessState, name: string, self: string): Rejection | null {
  if ([...tenantRoleNames, 'operator'].includes(name)) {
    return reject('NAME_TAKEN', `"${name}" is the name of a built-in role. Choose another one.`, 'name');
  }
  if (!state.roles.some((own) => own.name === name && own.roleId !== self)) return null;
  return reject('NAME_TAKEN', 'There is already a role of that name. Choose another one.', 'name');
}

const full = (count: number, limit: number, what: string) => (): Rejection | null =>
  count < limit ? null : reject('QUOTA_EXCEEDED', `${what} at most ${limit}. Remove what is not needed any more.`);

const asPermissions = (names: readonly string[]): readonly Permission[] => names.filter(isPermission);

const sameScope = (a: Scope, b: Scope): boolean => JSON.stringify(scopeIds(a)) === JSON.stringify(scopeIds(b));
const scopeIds = (scope: Scope): readonly string[] => [
  scope.level,
  scope.level === 'tenant' ? '' : scope.level === 'environment' ? scope.environmentId : scope.namespaceId,
];

function decideBinding(state: AccessTenant, command: AccessCommand & { kind: 'bindRole' }): Decision<AccessEvent> {
  const { tenantId, bindings } = state;
  const { by, bindingId, subjectId, role, scope, namespaceName } = command;
  const permissions = permissionsOfRole(state, role);
  const known =
    state.members.some(({ memberId }) => memberId === subjectId) ||
    state.accounts.some(({ serviceAccountId }) => serviceAccountId === subjectId);
  const ofSubject = bindings.filter((binding) => binding.subjectId === subjectId);
  const rejection = firstOf(
    () => lacks(state, by, 'binding:write', scope),
    () => (known ? null : reject('NOT_FOUND', 'There is no such member or service account.', 'subjectId')),
    () => (permissions ? null : roleNotFound('role')),
    () => exceeds(state, by, permissions ?? [], scope, 'role'),
    () =>
      [...(permissions ?? [])].some((permission) => takesEffect(permission, scope))
        ? null
        : reject(
            'INVALID_ARGUMENT',
            `Nothing in the role is about ${spokenLevel[scope.level]}: it would give nothing.`,
            'role',
          ),
    () =>
      ofSubject.some((binding) => binding.role === role && sameScope(binding.scope, scope))
        ? reject('ILLEGAL_STATE', `They have the role ${spokenRole(state, role)} there already.`, 'role')
        : null,
    full(ofSubject.length, MAX_BINDINGS_OF_ONE, 'One member or service account has role bindings,'),
    full(bindings.length, MAX_BINDINGS, 'A tenant has role bindings,'),
  );
  if (rejection) return refuse(rejection);
  const claims = [requireClaim('tenant', tenantId)];
  if (scope.level !== 'tenant') claims.push(requireClaim('environment', environmentKey(tenantId, scope.environmentId)));
  if (scope.level === 'namespace') {
    claims.push(requireClaim('namespace-name', namespaceNameKey(scope.environmentId, namespaceName ?? '')));
  }
  return accept<AccessEvent>([{ type: 'RoleBound', data: { tenantId, bindingId, subjectId, role, scope } }], claims);
}

const spokenLevel = { tenant: 'a tenant', environment: 'an environment', namespace: 'a namespace' } as const;

export function decideAccess(state: AccessTenant, command: AccessCommand): Decision<AccessEvent> {
  const { tenantId } = state;
  const active = requireClaim('tenant', tenantId);
  switch (command.kind) {
    case 'addMember': {
      const { kind: _, by, ...member } = command;
      const rejection = firstOf(
        () => lacks(state, by, 'member:create', wholeTenant),
        // Two roles under one name: whoever may have the credentials of the account would be judged by one of them alone.
        () => (idKind(member.subject) === 'serviceAccount' ? accountIsNoMember : null),
        () =>
          state.members.some(({ subject }) => subject === member.subject)
            ? reject('ILLEGAL_STATE', 'This person is a member of the tenant already.', 'subject')
            : null,
        () => exceeds(state, by, rolePermissionsOf(state, member.role), wholeTenant, 'role'),
        full(state.members.length, MAX_MEMBERS, 'A tenant has members,'),
      );
      if (rejection) return refuse(rejection);
      return accept<AccessEvent>([{ type: 'MemberAdded', data: { tenantId, ...member } }], [active]);
    }
    case 'createServiceAccount': {
      const { kind: _, by, ...account } = command;
      const rejection = firstOf(
        () => lacks(state, by, 'serviceAccount:create', wholeTenant),
        () => exceeds(state, by, rolePermissionsOf(state, account.role), wholeTenant, 'role'),
        full(state.accounts.length, MAX_ACCOUNTS, 'A tenant has service accounts,'),
      );
      if (rejection) return refuse(rejection);
      return accept<AccessEvent>(
        [{ type: 'ServiceAccountCreated', data: { tenantId, ...account } }],
        [
          active,
          useCapability(tenantId, 'serviceAccounts', account.serviceAccountId),
          takeUnique('service-account-name', `${tenantId}/${account.name}`, account.serviceAccountId),
        ],
      );
    }
    case 'changeMemberRole': {
      const { by, memberId, role } = command;
      const member = state.members.find((one) => one.memberId === memberId);
      const rejection = firstOf(
        () => lacks(state, by, 'member:change', wholeTenant),
        () => (member ? null : memberNotFound),
        () => touchesOwner(state, by, rolePermissionsOf(state, member?.role ?? null)),
        () => exceeds(state, by, rolePermissionsOf(state, role), wholeTenant, 'role'),
      );
      if (rejection) return refuse(rejection);
      if (!member || member.role === role) return accept<AccessEvent>([]);
      const data = { tenantId, memberId, role, from: member.role };
      return keepingAnOwner(state, [{ type: 'MemberRoleChanged', data }], [active]);
    }
    case 'removeMember': {
      const { by, memberId } = command;
      const member = state.members.find((one) => one.memberId === memberId);
      const held = member ? grantsOf(state, memberId, member.role).flatMap((grant) => [...grant.permissions]) : [];
      const rejection = firstOf(
        () => lacks(state, by, 'member:remove', wholeTenant),
        () => (member ? null : memberNotFound),
        () => touchesOwner(state, by, held),
      );
      if (rejection || !member) return refuse(rejection ?? memberNotFound);
      return removal(state, member);
    }
    case 'leave': {
      const { by } = command;
      const member = state.members.find(({ subject }) => by.kind === 'subject' && subject === by.subject);
      if (!member) return refuse(reject('ILLEGAL_STATE', 'Only members leave: you are none of this tenant.'));
      return removal(state, member);
    }
    case 'createRole': {
      const { by, roleId, name, description, permissions } = command;
      const rejection = firstOf(
        () => lacks(state, by, 'role:write', wholeTenant),
        () => unfit(permissions),
        () => exceeds(state, by, asPermissions(permissions), wholeTenant, 'permissions'),
        () => roleNameTaken(state, name, roleId),
        full(state.roles.length, MAX_ROLES, 'A tenant has roles of its own,'),
      );
      if (rejection) return refuse(rejection);
      const data = { tenantId, roleId, name, description, permissions: [...permissions] };
      return accept<AccessEvent>(
        [{ type: 'RoleCreated', data }],
        [active, useCapability(tenantId, 'customRoles', roleId)],
      );
    }
    case 'changeRole': {
      const { by, roleId } = command;
      const own = state.roles.find((role) => role.roleId === roleId);
      const { name = own?.name ?? '', description = own?.description ?? '' } = command;
      const permissions = command.permissions ?? own?.permissions ?? [];
      const rejection = firstOf(
        () => lacks(state, by, 'role:write', wholeTenant),
        () => (own ? null : roleNotFound('roleId')),
        () => (command.permissions ? unfit(permissions) : null),
        () => (command.permissions ? touchesOwner(state, by, asPermissions(own?.permissions ?? [])) : null),
        () => (command.permissions ? exceeds(state, by, asPermissions(permissions), wholeTenant, 'permissions') : null),
        () => roleNameTaken(state, name, roleId),
      );
      if (rejection) return refuse(rejection);
      const data = { tenantId, roleId, name, description, permissions: [...permissions] };
      const { tenantId: _, ...changed } = data;
      if (JSON.stringify(changed) === JSON.stringify(own)) return accept<AccessEvent>([]);
      return accept<AccessEvent>([{ type: 'RoleChanged', data }], [active]);
    }
    case 'deleteRole': {
      const { by, roleId } = command;
      const own = state.roles.find((role) => role.roleId === roleId);
      const holders = holdersOf(state, roleId);
      const rejection = firstOf(
        () => lacks(state, by, 'role:write', wholeTenant),
        () => (own ? null : roleNotFound('roleId')),
        () =>
          holders === null
            ? null
            : reject('ROLE_IN_USE', `The role is held by ${holders}. Take it back from them first.`, 'roleId'),
      );
      if (rejection || !own) return refuse(rejection ?? roleNotFound('roleId'));
      return accept<AccessEvent>(
        [{ type: 'RoleDeleted', data: { tenantId, roleId, name: own.name } }],
        [active, endCapabilityUse(tenantId, 'customRoles', roleId)],
      );
    }
    case 'bindRole':
      return decideBinding(state, command);
    case 'unbindRole': {
      const { by, bindingId } = command;
      const binding = state.bindings.find((one) => one.bindingId === bindingId);
      // Whether there is one isn't told to whoever may take back none.
      if (!binding) return refuse(bindingNotFound);
      const rejection = firstOf(
        () => lacks(state, by, 'binding:write', binding.scope),
        () => touchesOwner(state, by, rolePermissionsOf(state, binding.role)),
      );
      if (rejection) return refuse(rejection);
      return keepingAnOwner(state, [{ type: 'RoleUnbound', data: { tenantId, ...binding } }], []);
    }
    case 'endBindings':
      return accept(unbindAll(state, (binding) => sameScope(binding.scope, command.scope)));
    default:
      return command satisfies never;
  }
}
