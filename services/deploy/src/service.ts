/** The deploy service, given its database and its NATS connection. Several of it can run on the same database. */
import { startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore, handleCommand } from '@atoll/events/store';
import { deployCommands } from '@atoll/schema/deploy/commands';
import { deployEvents } from '@atoll/schema/deploy/events';
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import { DEFAULT_POOL } from '@atoll/schema/deploy/pools';
import { PLATFORM } from '@atoll/schema/ids';
import { type CommandContext, createCommandClient, serveCommands } from '@atoll/service/commands';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { createQuotaClient } from '@atoll/service/quota-client';
import type { Pool } from 'pg';
import { deployHandlers } from './commands.ts';
import { startBatchController } from './controllers/batches.ts';
import { startDrainController } from './controllers/drains.ts';
import { startNamespaceController } from './controllers/namespaces.ts';
import { startNodeController } from './controllers/nodes.ts';
import { startRollbackController } from './controllers/rollbacks.ts';
import { startRolloutController } from './controllers/rollouts.ts';
import { poolDecider } from './domain/pool.ts';
import { poolStream } from './domain/streams.ts';
import { serveHoldings } from './holdings.ts';
import { servePulls } from './nodes/documents.ts';
import { tellNodes } from './nodes/here-again.ts';
import { serveReports } from './nodes/reports.ts';
import { SELF } from './origin.ts';
import { startTableRebuilds, startTables } from './projections/tables.ts';
import { createQuota } from './quota.ts';
import { startEntitlementReactions } from './reactions/entitlements.ts';
import { startEnvironmentReactions } from './reactions/environments.ts';
import { startNamespaceReactions } from './reactions/namespaces.ts';
import { startNetworkReplica } from './replicas/network.ts';

export const schema = 'deploy';
export const migrations = new URL('../../../schema/sql/deploy/', import.meta.url);

export interface DeployOptions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
  readonly registries: readonly string[];
  readonly suspectSeconds: number;
  readonly deadSeconds: number;
  /** For how long a node may run what is fenced without being heard of. */
  readonly leaseSeconds: number;
  /** How long quota is kept for a command that isn't committed. */
  readonly quotaSeconds?: number;
  /** For so long after its start no rollout is found to make no progress: nodes report every 5 s. */
  readonly judgeAfterMs?: number;
}

/** Every process asks for it at its start; the first one makes it. */
async function ensureDefaultPool(store: EventStore): Promise<void> {
  const outcome = await handleCommand(store, {
    decider: poolDecider,
    stream: poolStream(DEFAULT_POOL),
    command: { action: 'ensure', poolId: DEFAULT_POOL },
    origin: { tenant: PLATFORM, actor: SELF, cause: null, correlation: DEFAULT_POOL, traceparent: null },
  });
  if (!outcome.ok) throw new Error(`The default pool could not be made: ${outcome.rejection.message}`);
}

export async function startDeploy(options: DeployOptions) {
  const { pool, nc, log, registries, suspectSeconds, deadSeconds, leaseSeconds } = options;
  if (leaseSeconds * LEASE_MARGIN > deadSeconds) {
    throw new Error(`A lease of ${leaseSeconds} s is too long for nodes that are lost after ${deadSeconds} s.`);
  }
  const store = createEventStore({ pool, context: 'deploy', schema, registry: deployEvents, log });
  await ensureDefaultPool(store);
  const relay = await startRelay({ store, nc, log });

  const rollouts = startRolloutController({ store, pool, log, judgeAfterMs: options.judgeAfterMs ?? 15_000 });
  const namespaces = startNamespaceController({ store, pool, log });
  const drains = startDrainController({ store, pool, log });
  const nodes = startNodeController({ store, pool, nc, log, suspectSeconds, deadSeconds });
  const needs = {
    store,
    pool,
    images: { registries, log },
    quota: createQuota({
      store,
      client: createQuotaClient({
        ...{ commands: createCommandClient(nc), owner: 'deploy', log },
        ttlSeconds: options.quotaSeconds ?? 60,
      }),
    }),
    caughtUp: async (deadline: number) => tables.waitFor(await store.lastPosition(), deadline),
  };
  const rollbacks = startRollbackController({ ...needs, log });
  const handlers = deployHandlers(needs);
  const batches = startBatchController({ ...needs, handlers, log });
  const onChange = () => {
    rollouts.wake();
    rollbacks.wake();
    batches.wake();
    namespaces.wake();
    drains.wake();
  };
  const tables = await startTables({ store, pool, schema, nc, log, onChange });
  const rebuilds = await startTableRebuilds({ store, pool, schema, log });
  const entitlements = await startEntitlementReactions({ store, nc, pool, schema, log });
  const environments = await startEnvironmentReactions({ store, nc, pool, schema, log });
  const isolation = await startNetworkReplica({ nc, pool, schema, log, onChange });
  const reactions = await startNamespaceReactions({ store, nc, pool, schema, log });

  const pulls = servePulls({ pool, nc, log });
  const holdings = serveHoldings({ store, pool, nc, log });
  const reports = serveReports({ ...{ store, pool, nc, log }, leaseMs: leaseSeconds * 1000, caughtUp: needs.caughtUp });
  await tellNodes({ pool, nc });

  /** What the caller has seen of tenancy: the namespaces are open or closed here, and the image rules adopted. */
  async function ready(seen: CommandContext['seen'], deadline: number): Promise<void> {
    const position = seen.tenancy ?? 0;
    const there = await Promise.all([
      ...[reactions, environments, entitlements].map((one) => one.waitFor(position, deadline)),
      isolation.waitFor(seen.network ?? 0, deadline),
    ]);
    if (!there.includes(false)) return;
    const known = Math.min(...[reactions, environments, entitlements].map((one) => one.position()));
    throw new Error(`The facts of tenancy are known up to ${known}, not ${position}.`);
  }
  const commands = serveCommands({
    nc,
    context: 'deploy',
    registry: deployCommands,
    handlers,
    ready,
    log,
  });

  return {
    /** Why it can't do its work whole, part by part; null where it can. For readiness. */
    problems: {
      relay: () => relay.problem(),
      tables: () => tables.problem(),
      namespaces: () => reactions.problem(),
      environments: () => environments.problem(),
      entitlements: () => entitlements.problem(),
      isolation: () => isolation.problem(),
    },
    /** What comes from outside first, then what acts by itself; what is committed is still published. */
    async stop() {
      await Promise.all([commands.stop(), reports.stop(), pulls.stop(), holdings.stop()]);
      await reactions.stop();
      await environments.stop();
      await entitlements.stop();
      await isolation.stop();
      await Promise.all([rollouts, rollbacks, batches, namespaces, drains, nodes].map((one) => one.stop()));
      await rebuilds.stop();
      await tables.stop();
      await relay.stop();
      await store.close();
    },
  };
}
