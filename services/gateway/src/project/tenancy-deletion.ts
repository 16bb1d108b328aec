/** Deletions, and what is protected from them → read models. */
import type { EventRecord } from '@atoll/schema/envelope';
import { idKind } from '@atoll/schema/ids';
import type { DeletionStep, Proof } from '@atoll/schema/tenancy/deletion';
import { deletionEvents } from '@atoll/schema/tenancy/deletion';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { withoutBatches } from './batches.ts';
import { type Effect, instant, patch, purge, put, remove, type TableName, tables } from './effects.ts';

export type DeletionRecord = Extract<TenancyEvent, { type: keyof typeof deletionEvents }>;

export const isDeletionEvent = (event: TenancyEvent): event is DeletionRecord =>
  Object.hasOwn(deletionEvents, event.type);

/** Keys in the SDL's order. */
const shownSteps = (steps: readonly DeletionStep[]) =>
  steps.map(({ name, status, done, total, waitingFor }) => ({ name, status, done, total, waitingFor }));
const shownProof = (proof: readonly Proof[]) =>
  proof.map(({ service, position, counts }) => ({
    service,
    position,
    counts: counts.map(({ kind, count }) => ({ kind, count })),
  }));

/** What outlives a tenant: its deletions, for the proof. The log isn't among the tables. */
const kept: ReadonlySet<TableName> = new Set(['deletion', 'compute_node', 'pool']);
export const tablesOfTenants: readonly TableName[] = tables.filter((table) => !kept.has(table));

const protectedTable: Partial<Record<string, TableName>> = {
  tenant: 'tenant',
  environment: 'environment',
  namespace: 'namespace',
};

export function projectDeletion(event: DeletionRecord, record: EventRecord): readonly Effect[] {
  const time = instant(record.time);
  switch (event.type) {
    case 'DeletionStarted': {
      const { deletionId: id, target, targetId, name, plan, purgeAt, steps } = event.data;
      const row = {
        ...{ id, tenant_id: record.tenant, target, target_id: targetId, name, plan, steps: shownSteps(steps) },
        ...{ status: 'RETAINED', requested_at: time, requested_by: record.actor, purge_at: purgeAt },
        ...{ ended_at: null, proof: null },
      };
      const closed =
        target === 'TENANT'
          ? patch('tenant', targetId, { status: 'DELETING', deletion: { deletionId: id, since: time, purgeAt } })
          : patch('environment', targetId, { deletion_id: id });
      return [put('deletion', id, row), closed];
    }
    case 'DeletionCancelled': {
      const { deletionId: id, target, targetId, reopened } = event.data;
      const opened =
        target === 'TENANT'
          ? patch('tenant', targetId, { status: reopened ? 'ACTIVE' : 'SUSPENDED', deletion: null })
          : patch('environment', targetId, { deletion_id: null });
      return [patch('deletion', id, { status: 'CANCELLED', ended_at: time }), opened];
    }
    case 'DeletionPurgeStarted':
      return [patch('deletion', event.data.deletionId, { status: 'PURGING', steps: shownSteps(event.data.steps) })];
    case 'DeletionProgressed':
      return [patch('deletion', event.data.deletionId, { steps: shownSteps(event.data.steps) })];
    case 'DeletionAccessRemoved':
      return [];
    case 'DeletionCompleted': {
      const { deletionId, proof, steps } = event.data;
      const row = { status: 'COMPLETED', ended_at: time, steps: shownSteps(steps), proof: shownProof(proof) };
      return [patch('deletion', deletionId, row)];
    }
    case 'EnvironmentDeleted':
      return [
        remove('environment', event.data.environmentId),
        remove('quota_limit', event.data.environmentId),
        ...withoutBatches('environment_id', event.data.environmentId),
      ];
    case 'TenantDeleted':
      return tablesOfTenants.map((table) => purge(table, 'tenant_id', event.data.tenantId));
    case 'DeletionProtectionChanged': {
      const { resourceId, enabled } = event.data;
      const table = protectedTable[idKind(resourceId) ?? ''];
      return table === undefined ? [] : [patch(table, resourceId, { deletion_protection: enabled })];
    }
    case 'LegalHoldChanged':
      return [patch('tenant', event.data.tenantId, { legal_hold: event.data.reason })];
    default:
      return event satisfies never;
  }
}
