/** network.NamespaceDrained → tenancy.NamespaceDeleted: the last step of a deletion. */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { PLATFORM } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { namespace, namespaceNotFound, namespaceStream } from '../domain/namespace.ts';

type Drained = Extract<NetworkEvent, { type: 'NamespaceDrained' }>;

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
export async function onNamespaceDrained(store: EventStore, record: EventRecord): Promise<void> {
  if (record.type !== ('NamespaceDrained' satisfies Drained['type'])) return;
  const { data, tenant } = record as EventRecord & Drained;
  if (tenant === PLATFORM) throw new Error(`Event ${record.id}: a namespace of the platform can't be.`);
  const outcome = await handleCommand(store, {
    decider: namespace,
    stream: namespaceStream(data.namespaceId),
    command: { kind: 'finishDeletion', tenant },
    origin: {
      tenant,
      actor: 'service:tenancy',
      cause: record.id,
      correlation: record.correlation,
      traceparent: record.traceparent,
    },
    idempotency: { key: `event:${record.id}`, request: { finishDeletion: data.namespaceId } },
    notFound: namespaceNotFound,
  });
  if (!outcome.ok) throw refusal(`NamespaceDrained of ${data.namespaceId}`, outcome.rejection);
}
