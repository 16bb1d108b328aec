/**
 * tenancy.EnvironmentCreated → EnvironmentOpened; EnvironmentDeleted → EnvironmentClosed.
 *
 * For what was told before this context kept environments, a consumer of its own goes through all of tenancy's facts once:
 * what is known already changes nothing; a namespace that was opened without its environment gets NamespaceLocated.
 */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { environment, environmentStream } from '../domain/environment.ts';
import { namespace, namespaceStream } from '../domain/namespace.ts';
import { originBecauseOf } from '../origin.ts';

const because = (record: EventRecord) => originBecauseOf({ ...record, cause: record.id });

export async function onEnvironmentEvent(store: EventStore, record: EventRecord): Promise<void> {
  const event = record as EventRecord & TenancyEvent;
  if (event.type !== 'EnvironmentCreated' && event.type !== 'EnvironmentDeleted') return;
  const { environmentId } = event.data;
  const outcome = await handleCommand(store, {
    decider: environment,
    stream: environmentStream(environmentId),
    command: { kind: event.type === 'EnvironmentCreated' ? 'open' : 'close', environmentId },
    origin: because(record),
  });
  if (!outcome.ok) throw refusal(`${record.type} of ${record.stream}`, outcome.rejection);
}

export async function onEarlierEvent(store: EventStore, record: EventRecord): Promise<void> {
  await onEnvironmentEvent(store, record);
  const event = record as EventRecord & TenancyEvent;
  if (event.type !== 'NamespaceCreated') return;
  const { namespaceId, environmentId, name } = event.data;
  const outcome = await handleCommand(store, {
    decider: namespace,
    stream: namespaceStream(namespaceId),
    command: { kind: 'locate', namespaceId, environmentId, name },
    origin: because(record),
  });
  if (!outcome.ok) throw refusal(`${record.type} of ${record.stream}`, outcome.rejection);
}
