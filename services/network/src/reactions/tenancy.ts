/**
 * tenancy.NamespaceCreated → NamespaceOpened; tenancy.NamespaceDeletionRequested → NamespaceClosed;
 * tenancy.TenantSuspended → TenantIsolated; tenancy.TenantResumed → TenantReconnected;
 * its EnvironmentCreated and EnvironmentDeleted: environments.ts;
 * tenancy.DeletionStarted of a tenant → TenantIsolated, DeletionCancelled → TenantReconnected, TenantDeleted → TenantForgotten.
 */
import { refusal } from '@atoll/events/outage';
import { type CommandOutcome, type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { isOf } from '@atoll/schema/registry';
import { environmentEvents } from '@atoll/schema/tenancy/environments';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { isIdentityEvent } from '@atoll/schema/tenancy/identity';
import { planEvents } from '@atoll/schema/tenancy/plans';
import { type ConnectionCommand, connection, connectionStream } from '../domain/connection.ts';
import { type NamespaceCommand, namespace, namespaceStream } from '../domain/namespace.ts';
import { originBecauseOf } from '../origin.ts';
import { onEnvironmentEvent } from './environments.ts';

type TenancyRecord = EventRecord & TenancyEvent;

function decisionOn(store: EventStore, record: TenancyRecord): Promise<CommandOutcome> | null {
  const origin = originBecauseOf({ ...record, cause: record.id });
  const key = `event:${record.id}`;
  const decideNamespace = (command: NamespaceCommand) =>
    handleCommand(store, {
      decider: namespace,
      stream: namespaceStream(command.namespaceId),
      command,
      origin,
      // As it always was: an event that an older process acted on may come once more.
      idempotency: { key, request: { kind: command.kind, namespaceId: command.namespaceId } },
    });
  const decideConnection = (wanted: Omit<ConnectionCommand, 'told'>) => {
    const command = { ...wanted, told: record.position };
    return handleCommand(store, {
      decider: connection,
      stream: connectionStream(command.tenantId),
      command,
      origin,
      idempotency: { key, request: command },
    });
  };
  // Who somebody is changes nothing of what may reach what.
  if (isIdentityEvent(record)) return null;
  if (isOf(environmentEvents, record) || isOf(planEvents, record)) return null;
  switch (record.type) {
    case 'NamespaceCreated': {
      const { namespaceId, environmentId, name } = record.data;
      return decideNamespace({ kind: 'open', namespaceId, environmentId, name });
    }
    case 'NamespaceDeletionRequested':
      return decideNamespace({ kind: 'close', namespaceId: record.data.namespaceId });
    case 'TenantSuspended':
      return decideConnection({ kind: 'isolate', tenantId: record.data.tenantId });
    case 'TenantResumed':
      return decideConnection({ kind: 'reconnect', tenantId: record.data.tenantId });
    // Until it is destroyed its instances go on, and reach nobody: whoever takes it back finds all as it was.
    case 'DeletionStarted': {
      const { target, targetId } = record.data;
      return target === 'TENANT' ? decideConnection({ kind: 'isolate', tenantId: targetId as Id<'tenant'> }) : null;
    }
    case 'DeletionCancelled': {
      const { target, targetId, reopened } = record.data;
      if (target !== 'TENANT' || !reopened) return null;
      return decideConnection({ kind: 'reconnect', tenantId: targetId as Id<'tenant'> });
    }
    case 'TenantDeleted':
      return decideConnection({ kind: 'forget', tenantId: record.data.tenantId });
    // Whatever else happens to a tenant is no business of this context.
    default:
      return null;
  }
}

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
export async function onTenancyEvent(store: EventStore, record: EventRecord): Promise<void> {
  await onEnvironmentEvent(store, record);
  const outcome = await decisionOn(store, record as TenancyRecord);
  if (outcome?.ok === false) throw refusal(`${record.type} of ${record.stream}`, outcome.rejection);
}
