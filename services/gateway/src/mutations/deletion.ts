/** Mutations that delete tenants and environments, take that back, and protect from it. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { idKind, type Tenant } from '@atoll/schema/ids';
import type { Viewer } from '../auth/viewers.ts';
import { type Keyed, mutation } from './definition.ts';
import { tenantOf } from './tenancy.ts';

const noTenant = reject('NOT_FOUND', 'There is no such tenant.', 'tenantId');

/** The viewer's own tenant; the operator says which. */
function whichTenant(viewer: Viewer, tenantId: string | null | undefined): Tenant | Rejection {
  if (viewer.tenant !== null) return tenantId == null || tenantId === viewer.tenant ? viewer.tenant : noTenant;
  if (tenantId == null) return reject('INVALID_ARGUMENT', 'Say which tenant.', 'tenantId');
  return idKind(tenantId) === 'tenant' ? (tenantId as Tenant) : noTenant;
}

interface DeleteEnvironmentInput extends Keyed {
  readonly environmentId: string;
  readonly confirm: string;
}

const deleteEnvironment = mutation<DeleteEnvironmentInput>({
  context: 'tenancy',
  command: 'DeleteEnvironment',
  touches: ['environmentId'],
  rows: { deletion: 'deletionId' },
  order: ({ environmentId, confirm }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { environmentId, confirm },
    expectedVersion: null,
  }),
});

interface DeleteTenantInput extends Keyed {
  readonly tenantId?: string | null;
  readonly confirm: string;
  readonly retentionHours?: number | null;
}

const deleteTenant = mutation<DeleteTenantInput>({
  context: 'tenancy',
  command: 'DeleteTenant',
  touches: 'tenant',
  wide: ['tenantId'],
  rows: { deletion: 'deletionId' },
  order({ tenantId, confirm, retentionHours = null }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId);
    if (typeof tenant !== 'string') return tenant;
    if (retentionHours !== null && viewer.tenant !== null) {
      return reject(
        'INVALID_ARGUMENT',
        'Only the operator of the platform says for how long it can be taken back: leave it out.',
        'retentionHours',
      );
    }
    return { tenant, data: { confirm, retentionHours }, expectedVersion: null };
  },
});

interface UndeleteTenantInput extends Keyed {
  readonly tenantId?: string | null;
}

const undeleteTenant = mutation<UndeleteTenantInput>({
  context: 'tenancy',
  command: 'UndeleteTenant',
  touches: 'tenant',
  wide: ['tenantId'],
  rows: { tenant: 'tenantId', deletion: 'deletionId' },
  order({ tenantId }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId);
    return typeof tenant === 'string' ? { tenant, data: {}, expectedVersion: null } : tenant;
  },
});

interface CancelDeletionInput extends Keyed {
  readonly deletionId: string;
}

const cancelDeletion = mutation<CancelDeletionInput>({
  context: 'tenancy',
  command: 'CancelDeletion',
  touches: 'tenant',
  wide: ['deletionId'],
  rows: { deletion: 'deletionId' },
  order: ({ deletionId }, { viewer }) => ({ tenant: tenantOf(viewer), data: { deletionId }, expectedVersion: null }),
});

interface SetDeletionProtectionInput extends Keyed {
  readonly id: string;
  readonly enabled: boolean;
}

const setDeletionProtection = mutation<SetDeletionProtectionInput>({
  context: 'tenancy',
  command: 'SetDeletionProtection',
  touches: ['id'],
  rows: {},
  order: ({ id, enabled }, { viewer }) => ({ tenant: tenantOf(viewer), data: { id, enabled }, expectedVersion: null }),
});

interface SetLegalHoldInput extends Keyed {
  readonly tenantId: string;
  readonly reason?: string | null;
}

const setLegalHold = mutation<SetLegalHoldInput>({
  context: 'tenancy',
  command: 'SetLegalHold',
  touches: 'platform',
  wide: ['tenantId'],
  rows: { tenant: 'tenantId' },
  order({ tenantId, reason = null }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId);
    return typeof tenant === 'string' ? { tenant, data: { reason }, expectedVersion: null } : tenant;
  },
});

export const deletionMutations = {
  deleteEnvironment,
  deleteTenant,
  undeleteTenant,
  cancelDeletion,
  setDeletionProtection,
  setLegalHold,
};
