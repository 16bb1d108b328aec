/** The network service, given its database and its NATS connection. Several of it can run on the same database. */
import { startConsumer } from '@atoll/events/consumer';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, loadState } from '@atoll/events/store';
import { deployEvents } from '@atoll/schema/deploy/events';
import { networkCommands } from '@atoll/schema/network/commands';
import { type NetworkEvent, networkEvents } from '@atoll/schema/network/events';
import { nodeSubjects } from '@atoll/schema/subjects';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { createCommandClient, serveCommands } from '@atoll/service/commands';
import { startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { createQuotaClient } from '@atoll/service/quota-client';
import type { Pool } from 'pg';
import { type Clock, clockOf } from './clock.ts';
import { addressHandlers } from './commands/addresses.ts';
import { publicAddressHandlers } from './commands/public-addresses.ts';
import { networkHandlers } from './commands.ts';
import { reconcileAddresses } from './controllers/addressing.ts';
import { reconcileAnnouncing } from './controllers/announcing.ts';
import { reconcileDraining } from './controllers/draining.ts';
import { createFirstSubnets } from './controllers/first-subnets.ts';
import { forgetGone } from './controllers/forgetting.ts';
import { reconcileLagging } from './controllers/lagging.ts';
import { reconcileNodes } from './controllers/nodes.ts';
import { keepPolicyTimes } from './controllers/policy-times.ts';
import { reconcileResting } from './controllers/resting.ts';
import { reconcileServing } from './controllers/serving.ts';
import { createSubnetGrowth } from './controllers/subnet-growth.ts';
import { reconcileSupply } from './controllers/supply.ts';
import { parseRange } from './domain/address.ts';
import { service, serviceStream } from './domain/service.ts';
import { serveHoldings } from './holdings.ts';
import { tellNodes } from './nodes/here-again.ts';
import { servePull } from './nodes/pull.ts';
import { listeningSince, type Reachability } from './nodes/reachability.ts';
import { serveReport } from './nodes/report.ts';
import { addConfiguredRanges, type ConfiguredRanges } from './pools/configured.ts';
import { knowPools } from './pools/ranges.ts';
import { createServiceAddresses } from './pools/service-addresses.ts';
import { createSubnetAllocator } from './pools/subnets.ts';
import { createCompilation } from './projections/compilation.ts';
import { recompileOnce } from './projections/recompile-once.ts';
import { stateProjection } from './projections/state.ts';
import { createRulesCache } from './reachability/read.ts';
import { onEarlierEvent } from './reactions/environments.ts';
import { onTenancyEvent } from './reactions/tenancy.ts';
import { readRemainsOf } from './remains.ts';
import { deployReplica } from './replicas/deploy.ts';

export const schema = 'network';

/** A node that hasn't reported for so long holds up neither a deletion nor the reuse of an address. */
const silentAfterMs = 60_000;
/** One that is silent for so long and has no endpoint is no node any more, until it is heard of again. */
const goneAfterMs = 600_000;
const nodesResyncMs = 10_000;
/** How long a node may take for newer rules, and may say that it can't apply them, before it is told that it lags. */
const lateAfterMs = 15_000;
const refusedAfterMs = 3_000;
/** Controllers are woken; this is for what nobody wakes them for, such as a node that fell silent. */
const resyncMs = 2_000;
/** How often what is long gone from rules is forgotten. */
const forgettingMs = 60_000;
/** So long the virtual address of a service that was deleted isn't given to another. */
const serviceAddressRestMs = 600_000;
/** Schedules are of minutes: a policy is turned on or off within a second of its moment. */
const policyTimesMs = 1_000;
/** It reads how all ranges are used: no more often than that is news. */
const supplyMs = 5_000;
/** How long one waits for the local tables before going on with what they have. */
const catchUpMs = 2_000;

/** What in the own events gives the controllers something to do. */
const wakesAddressing: ReadonlySet<NetworkEvent['type']> = new Set([
  'NamespaceOpened',
  'SubnetAllocated',
  'SubnetReleased',
  'EndpointReleased',
]);
const wakesServing: ReadonlySet<NetworkEvent['type']> = new Set([
  'ServiceCreated',
  'ServiceUpdated',
  'EndpointAllocated',
  'EndpointWithdrawn',
  'PortMappingCreated',
]);
const wakesDraining: ReadonlySet<NetworkEvent['type']> = new Set(['NamespaceClosed', 'EndpointReleased']);

/** How long addresses rest before somebody else has them. */
export interface Rest {
  readonly instanceMs: number;
  readonly publicMs: number;
}

export async function startNetwork(options: {
  pool: Pool;
  nc: NatsConnection;
  pools: ConfiguredRanges;
  log: Logger;
  silentAfterMs?: number;
  clock?: Clock;
  goneAfterMs?: number;
  serviceAddressRestMs?: number;
  lateAfterMs?: number;
  /** How often it is looked how much is left of addresses. */
  supplyMs?: number;
  rest: Rest;
}) {
  const { pool, nc, pools, rest, log } = options;
  const clock = options.clock ?? clockOf(pool);
  const store = createEventStore({ pool, context: 'network', schema, registry: networkEvents, log });
  const relay = await startRelay({ store, nc, log });
  const reachability: Reachability = {
    since: await listeningSince(pool),
    silentAfterMs: options.silentAfterMs ?? silentAfterMs,
  };
  /** Set once they run; the consumers may have news before. */
  let wake = { addressing: () => {}, draining: () => {}, serving: () => {} };

  const compilation = createCompilation();
  await recompileOnce(pool, compilation, log);

  const state = await startConsumer({
    name: 'state',
    source: { kind: 'store', store },
    pool,
    schema,
    handler: stateProjection(compilation, ({ types, nodes }) => {
      for (const node of nodes) nc.publish(nodeSubjects.wake(node), JSON.stringify({ topic: 'network' }));
      if (types.some((type) => wakesAddressing.has(type))) wake.addressing();
      if (types.some((type) => wakesDraining.has(type))) wake.draining();
      if (types.some((type) => wakesServing.has(type))) wake.serving();
    }),
    log,
  });
  const caughtUp = async () => {
    await state.waitFor(await store.lastPosition(), Date.now() + catchUpMs);
  };
  await addConfiguredRanges({ store, pools, log });
  await caughtUp();
  const known = await knowPools(pool);
  const quota = createQuotaClient({ commands: createCommandClient(nc), owner: 'network', log });
  const subnets = createSubnetAllocator({ db: pool, store, caughtUp, quota });

  const firstSubnets = createFirstSubnets({ db: pool, subnets, log });
  const addressing = startController({
    name: 'addressing',
    resyncMs,
    log,
    reconcile: () =>
      reconcileAddresses({
        ...{ db: pool, store, firstSubnets, reachability, caughtUp, restMs: rest.instanceMs },
        again: () => addressing.wake(),
      }),
  });
  const draining = startController({
    name: 'draining',
    resyncMs,
    log,
    reconcile: () => reconcileDraining({ db: pool, store, reachability, caughtUp, publicRestMs: rest.publicMs, log }),
  });
  const resting = startController({
    name: 'resting',
    resyncMs,
    log,
    reconcile: () => reconcileResting({ db: pool, store, reachability, caughtUp }),
  });
  const announcing = startController({
    name: 'announcing',
    resyncMs,
    log,
    reconcile: () => reconcileAnnouncing({ db: pool, store, reachability, caughtUp }),
  });
  const forgetting = startController({
    name: 'forgetting',
    resyncMs: forgettingMs,
    log,
    reconcile: () => forgetGone({ db: pool, reachability }),
  });
  const growth = startController({
    name: 'subnet-growth',
    resyncMs,
    log,
    reconcile: createSubnetGrowth({ db: pool, subnets, log }),
  });
  const supply = startController({
    name: 'address-supply',
    resyncMs: options.supplyMs ?? supplyMs,
    log,
    reconcile: () => reconcileSupply({ db: pool, store, caughtUp, reachability, restMs: rest.instanceMs }),
  });
  const nodes = startController({
    name: 'nodes',
    resyncMs: nodesResyncMs,
    log,
    reconcile: () => reconcileNodes({ db: pool, store, reachability, goneAfterMs: options.goneAfterMs ?? goneAfterMs }),
  });
  const serving = startController({
    name: 'serving',
    resyncMs,
    log,
    reconcile: () => reconcileServing({ db: pool, store, reachability, caughtUp, again: () => serving.wake() }),
  });
  const times = startController({
    name: 'policy-times',
    resyncMs: policyTimesMs,
    log,
    reconcile: () => keepPolicyTimes({ db: pool, store, clock, log }),
  });
  wake = { addressing: addressing.wake, draining: draining.wake, serving: serving.wake };
  const late = options.lateAfterMs ?? lateAfterMs;
  const lagging = startController({
    name: 'lagging',
    // Nobody wakes it for what doesn't happen.
    resyncMs: Math.min(resyncMs, late),
    log,
    reconcile: () =>
      reconcileLagging({
        ...{ db: pool, store, caughtUp, again: () => lagging.wake() },
        ...{ lateAfterMs: late, refusedAfterMs: Math.min(refusedAfterMs, late) },
      }),
  });
  const wakeBoth = () => {
    addressing.wake();
    draining.wake();
    serving.wake();
  };

  const replica = await startConsumer({
    name: 'replica-deploy',
    source: { kind: 'stream', nc, context: 'deploy', registry: deployEvents },
    pool,
    schema,
    handler: deployReplica(wakeBoth),
    log,
  });
  const reactions = await startConsumer({
    name: 'reactions-tenancy',
    source: { kind: 'stream', nc, context: 'tenancy', registry: tenancyEvents },
    pool,
    schema,
    handler: { kind: 'react', react: (record) => onTenancyEvent(store, record) },
    log,
  });
  const environments = await startConsumer({
    name: 'environments-tenancy',
    source: { kind: 'stream', nc, context: 'tenancy', registry: tenancyEvents },
    pool,
    schema,
    handler: { kind: 'react', react: (record) => onEarlierEvent(store, record) },
    log,
  });

  const serviceAddresses = createServiceAddresses({
    ...{ db: pool, reachability, restMs: options.serviceAddressRestMs ?? serviceAddressRestMs },
  });
  const holdings = serveHoldings({ nc, pool, store, log });
  const pull = servePull({ nc, pool, pools: known, log });
  const report = serveReport({
    nc,
    pool,
    store,
    pools: known,
    reachability,
    onConfirmed: wakeBoth,
    onReported: serving.wake,
    log,
  });
  await tellNodes({ pool, nc });
  const commands = serveCommands({
    nc,
    context: 'network',
    registry: networkCommands,
    handlers: networkHandlers({
      store,
      addresses: addressHandlers({ db: pool, store, subnets, caughtUp, restMs: rest.instanceMs }),
      publicAddresses: publicAddressHandlers({ db: pool, store, quota, caughtUp, restMs: rest.publicMs }),
      questions: { pool, nc, log, store, rulesOf: createRulesCache(() => known), pools: known, waitFor: state.waitFor },
      services: { store, db: pool, addresses: serviceAddresses, caughtUp },
      policies: {
        store,
        db: pool,
        poolRanges: () => [...known.ipv4, ...known.ipv6].map(parseRange),
        homeOfService: async (tenant, serviceId) => {
          const found = await loadState(store, { decider: service, stream: serviceStream(serviceId) });
          return found.tenant === tenant && found.state.status === 'active' ? found.state.namespaceId : null;
        },
        now: clock,
      },
      async remainsOf(tenant, scope, seen, deadline) {
        const there = await Promise.all([
          state.waitFor(await store.lastPosition(), deadline),
          replica.waitFor(seen.deploy ?? 0, deadline),
        ]);
        return there.includes(false) ? null : readRemainsOf(pool, reachability, tenant, scope);
      },
    }),
    // A namespace that the caller has seen created must be open here. No command rests on facts of deploy.
    async ready(seen, deadline) {
      if (seen.tenancy === undefined || (await reactions.waitFor(seen.tenancy, deadline))) return;
      throw new Error(`The facts of tenancy are known up to ${reactions.position()}, not ${seen.tenancy}.`);
    },
    log,
  });

  const consumers = { state, replica, reactions, environments };
  return {
    store,
    consumers,
    /** Why the service doesn't work; null while it does. */
    problem: () =>
      Object.values({ relay, ...consumers })
        .map((part) => part.problem())
        .find((text) => text !== null) ?? null,
    /** No new requests first, then no new actions; what is committed is still published. */
    async stop() {
      await Promise.all([commands.stop(), pull.stop(), report.stop(), holdings.stop()]);
      await Promise.all([reactions.stop(), replica.stop(), environments.stop()]);
      await Promise.all([
        times.stop(),
        addressing.stop(),
        resting.stop(),
        growth.stop(),
        supply.stop(),
        announcing.stop(),
        forgetting.stop(),
        draining.stop(),
        nodes.stop(),
        serving.stop(),
        lagging.stop(),
      ]);
      await state.stop();
      await relay.stop();
      await store.close();
    },
  };
}
