/** Who asks, and what they may do: the identity of the token, and the membership that the read model knows now. */
import type { Id } from '@atoll/schema/ids';
import { type Permission, type Role, rolePermissions } from '@atoll/schema/permissions';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import type { Identity } from './tokens.ts';

export interface Viewer {
  readonly subject: string;
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
  /** Null for the operator. */
  readonly tenant: Id<'tenant'> | null;
  /** Why nothing of the tenant can be changed; null where it can. */
  readonly suspension: string | null;
  /** When the token ends: Unix time in milliseconds. */
  readonly expiresAt: number;
}

export interface Viewers {
  /** Throws FORBIDDEN where the identity has no membership. */
  of(identity: Identity): Promise<Viewer>;
  /** A tenant's memberships may have changed. */
  forget(tenant: string): void;
}

/** A change is told by an event; this is how long one may be believed where the event didn't come through. */
const believedMs = 2000;
const maxRemembered = 10_000;

const permissionsOf: Record<Role, ReadonlySet<Permission>> = {
  operator: new Set(rolePermissions.operator),
  owner: new Set(rolePermissions.owner),
  admin: new Set(rolePermissions.admin),
  developer: new Set(rolePermissions.developer),
  viewer: new Set(rolePermissions.viewer),
};

const membershipSql = {
  name: 'membership',
  text: `select role, (select suspension ->> 'reason' from read.tenant where id = $1) as suspension from (
      select role from read.member where tenant_id = $1 and subject = $2
      union all select role from read.service_account where tenant_id = $1 and id = $2 limit 1
    ) membership`,
};

type TenantRole = Exclude<Role, 'operator'>;
type Membership = Pick<Viewer, 'suspension'> & { readonly role: TenantRole };
const isTenantRole = (text: string | undefined): text is TenantRole => text === 'admin' || text === 'viewer';

/** `pool` is the owner's: memberships aren't open to queries. `now` must not go back where the clock is set. */
export function createViewers(pool: Pool, now: () => number = () => performance.now()): Viewers {
  const remembered = new Map<string, Map<string, Membership & { readonly until: number }>>();
  let size = 0;

  async function membershipOf(tenant: string, subject: string): Promise<Membership | null> {
    const known = remembered.get(tenant)?.get(subject);
    if (known && known.until > now()) return known;
    const { rows } = await pool.query<{ role: string; suspension: string | null }>({
      ...membershipSql,
      values: [tenant, subject],
    });
    const { role, suspension = null } = rows[0] ?? {};
    // That somebody is no member is never remembered: they may become one at any moment.
    if (!isTenantRole(role)) return null;
    if (size >= maxRemembered) {
      remembered.clear();
      size = 0;
    }
    const members = remembered.get(tenant) ?? new Map();
    remembered.set(tenant, members);
    if (!members.has(subject)) size += 1;
    members.set(subject, { role, suspension, until: now() + believedMs });
    return { role, suspension };
  }

  return {
    async of(identity) {
      const { subject, expiresAt } = identity;
      if (identity.kind === 'operator') {
        const { operator: permissions } = permissionsOf;
        return { subject, role: 'operator', permissions, tenant: null, suspension: null, expiresAt };
      }
      const { tenant } = identity;
      const membership = await membershipOf(tenant, subject);
      if (membership === null) {
        throw new ApiError(
          'FORBIDDEN',
          'You are no member of the tenant that the token is for: ask one of its admins.',
        );
      }
      const { role, suspension } = membership;
      return { subject, role, permissions: permissionsOf[role], tenant, suspension, expiresAt };
    },
    forget(tenant) {
      size -= remembered.get(tenant)?.size ?? 0;
      remembered.delete(tenant);
    },
  };
}

/** Whose log and whose budget it is. */
export const scopeOf = (viewer: Viewer): string => viewer.tenant ?? 'platform';
