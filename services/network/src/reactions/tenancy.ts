/** tenancy.NamespaceCreated → NamespaceOpened; tenancy.NamespaceDeletionRequested → NamespaceClosed. */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { type NamespaceCommand, namespace, namespaceStream } from '../domain/namespace.ts';
import { originBecauseOf } from '../origin.ts';

type TenancyRecord = EventRecord & TenancyEvent;

function commandFor(record: TenancyRecord): NamespaceCommand | null {
  switch (record.type) {
    case 'NamespaceCreated':
      return { kind: 'open', namespaceId: record.data.namespaceId };
    case 'NamespaceDeletionRequested':
      return { kind: 'close', namespaceId: record.data.namespaceId };
    case 'NamespaceDeleted':
    case 'EnvironmentCreated':
    case 'TenantCreated':
    case 'MemberAdded':
    case 'PersonalDataErased':
    case 'ServiceAccountCreated':
      return null;
    default:
      return record satisfies never;
  }
}

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
export async function onTenancyEvent(store: EventStore, record: EventRecord): Promise<void> {
  const command = commandFor(record as TenancyRecord);
  if (command === null) return;
  const outcome = await handleCommand(store, {
    decider: namespace,
    stream: namespaceStream(command.namespaceId),
    command,
    origin: originBecauseOf({ ...record, cause: record.id }),
    idempotency: { key: `event:${record.id}`, request: command },
  });
  if (!outcome.ok) throw refusal(`${record.type} of ${command.namespaceId}`, outcome.rejection);
}
