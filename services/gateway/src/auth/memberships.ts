/** What the read models know of one subject of a tenant: its role, its bindings that are in force, and the suspension. */
import { builtInPermissions, type Grant, knownPermissions, wholeTenant } from '@atoll/access/grants';
import { id } from '@atoll/schema/ids';
import { type BuiltInRole, tenantRoleNames } from '@atoll/schema/permissions';
import { type BindingSubject, roleRef, scope } from '@atoll/schema/tenancy/access';
import { DEFAULT_PLAN_NAME, defaultTerms } from '@atoll/schema/tenancy/plans';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type CapabilitySet, capabilitySet } from '../schema/capability.ts';

export interface Membership {
  readonly subjectId: BindingSubject;
  /** The subject of a person's tokens, the name of a service account. */
  readonly name: string;
  /** For the whole tenant. */
  readonly role: BuiltInRole | null;
  readonly grants: readonly Grant[];
  readonly suspension: string | null;
  /** From when on the tenant is destroyed; null where it isn't being deleted. */
  readonly closedUntil: string | null;
  readonly entitled: Entitled;
}

/** What of the tenant's entitlements the gateway itself decides by. */
export interface Entitled {
  readonly plan: string;
  readonly capabilities: CapabilitySet;
  readonly pointsPerMinute: number;
}

/** Of a row of `read.tenant`. */
export const entitledSql = `json_build_object('plan', plan -> 'name', 'capabilities', capabilities,
  'pointsPerMinute', entitlements -> 'pointsPerMinute')`;

const entitledRow = z.object({
  plan: z.string(),
  capabilities: z.array(z.string()),
  pointsPerMinute: z.number(),
});
/** A member may be told of before its tenant: then it is what everybody has. */
export function entitledOf(found: unknown): Entitled {
  const given = found === null || found === undefined ? null : entitledRow.parse(found);
  const { plan, capabilities, pointsPerMinute } = given ?? { plan: DEFAULT_PLAN_NAME, ...defaultTerms };
  return { plan, capabilities: capabilitySet(capabilities), pointsPerMinute };
}

/** Of the subjects `s`. A binding for what is gone, or is gone again, is in force nowhere. */
const membershipOf = `
  json_build_object(
    'id', s.id,
    'name', s.name,
    'role', s.role,
    'suspension', (select suspension ->> 'reason' from read.tenant where id = $1),
    'closedUntil', (select deletion ->> 'purgeAt' from read.tenant where id = $1),
    'entitled', (select ${entitledSql} from read.tenant where id = $1),
    'bindings', (
      select coalesce(json_agg(json_build_object(
        'id', b.id,
        'role', coalesce(b.role, b.role_id),
        'permissions', r.permissions,
        'scope', json_strip_nulls(json_build_object(
          'level', b.level, 'environmentId', b.environment_id, 'namespaceId', b.namespace_id))
      ) order by b.id), '[]')
      from read.role_binding b left join read.role r on r.id = b.role_id and r.tenant_id = b.tenant_id
      where b.subject_id = s.id and b.tenant_id = $1 and case b.level
        when 'tenant' then true
        when 'environment' then
          exists(select from read.environment e where e.id = b.environment_id and e.tenant_id = $1)
        else exists(select from read.namespace n where n.id = b.namespace_id and n.tenant_id = $1)
      end
    )
  )`;

const membershipSql = {
  name: 'membership',
  text: `
    select ${membershipOf} as membership
    from (
      select id, role, subject as name from read.member where tenant_id = $1 and subject = $2
      union all select id, role, name from read.service_account where tenant_id = $1 and id = $2 limit 1
    ) s`,
};

/** The tenancy service lets a tenant have no more than a thousand of each. */
const membershipsSql = {
  name: 'memberships',
  text: `
    select ${membershipOf} as membership
    from (
      select id, role, subject as name from read.member where tenant_id = $1
      union all select id, role, name from read.service_account where tenant_id = $1 and status = 'ACTIVE'
    ) s
    order by s.name, s.id`,
};

const row = z.object({
  id: z.union([id('member'), id('serviceAccount')]),
  name: z.string(),
  role: z.enum(tenantRoleNames).nullable(),
  suspension: z.string().nullable(),
  closedUntil: z.string().nullable(),
  entitled: z.unknown(),
  bindings: z.array(z.object({ id: id('binding'), role: roleRef, permissions: z.array(z.string()).nullable(), scope })),
});

const isBuiltIn = (role: string): role is BuiltInRole => tenantRoleNames.some((known) => known === role);

function toMembership(found: unknown): Membership {
  const { id: subjectId, name, role, suspension, closedUntil, entitled, bindings } = row.parse(found);
  const own: readonly Grant[] =
    role === null ? [] : [{ binding: null, role, permissions: builtInPermissions(role), scope: wholeTenant }];
  const bound = bindings.map((binding): Grant => {
    const permissions = isBuiltIn(binding.role)
      ? builtInPermissions(binding.role)
      : knownPermissions(binding.permissions ?? []);
    return { binding: binding.id, role: binding.role, permissions, scope: binding.scope };
  });
  return { subjectId, name, role, grants: [...own, ...bound], suspension, closedUntil, entitled: entitledOf(entitled) };
}

/** `pool` is the owner's: memberships aren't open to queries. Null where the subject is nobody in the tenant. */
export async function readMembership(pool: Pool, tenant: string, subject: string): Promise<Membership | null> {
  const { rows } = await pool.query<{ membership: unknown }>({ ...membershipSql, values: [tenant, subject] });
  const [found] = rows;
  return found ? toMembership(found.membership) : null;
}

/** Of all members and service accounts of the tenant, by name. */
export async function readMemberships(pool: Pool, tenant: string): Promise<readonly Membership[]> {
  const { rows } = await pool.query<{ membership: unknown }>({ ...membershipsSql, values: [tenant] });
  return rows.map(({ membership }) => toMembership(membership));
}
