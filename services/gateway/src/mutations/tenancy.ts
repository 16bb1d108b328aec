/** Mutations of tenants, environments and namespaces. */
import { createHash } from 'node:crypto';
import { type Rejection, reject } from '@atoll/schema/errors';
import { idKind, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { actorOf, type Viewer } from '../auth/viewers.ts';
import { type Keyed, mutation, type Order, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition, repetition } from './lists.ts';

/** Commands of a tenant's own are sent under the viewer's tenant; the operator's under the platform. */
export const tenantOf = (viewer: Viewer): Tenant => viewer.tenant ?? PLATFORM;

/**
 * Who is shown a secret again when they repeat a request: whoever asked for it, by the credential they asked with. A key
 * that may do less than its owner learns nothing of what its owner has made, and a member nothing of the operator's.
 */
export const askerOf = (viewer: Viewer): readonly string[] =>
  viewer.credential.kind === 'apiKey' ? [actorOf(viewer), viewer.credential.apiKeyId] : [actorOf(viewer)];

interface CreateTenantInput extends Keyed {
  readonly name: string;
  readonly planId?: string | null;
  readonly limits?: Readonly<Record<'namespaces' | 'instances' | 'cpuMillis' | 'memoryMiB', number | null>> | null;
  readonly owners?: readonly string[] | null;
  readonly admins?: readonly string[] | null;
  readonly viewers?: readonly string[] | null;
}

const createTenant = mutation<CreateTenantInput>({
  touches: 'platform',
  wide: ['planId'],
  context: 'tenancy',
  command: 'CreateTenant',
  rows: { tenant: 'tenantId' },
  renamed: { members: '' },
  order({ name, planId, limits, owners, admins, viewers }) {
    const lists = { owners: owners ?? [], admins: admins ?? [], viewers: viewers ?? [] };
    if (planId != null && idKind(planId) !== 'plan') return noPlan;
    const members = [
      ...lists.owners.map((subject) => ({ subject, role: 'owner' })),
      ...lists.admins.map((subject) => ({ subject, role: 'admin' })),
      ...lists.viewers.map((subject) => ({ subject, role: 'viewer' })),
    ];
    const subjects = members.map(({ subject }) => subject);
    // Of a person who is named twice, the list that names them the second time.
    const twice =
      repetition(lists.owners, 'owners', '') ??
      repetition(lists.admins, 'admins', '') ??
      repetition(lists.viewers, 'viewers', '') ??
      repetition(subjects.slice(0, subjects.length - lists.viewers.length), 'admins', '') ??
      repetition(subjects, 'viewers', '');
    if (twice) return { ...twice, field: twice.field?.split('.')[0] ?? 'admins' };
    const given = Object.entries(limits ?? {}).filter(([, value]) => value !== null);
    const data = {
      name,
      members,
      ...(planId == null ? {} : { planId }),
      ...(given.length > 0 ? { limits: Object.fromEntries(given) } : {}),
    };
    return { tenant: PLATFORM, data, expectedVersion: null };
  },
});

interface TenantInput extends Keyed {
  readonly tenantId: string;
}
interface SuspendTenantInput extends TenantInput {
  readonly reason: string;
}

export const noPlan = reject('NOT_FOUND', 'There is no such plan. List the plans and use one of their ids.', 'planId');

/** The operator's orders about a tenant are sent under that tenant, whose facts they make. */
export function aboutTenant(tenantId: string, data: Order['data']): Order | Rejection {
  if (idKind(tenantId) !== 'tenant') return noTenant;
  return { tenant: tenantId as Tenant, data, expectedVersion: null };
}

const suspendTenant = mutation<SuspendTenantInput>({
  touches: 'platform',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'SuspendTenant',
  rows: { tenant: 'tenantId' },
  order: ({ tenantId, reason }) => aboutTenant(tenantId, { reason }),
});

const resumeTenant = mutation<TenantInput>({
  touches: 'platform',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'ResumeTenant',
  rows: { tenant: 'tenantId' },
  order: ({ tenantId }) => aboutTenant(tenantId, {}),
});

interface CreateServiceAccountInput extends Keyed {
  readonly tenantId?: string | null;
  readonly name: string;
  readonly role?: TenantRoleInput | null;
}

type TenantRoleInput = 'OWNER' | 'ADMIN' | 'DEVELOPER' | 'VIEWER';
const roleOf = (role: TenantRoleInput | null | undefined) => role?.toLowerCase() ?? null;

const noTenant = reject('NOT_FOUND', 'There is no such tenant.', 'tenantId');

/** The tenant that is meant; null where the viewer has no such tenant. */
function namedTenant(viewer: Viewer, tenantId: string | null | undefined): Tenant | null {
  if (viewer.tenant !== null) return tenantId == null || tenantId === viewer.tenant ? viewer.tenant : null;
  return tenantId != null && idKind(tenantId) === 'tenant' ? (tenantId as Tenant) : null;
}

interface AddMemberInput extends Keyed {
  readonly tenantId?: string | null;
  readonly subject: string;
  readonly role?: TenantRoleInput | null;
  readonly displayName?: string | null;
  readonly email?: string | null;
}

export const whichTenant = (viewer: Viewer, tenantId: string | null | undefined, what: string): Tenant | Rejection => {
  if (viewer.tenant === null && tenantId == null) {
    return reject('INVALID_ARGUMENT', `Say in which tenant the ${what} is.`, 'tenantId');
  }
  return namedTenant(viewer, tenantId) ?? noTenant;
};

const addMember = mutation<AddMemberInput>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'AddMember',
  rows: { member: 'memberId' },
  order({ tenantId, subject, role, displayName, email }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'member');
    if (typeof tenant !== 'string') return tenant;
    const data = { subject, role: roleOf(role), displayName: displayName ?? null, email: email ?? null };
    return { tenant, data, expectedVersion: null };
  },
});

interface ErasePersonalDataInput extends Keyed {
  readonly tenantId?: string | null;
  readonly subject: string;
}

const erasePersonalData = mutation<ErasePersonalDataInput>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'ErasePersonalData',
  rows: { member: 'memberId' },
  order({ tenantId, subject }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'member');
    return typeof tenant === 'string' ? { tenant, data: { subject }, expectedVersion: null } : tenant;
  },
});

const createServiceAccount = mutation<CreateServiceAccountInput>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'CreateServiceAccount',
  rows: {},
  renamed: { secretHash: '' },
  order({ tenantId, name, role }, { viewer, key, secretOf, tokenUrl }) {
    if (viewer.tenant === null && tenantId == null) {
      return reject('INVALID_ARGUMENT', 'Say for which tenant the account is.', 'tenantId');
    }
    const tenant = namedTenant(viewer, tenantId);
    if (tenant === null) return noTenant;
    // Made from the request, so that its repetition shows the same secret, which is kept nowhere.
    const clientSecret = `ats_${secretOf(tenant, ...askerOf(viewer), key)}`;
    const secretHash = createHash('sha256').update(clientSecret).digest('hex');
    return {
      tenant,
      data: { name, role: roleOf(role), secretHash },
      expectedVersion: null,
      shown: (result) => ({ clientId: result.serviceAccountId, clientSecret, tokenUrl }),
    };
  },
});

interface CreateEnvironmentInput extends Keyed {
  readonly name: string;
  readonly kind: string;
}

const createEnvironment = mutation<CreateEnvironmentInput>({
  touches: 'tenant',
  context: 'tenancy',
  command: 'CreateEnvironment',
  rows: { environment: 'environmentId' },
  order: ({ name, kind }, { viewer }) => ({ tenant: tenantOf(viewer), data: { name, kind }, expectedVersion: null }),
});

interface CreateNamespaceInput extends Keyed {
  readonly environmentId: string;
  readonly name: string;
  readonly labels?: readonly LabelInput[] | null;
}

const createNamespace = mutation<CreateNamespaceInput>({
  touches: ['environmentId'],
  context: 'tenancy',
  command: 'CreateNamespace',
  rows: { namespace: 'namespaceId' },
  keyed: { labels: 'key' },
  order: ({ environmentId, name, labels }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { environmentId, name, labels: labelMap(labels) },
      expectedVersion: null,
    },
});

interface DeleteNamespaceInput extends Versioned {
  readonly namespaceId: string;
}

const deleteNamespace = mutation<DeleteNamespaceInput>({
  touches: ['namespaceId'],
  context: 'tenancy',
  command: 'DeleteNamespace',
  rows: { namespace: 'namespaceId' },
  order: ({ namespaceId, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId },
    expectedVersion: expectedVersion ?? null,
  }),
});

export const tenancyMutations = {
  createTenant,
  suspendTenant,
  resumeTenant,
  addMember,
  erasePersonalData,
  createServiceAccount,
  createEnvironment,
  createNamespace,
  deleteNamespace,
};
