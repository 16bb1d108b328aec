/** Events of the tenancy context → read models. */
import { isOf } from '@atoll/schema/registry';
import { environmentEvents } from '@atoll/schema/tenancy/environments';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { isIdentityEvent } from '@atoll/schema/tenancy/identity';
import { planEvents } from '@atoll/schema/tenancy/plans';
import { derive, type Effect, instant, labelList, type Project, patch, put, remove } from './effects.ts';
import { projectAccess } from './tenancy-access.ts';
import { isDeletionEvent, projectDeletion } from './tenancy-deletion.ts';
import { projectEnvironments } from './tenancy-environments.ts';
import { projectIdentity } from './tenancy-identity.ts';
import { projectPlans } from './tenancy-plans.ts';
import { namespaceGone, namespaceHeld, projectQuota, scope } from './tenancy-quotas.ts';

export const projectTenancy: Project<TenancyEvent> = (event, record): readonly Effect[] => {
  if (isIdentityEvent(event)) return projectIdentity(event, record);
  const tenant_id = record.tenant;
  const created_at = instant(record.time);
  if (isOf(environmentEvents, event)) return projectEnvironments(event);
  if (isOf(planEvents, event)) return projectPlans(event, record);
  if (isDeletionEvent(event)) return projectDeletion(event, record);
  switch (event.type) {
    // Under the platform's own tenant where the operator did it: whose they are is told by the data.
    case 'TenantCreated': {
      const { tenantId: id, name, limits } = event.data;
      const { namespaces, instances, cpuMillis, memoryMiB } = limits;
      const shown = { namespaces, instances, cpuMillis, memoryMiB };
      const row = {
        id,
        tenant_id: id,
        name,
        limits: shown,
        created_at,
        status: 'ACTIVE',
        suspension: null,
        labels: [],
      };
      return [put('tenant', id, row), ...scope(id)];
    }
    case 'TenantSuspended': {
      const { tenantId: id, reason } = event.data;
      return [patch('tenant', id, { status: 'SUSPENDED', suspension: { reason, since: created_at } })];
    }
    case 'TenantResumed':
      return [patch('tenant', event.data.tenantId, { status: 'ACTIVE', suspension: null })];
    case 'EnvironmentCreated': {
      const { environmentId: id, name, kind } = event.data;
      return [put('environment', id, { id, tenant_id, name, kind, labels: [], created_at }), ...scope(id)];
    }
    case 'NamespaceCreated': {
      const { namespaceId: id, environmentId: environment_id, name, labels } = event.data;
      const row = { id, tenant_id, environment_id, name, labels: labelList(labels), created_at };
      return [
        put('namespace', id, { ...row, version: record.version, deleting: false, status: 'PENDING' }),
        put('namespace_home', id, { id, tenant_id, environment_id }),
        derive('namespace', id),
        ...namespaceHeld(event.data, tenant_id),
      ];
    }
    case 'TenantLabelsSet': {
      const { tenantId: id, labels } = event.data;
      return [patch('tenant', id, { labels: labelList(labels) })];
    }
    case 'EnvironmentLabelsSet': {
      const { environmentId: id, labels } = event.data;
      return [patch('environment', id, { labels: labelList(labels) })];
    }
    case 'NamespaceLabelsSet': {
      const { namespaceId: id, labels } = event.data;
      return [patch('namespace', id, { labels: labelList(labels), version: record.version })];
    }
    case 'NamespaceDeletionRequested': {
      const { namespaceId: id } = event.data;
      return [patch('namespace', id, { deleting: true, version: record.version }), derive('namespace', id)];
    }
    case 'NamespaceDeleted':
      return [remove('namespace', event.data.namespaceId), ...namespaceGone(event.data, tenant_id)];
    case 'QuotaSet':
    case 'QuotaReserved':
    case 'QuotaCommitted':
    case 'QuotaReservationEnded':
    case 'QuotaDifferenceFound':
    case 'QuotaDifferenceEnded':
      return projectQuota(event, record);
    default:
      return projectAccess(event, record);
  }
};
