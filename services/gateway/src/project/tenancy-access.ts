/** Events of who may do what in a tenant → read models. */
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { type Effect, instant, type Project, patch, put, remove } from './effects.ts';

type AccessEvent = Extract<
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

/** Permissions as the API shows them: sorted. */
const sorted = (names: readonly string[]) => [...names].sort();

export const projectAccess: Project<AccessEvent> = (event, record): readonly Effect[] => {
  const at = instant(record.time);
  switch (event.type) {
    // Under the platform's own tenant where the operator did it: whose they are is told by the data.
    case 'MemberAdded': {
      const { memberId: id, tenantId, subject, role, displayName, email } = event.data;
      const person = { display_name: displayName, email, erased_at: null };
      return [put('member', id, { id, tenant_id: tenantId, subject, role, ...person })];
    }
    case 'MemberRoleChanged':
      return [patch('member', event.data.memberId, { role: event.data.role })];
    case 'MemberRemoved':
      return [remove('member', event.data.memberId)];
    case 'PersonalDataErased':
      return [patch('member', event.data.memberId, { display_name: null, email: null, erased_at: at })];
    case 'ServiceAccountCreated': {
      const { serviceAccountId: id, tenantId, name, role, secretHash } = event.data;
      const secrets = [{ hash: secretHash, expiresAt: null }];
      return [
        put('service_account', id, {
          id,
          tenant_id: tenantId,
          name,
          role,
          labels: [],
          status: 'ACTIVE',
          created_at: at,
        }),
        put('service_account_secret', id, { id, tenant_id: tenantId, secrets }),
      ];
    }
    case 'RoleCreated': {
      const { roleId: id, tenantId: tenant_id, name, description, permissions } = event.data;
      return [put('role', id, { id, tenant_id, name, description, permissions: sorted(permissions), created_at: at })];
    }
    case 'RoleChanged': {
      const { roleId, name, description, permissions } = event.data;
      return [patch('role', roleId, { name, description, permissions: sorted(permissions) })];
    }
    case 'RoleDeleted':
      return [remove('role', event.data.roleId)];
    case 'RoleBound': {
      const { bindingId: id, tenantId: tenant_id, subjectId: subject_id, role, scope } = event.data;
      const own = role.startsWith('role_');
      return [
        put('role_binding', id, {
          ...{ id, tenant_id, subject_id, role: own ? null : role, role_id: own ? role : null, level: scope.level },
          environment_id: scope.level === 'tenant' ? null : scope.environmentId,
          namespace_id: scope.level === 'namespace' ? scope.namespaceId : null,
          ...{ bound_by: record.actor, created_at: at },
        }),
      ];
    }
    case 'RoleUnbound':
      return [remove('role_binding', event.data.bindingId)];
    default:
      return event satisfies never;
  }
};
