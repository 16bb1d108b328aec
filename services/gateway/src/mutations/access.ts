/** Mutations of roles, role bindings and memberships. */
import { reject } from '@atoll/schema/errors';
import { type Keyed, mutation, type Order } from './definition.ts';
import { tenantOf, whichTenant } from './tenancy.ts';

type BuiltIn = 'OWNER' | 'ADMIN' | 'DEVELOPER' | 'VIEWER';
interface OfTenant extends Keyed {
  readonly tenantId?: string | null;
}

interface CreateRoleInput extends Keyed {
  readonly name: string;
  readonly description?: string | null;
  readonly permissions: readonly string[];
}
const createRole = mutation<CreateRoleInput>({
  touches: 'tenant',
  context: 'tenancy',
  command: 'CreateRole',
  rows: { role: 'roleId' },
  order: ({ name, description, permissions }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { name, description: description ?? '', permissions },
    expectedVersion: null,
  }),
});

interface ChangeRoleInput extends Partial<CreateRoleInput> {
  readonly roleId: string;
}
const changeRole = mutation<ChangeRoleInput>({
  touches: 'tenant',
  wide: ['roleId'],
  context: 'tenancy',
  command: 'ChangeRole',
  rows: { role: 'roleId' },
  order: ({ roleId, name, description, permissions }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: {
      roleId,
      ...(name == null ? {} : { name }),
      ...(description == null ? {} : { description }),
      ...(permissions == null ? {} : { permissions }),
    },
    expectedVersion: null,
  }),
});

interface DeleteRoleInput extends Keyed {
  readonly roleId: string;
}
const deleteRole = mutation<DeleteRoleInput>({
  touches: 'tenant',
  wide: ['roleId'],
  context: 'tenancy',
  command: 'DeleteRole',
  rows: {},
  order: ({ roleId }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { roleId },
    expectedVersion: null,
    shown: () => ({ deletedId: roleId }),
  }),
});

interface BindRoleInput extends OfTenant {
  readonly memberId?: string | null;
  readonly serviceAccountId?: string | null;
  readonly role?: BuiltIn | null;
  readonly roleId?: string | null;
  readonly environmentId?: string | null;
  readonly namespaceId?: string | null;
}
const bindRole = mutation<BindRoleInput>({
  touches: ['namespaceId', 'environmentId'],
  wide: ['tenantId', 'memberId', 'serviceAccountId', 'roleId'],
  context: 'tenancy',
  command: 'BindRole',
  rows: { roleBinding: 'bindingId' },
  renamed: { subjectId: '' },
  order(input, { viewer }) {
    const { memberId, serviceAccountId, role, roleId, environmentId, namespaceId } = input;
    const tenant = whichTenant(viewer, input.tenantId, 'member or service account');
    if (typeof tenant !== 'string') return tenant;
    if ((memberId == null) === (serviceAccountId == null)) {
      return reject(
        'INVALID_ARGUMENT',
        'Give either the member or the service account that is to have it.',
        'memberId',
      );
    }
    if ((role == null) === (roleId == null)) {
      return reject('INVALID_ARGUMENT', "Give either a built-in role or one of the tenant's own.", 'role');
    }
    return {
      tenant,
      data: {
        subjectId: memberId ?? serviceAccountId,
        role: role?.toLowerCase() ?? roleId,
        environmentId: environmentId ?? null,
        namespaceId: namespaceId ?? null,
      },
      expectedVersion: null,
    };
  },
});

interface UnbindRoleInput extends OfTenant {
  readonly roleBindingId: string;
}
const unbindRole = mutation<UnbindRoleInput>({
  touches: ['roleBindingId'],
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'UnbindRole',
  rows: {},
  renamed: { bindingId: 'roleBindingId' },
  order({ tenantId, roleBindingId }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'role binding');
    if (typeof tenant !== 'string') return tenant;
    const shown = () => ({ deletedId: roleBindingId });
    return { tenant, data: { bindingId: roleBindingId }, expectedVersion: null, shown };
  },
});

interface MemberInput extends OfTenant {
  readonly memberId: string;
}
interface ChangeMemberRoleInput extends MemberInput {
  readonly role?: BuiltIn | null;
}
const changeMemberRole = mutation<ChangeMemberRoleInput>({
  touches: 'tenant',
  wide: ['tenantId', 'memberId'],
  context: 'tenancy',
  command: 'ChangeMemberRole',
  rows: { member: 'memberId' },
  order({ tenantId, memberId, role }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'member');
    if (typeof tenant !== 'string') return tenant;
    return { tenant, data: { memberId, role: role?.toLowerCase() ?? null }, expectedVersion: null };
  },
});

const removeMember = mutation<MemberInput>({
  touches: 'tenant',
  wide: ['tenantId', 'memberId'],
  context: 'tenancy',
  command: 'RemoveMember',
  rows: {},
  order({ tenantId, memberId }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'member');
    if (typeof tenant !== 'string') return tenant;
    return { tenant, data: { memberId }, expectedVersion: null, shown: () => ({ deletedId: memberId }) };
  },
});

const leaveTenant = mutation<Keyed>({
  touches: 'tenant',
  context: 'tenancy',
  command: 'LeaveTenant',
  rows: {},
  order(_input, { viewer }) {
    // Everybody may, so no scope of a key's says that it is meant for this.
    if (viewer.credential.kind === 'apiKey') {
      return reject('ILLEGAL_STATE', 'An API key does not end the membership of its owner: use an access token.');
    }
    const shown: Order['shown'] = ({ memberId }) => ({ deletedId: memberId });
    return { tenant: tenantOf(viewer), data: {}, expectedVersion: null, shown };
  },
});

export const accessMutations = {
  ...{ createRole, changeRole, deleteRole, bindRole, unbindRole, changeMemberRole, removeMember, leaveTenant },
};
