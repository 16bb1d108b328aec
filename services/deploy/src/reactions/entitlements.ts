/** tenancy's EntitlementsChanged → our PlacementTermsAdopted: which pools and classes a tenant may use. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { type TenancyEvent, tenancyEvents } from '@atoll/schema/tenancy/events';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { termsDecider } from '../domain/placement-terms.ts';
import { termsStream } from '../domain/streams.ts';
import { followingFrom } from '../origin.ts';

export function startEntitlementReactions(options: {
  store: EventStore;
  nc: NatsConnection;
  pool: Pool;
  schema: string;
  log: Logger;
}): Promise<Consumer> {
  const { store, nc, pool, schema, log } = options;
  return startConsumer({
    name: 'tenancy-entitlements',
    source: { kind: 'stream', nc, context: 'tenancy', registry: tenancyEvents },
    pool,
    schema,
    log,
    handler: { kind: 'react', react: (event) => react(store, event) },
  });
}

async function react(store: EventStore, record: EventRecord): Promise<void> {
  const event = record as EventRecord & TenancyEvent;
  if (event.type !== 'EntitlementsChanged') return;
  const { tenantId, effective } = event.data;
  const { pools, slaClasses } = effective;
  const command = { action: 'adopt', tenantId, pools, slaClasses } as const;
  const outcome = await handleCommand(store, {
    decider: termsDecider,
    stream: termsStream(tenantId),
    command,
    // What holds for a tenant is the tenant's, whoever told it.
    origin: { ...followingFrom(record), tenant: tenantId },
    idempotency: { key: `event:${event.id}:placement`, request: command },
  });
  if (!outcome.ok) throw refusal(`${event.type} of ${tenantId}`, outcome.rejection);
}
