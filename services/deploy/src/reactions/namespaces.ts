/** tenancy's NamespaceCreated → our NamespaceOpened; its NamespaceDeletionRequested → our NamespaceClosed. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { isOf } from '@atoll/schema/registry';
import { environmentEvents } from '@atoll/schema/tenancy/environments';
import { type TenancyEvent, tenancyEvents } from '@atoll/schema/tenancy/events';
import { isIdentityEvent } from '@atoll/schema/tenancy/identity';
import { planEvents } from '@atoll/schema/tenancy/plans';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { type NamespaceCommand, namespaceDecider } from '../domain/namespace.ts';
import { namespaceStream } from '../domain/streams.ts';
import { followingFrom } from '../origin.ts';

export function startNamespaceReactions(options: {
  store: EventStore;
  nc: NatsConnection;
  pool: Pool;
  schema: string;
  log: Logger;
}): Promise<Consumer> {
  const { store, nc, pool, schema, log } = options;
  return startConsumer({
    name: 'tenancy-namespaces',
    source: { kind: 'stream', nc, context: 'tenancy', registry: tenancyEvents },
    pool,
    schema,
    log,
    handler: { kind: 'react', react: (event) => react(store, event) },
  });
}

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
async function react(store: EventStore, event: EventRecord): Promise<void> {
  const command = commandFor(event as EventRecord & TenancyEvent);
  if (command === null) return;
  const outcome = await handleCommand(store, {
    decider: namespaceDecider,
    stream: namespaceStream(command.namespaceId),
    command,
    origin: followingFrom(event),
    idempotency: { key: `event:${event.id}`, request: command },
  });
  if (!outcome.ok) throw refusal(`${event.type} of ${command.namespaceId}`, outcome.rejection);
}

function commandFor(event: TenancyEvent): NamespaceCommand | null {
  // Who somebody is changes nothing of what runs.
  if (isIdentityEvent(event)) return null;
  if (isOf(environmentEvents, event) || isOf(planEvents, event)) return null;
  switch (event.type) {
    case 'NamespaceCreated': {
      const { namespaceId, environmentId, name } = event.data;
      return { action: 'open', namespaceId, environmentId, name };
    }
    case 'NamespaceDeletionRequested':
      return { action: 'close', namespaceId: event.data.namespaceId };
    // Whatever else happens to a tenant is no business of this context.
    default:
      return null;
  }
}
