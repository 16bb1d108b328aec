/** `Query.permissions`, `Query.access` and `Query.canI`: what can be allowed, who may do it where, and because of what. */
import { allows, type Reason } from '@atoll/access/authorize';
import { type Id, idKind } from '@atoll/schema/ids';
import {
  isPermission,
  type Permission,
  permissionRegistry,
  permissions,
  tenantRoleNames,
} from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { Pool } from 'pg';
import { readMemberships } from '../auth/memberships.ts';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { LiveArgs, LiveResolver } from '../live/resolvers.ts';
import { type Locator, readPermissionOf } from './locate.ts';

export const permissionsField: LiveResolver = {
  needs: [],
  resolve: async () =>
    permissions.map((name) => {
      const { doc, level, roles } = permissionRegistry[name];
      const shown = tenantRoleNames.filter((role) => roles.includes(role)).map((role) => role.toUpperCase());
      return { name, doc, level: level === 'platform' ? null : level.toUpperCase(), roles: shown };
    }),
};

/** As the SDL shows where something holds. */
export const shownScope = (scope: Scope) => ({
  level: scope.level.toUpperCase(),
  environmentId: scope.level === 'tenant' ? null : scope.environmentId,
  namespaceId: scope.level === 'namespace' ? scope.namespaceId : null,
});

const roleNamesSql = { name: 'role_names', text: 'select id, name from read.role where tenant_id = $1' };

export function createAccessFields(pool: Pool, locator: Locator): Record<'access' | 'canI', LiveResolver> {
  function permissionOf({ permission }: LiveArgs): Permission {
    if (typeof permission === 'string' && isPermission(permission)) return permission;
    throw new ApiError('BAD_USER_INPUT', 'There is no such permission. The query `permissions` lists all of them.');
  }

  /** What is meant, in its tenant. Who may not read it is told that there is none. */
  async function placeOf(viewer: Viewer, { resourceId }: LiveArgs): Promise<{ tenant: Id<'tenant'>; scope: Scope }> {
    const notFound = () => new ApiError('NOT_FOUND', 'There is no such resource.');
    const id = typeof resourceId === 'string' ? resourceId : viewer.tenant;
    if (id === null) throw new ApiError('BAD_USER_INPUT', 'Say of which tenant: give its id as `resourceId`.');
    const ofPlatform = viewer.tenant === null && idKind(id) === 'tenant' ? (id as Id<'tenant'>) : null;
    const tenant = viewer.tenant ?? ofPlatform;
    if (tenant === null) throw notFound();
    const scope = await locator.locate(tenant, id);
    const read = readPermissionOf(id);
    if (scope === null || read === null || !viewer.access.may(read, scope)) throw notFound();
    return { tenant, scope };
  }

  async function shownReasons(tenant: string | null, reasons: readonly (readonly Reason[])[]) {
    const own = reasons.flat().some(({ role }) => role.startsWith('role_'));
    const { rows } = own
      ? await pool.query<{ id: string; name: string }>({ ...roleNamesSql, values: [tenant] })
      : { rows: [] };
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    return reasons.map((because) =>
      because.map(({ binding, role, scope }) => ({
        role: names.get(role) ?? role,
        roleId: names.has(role) ? role : null,
        bindingId: binding,
        ...shownScope(scope),
      })),
    );
  }

  return {
    access: {
      needs: [],
      async resolve(_row, args, { viewer }) {
        const permission = permissionOf(args);
        const { tenant, scope } = await placeOf(viewer, args);
        const all = await readMemberships(pool, tenant);
        const allowed = all
          .map((subject) => ({ ...subject, decision: allows(subject.grants, permission, scope) }))
          .filter(({ decision }) => decision.allowed);
        const reasons = await shownReasons(
          tenant,
          allowed.map(({ decision }) => decision.because),
        );
        const subjects = allowed.map(({ subjectId, name }, index) => ({
          id: subjectId,
          kind: idKind(subjectId) === 'member' ? 'MEMBER' : 'SERVICE_ACCOUNT',
          name,
          because: reasons[index] ?? [],
        }));
        return { permission, ...shownScope(scope), subjects };
      },
    },
    canI: {
      needs: [],
      async resolve(_row, args, { viewer }) {
        const permission = permissionOf(args);
        const whole = args.resourceId == null;
        const { scope } = whole ? { scope: { level: 'tenant' } as const } : await placeOf(viewer, args);
        const { allowed, because } = allows(viewer.grants, permission, scope);
        const [shown] = await shownReasons(viewer.tenant, [because]);
        return { permission, allowed, because: shown ?? [], ...shownScope(scope) };
      },
    },
  };
}
