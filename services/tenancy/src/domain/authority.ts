/** What somebody would give by an invitation, an issuer's groups or a service account's credentials: never more than they have. */
import { allows, beyond } from '@atoll/access/authorize';
import { builtInPermissions, type Grant, wholeTenant } from '@atoll/access/grants';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { BuiltInRole, Permission } from '@atoll/schema/permissions';
import { type By, grantsBy, grantsOf } from './access-state.ts';
import { isGone, type TenantState } from './tenant.ts';

const tooMuch = (more: readonly Permission[], field: string): Rejection => {
  const named = more.length > 5 ? `${more.slice(0, 5).join(', ')} and ${more.length - 5} more` : more.join(', ');
  return reject(
    'GRANT_EXCEEDS_OWN',
    `It would give ${named}, which you do not have there yourself. Give less, or ask somebody who has it.`,
    field,
  );
};

/** Null where the one who asks holds everything that the roles give. */
export function beyondRoles(
  state: TenantState,
  by: By,
  roles: readonly BuiltInRole[],
  field: string,
): Rejection | null {
  if (by.kind === 'platform' || isGone(state)) return null;
  const held = grantsBy(state, by) ?? [];
  const given = new Set(roles.flatMap((role) => [...builtInPermissions(role)]));
  const more = beyond(held, given, wholeTenant);
  return more.length > 0 ? tooMuch(more, field) : null;
}

/** Null where the one who asks holds everything that members hold who come by the issuer: its tokens could be made theirs. */
export function beyondMembers(state: TenantState, by: By, issuer: string, field: string): Rejection | null {
  if (by.kind === 'platform' || isGone(state)) return null;
  const held = grantsBy(state, by) ?? [];
  const more = state.members
    .filter(({ subject }) => subject.startsWith(`${issuer}:`))
    .flatMap(({ memberId, role }) => grantsOf(state, memberId, role))
    .flatMap(({ permissions, scope }) => beyond(held, permissions, scope));
  return more.length > 0 ? tooMuch([...new Set(more)], field) : null;
}

const ownersOnly = reject(
  'FORBIDDEN',
  'An owner comes in by it. Only an owner, or the operator of the platform, takes that away from somebody.',
);

/** Null where no owner loses their way in, or the one who asks can make owners themselves. */
function shutsOutOwner(state: TenantState, by: By, grants: readonly Grant[]): Rejection | null {
  if (by.kind === 'platform' || isGone(state)) return null;
  if (!grants.some(({ permissions }) => permissions.has('owner:grant'))) return null;
  return allows(grantsBy(state, by) ?? [], 'owner:grant', wholeTenant).allowed ? null : ownersOnly;
}

/** Null where the one who asks may disable or delete the account. */
export function shutsOutAccount(state: TenantState, by: By, account: string): Rejection | null {
  if (isGone(state)) return null;
  const found = state.accounts.find(({ serviceAccountId }) => serviceAccountId === account);
  return found ? shutsOutOwner(state, by, grantsOf(state, found.serviceAccountId, found.role)) : null;
}

/** Null where the one who asks may remove the issuer. */
export function shutsOutMembers(state: TenantState, by: By, issuer: string): Rejection | null {
  if (isGone(state)) return null;
  const grants = state.members
    .filter(({ subject }) => subject.startsWith(`${issuer}:`))
    .flatMap(({ memberId, role }) => grantsOf(state, memberId, role));
  return shutsOutOwner(state, by, grants);
}

/**
 * Null where the one who asks holds everything that the service account does: its credentials would be theirs. Also of
 * one's own: who has come by a key that may do less would have all of it.
 */
export function beyondAccount(state: TenantState, by: By, account: string): Rejection | null {
  if (by.kind === 'platform' || isGone(state)) return null;
  const found = state.accounts.find(({ serviceAccountId }) => serviceAccountId === account);
  if (!found) return null;
  const held = grantsBy(state, by) ?? [];
  const more = grantsOf(state, found.serviceAccountId, found.role).flatMap(({ permissions, scope }: Grant) =>
    beyond(held, permissions, scope),
  );
  return more.length > 0 ? tooMuch([...new Set(more)], 'serviceAccountId') : null;
}
