/** The tenancy service, given its database and its NATS connection. Several of it can run on the same database. */
import { startConsumer } from '@atoll/events/consumer';
import { serveKeys } from '@atoll/events/personal/key-service';
import { startRelay } from '@atoll/events/relay';
import { createEventStore } from '@atoll/events/store';
import { deployEvents } from '@atoll/schema/deploy/events';
import { networkEvents } from '@atoll/schema/network/events';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { serveCommands } from '@atoll/service/commands';
import type { Logger } from '@atoll/service/log';
import type { MasterKeys } from '@atoll/service/master-keys';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { tenancyHandlers } from './commands.ts';
import { startDeletionController } from './controllers/deletions.ts';
import { startPlanFollowers } from './controllers/plan-followers.ts';
import { startReconciler } from './controllers/quota-reconciler.ts';
import { startReservations } from './controllers/reservations.ts';
import { createCensus } from './deletion/census.ts';
import { schema } from './names.ts';
import { createPlanUse } from './plan-use.ts';
import { startPlanTables } from './projections/plans.ts';
import { onHoldingTold } from './reactions/holdings.ts';
import { onInvitationAccepted } from './reactions/invitation-accepted.ts';
import { onNamespaceDrained } from './reactions/namespace-drained.ts';
import { onScopeGone } from './reactions/scope-gone.ts';
import { seedDefaultPlan } from './seed-plan.ts';

export async function startTenancy(options: {
  pool: Pool;
  nc: NatsConnection;
  masterKeys: MasterKeys;
  /** How often the quota ledger is compared with the owners of what it holds. */
  quotaCheckMs?: number;
  log: Logger;
  /** Unix time in milliseconds. */
  now?: () => number;
}) {
  const { pool, nc, masterKeys, log, now = Date.now } = options;
  const store = createEventStore({ pool, context: 'tenancy', schema, registry: tenancyEvents, masterKeys, log });
  if (!store.personal) throw new Error('Tenancy keeps personal data, and its store can open none.');
  const keys = serveKeys({ nc, context: 'tenancy', personal: store.personal, log });
  const relay = await startRelay({ store, nc, log });
  const reactions = await startConsumer({
    name: 'reactions-network',
    source: { kind: 'stream', nc, context: 'network', registry: networkEvents },
    pool,
    schema,
    handler: { kind: 'react', react: (record) => onNamespaceDrained(store, record) },
    log,
  });
  const admissions = await startConsumer({
    name: 'reactions-invitations',
    source: { kind: 'store', store },
    pool,
    schema,
    handler: {
      kind: 'react',
      async react(record) {
        await onInvitationAccepted(store, record);
        await onScopeGone(store, record);
      },
    },
    log,
  });
  await seedDefaultPlan(store);
  const followers = startPlanFollowers({ store, pool, schema, log });
  const plans = await startPlanTables({ store, pool, schema, log, onChange: followers.wake });
  /** What the owners of holders say that these hold: each from its first event on. */
  const told = await Promise.all(
    (
      [
        ['quota-deploy', 'deploy', deployEvents],
        ['quota-network', 'network', networkEvents],
      ] as const
    ).map(([name, context, registry]) =>
      startConsumer({
        name,
        source: { kind: 'stream', nc, context, registry },
        pool,
        schema,
        handler: { kind: 'react', react: (record) => onHoldingTold(store, record) },
        log,
      }),
    ),
  );
  const reservations = startReservations({ store, pool, nc, log });
  const reconciler = startReconciler({ store, pool, nc, log, everyMs: options.quotaCheckMs ?? 300_000 });
  const deleting = { store, pool, census: createCensus(nc), now, log };
  const deletions = startDeletionController(deleting);
  const commands = serveCommands({
    nc,
    context: 'tenancy',
    registry: tenancyCommands,
    handlers: tenancyHandlers(
      store,
      createPlanUse(pool, schema, async (deadline) => plans.waitFor(await store.lastPosition(), deadline)),
      { ...deleting, wake: deletions.wake },
    ),
    // No decision here rests on a replica of foreign facts: there is nothing to wait for.
    ready: async () => {},
    log,
  });
  return {
    store,
    /** Why the service doesn't work; null while it does. */
    problem: () =>
      [relay, reactions, admissions, plans, ...told]
        .map((part) => part.problem())
        .find((problem) => problem !== null) ?? null,
    /** Compares the quota ledger with the owners of what it holds, now. */
    checkQuotas: reconciler.look,
    /** No new commands first, then no new reactions; what is committed is still published. */
    async stop() {
      await commands.stop();
      await Promise.all([reservations.stop(), reconciler.stop(), deletions.stop()]);
      await Promise.all([reactions, admissions, ...told].map((consumer) => consumer.stop()));
      await plans.stop();
      await followers.stop();
      await keys.stop();
      await relay.stop();
      await store.close();
    },
  };
}
