/**
 * tenancy's EnvironmentCreated, ImageRulesSet and PromotionSet → our EnvironmentRulesAdopted; its EnvironmentDeleted → our
 * EnvironmentRulesDropped.
 */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { type TenancyEvent, tenancyEvents } from '@atoll/schema/tenancy/events';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { type EnvironmentCommand, environmentDecider } from '../domain/environment.ts';
import { environmentStream } from '../domain/streams.ts';
import { followingFrom } from '../origin.ts';

export function startEnvironmentReactions(options: {
  store: EventStore;
  nc: NatsConnection;
  pool: Pool;
  schema: string;
  log: Logger;
}): Promise<Consumer> {
  const { store, nc, pool, schema, log } = options;
  return startConsumer({
    name: 'tenancy-environments',
    source: { kind: 'stream', nc, context: 'tenancy', registry: tenancyEvents },
    pool,
    schema,
    log,
    handler: { kind: 'react', react: (event) => react(store, event) },
  });
}

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
async function react(store: EventStore, event: EventRecord): Promise<void> {
  for (const command of commandsFor(event as EventRecord & TenancyEvent)) {
    const { environmentId } = command;
    const outcome = await handleCommand(store, {
      decider: environmentDecider,
      stream: environmentStream(environmentId),
      command,
      origin: followingFrom(event),
      idempotency: { key: `event:${event.id}:${environmentId}`, request: command },
    });
    if (!outcome.ok) throw refusal(`${event.type} for ${environmentId}`, outcome.rejection);
  }
}

function commandsFor(event: TenancyEvent): readonly EnvironmentCommand[] {
  if (event.type === 'EnvironmentCreated') {
    return [{ action: 'adopt', environmentId: event.data.environmentId }];
  }
  if (event.type === 'ImageRulesSet') {
    const { environmentId, rules } = event.data;
    return [{ action: 'setRules', environmentId, rules }];
  }
  if (event.type === 'EnvironmentDeleted') {
    return [{ action: 'drop', environmentId: event.data.environmentId }];
  }
  if (event.type !== 'PromotionSet') return [];
  const { environmentId: source, promotesTo, before } = event.data;
  return [
    ...before
      .filter((target) => !promotesTo.includes(target))
      .map((environmentId) => ({ action: 'removeSource', environmentId, source }) as const),
    ...promotesTo
      .filter((target) => !before.includes(target))
      .map((environmentId) => ({ action: 'addSource', environmentId, source }) as const),
  ];
}
