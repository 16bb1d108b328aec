/**
 * The read models, projected from the events of all contexts. Each context has a consumer of its own; their batches take
 * turns, so that what is derived from more than one context is always worked out from all that is committed.
 */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { transaction } from '@atoll/events/database/transaction';
import { createRemoteOpener } from '@atoll/events/personal/key-service';
import { createVacuum } from '@atoll/events/personal/vacuum';
import { startRebuilds } from '@atoll/events/rebuild';
import { type Context, contexts } from '@atoll/schema/contexts';
import { type DeployEvent, deployEvents } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import { type NetworkEvent, networkEvents } from '@atoll/schema/network/events';
import { personalTypes } from '@atoll/schema/personal';
import type { EventRegistry } from '@atoll/schema/registry';
import { type TenancyEvent, tenancyEvents } from '@atoll/schema/tenancy/events';
import { startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool, PoolClient } from 'pg';
import { readSchema } from '../migrations.ts';
import { changedAccess, markAccessChanges } from './access-changes.ts';
import { forgetUses } from './credential-uses.ts';
import { projectDeploy } from './deploy.ts';
import { deriveRows } from './derive.ts';
import { combine, type Effect, tables } from './effects.ts';
import { historyTable, type Step, writeHistory } from './history.ts';
import { appendToLogs, areWaiting, type Changed, type Heads, takeTurn } from './log.ts';
import { readLogScopes } from './log-scope.ts';
import { projectNetwork } from './network.ts';
import { toldData } from './redact.ts';
import { projectTenancy } from './tenancy.ts';
import { writeChanges } from './write.ts';

const registries: Readonly<Record<Context, EventRegistry>> = {
  tenancy: tenancyEvents,
  deploy: deployEvents,
  network: networkEvents,
};

/** The consumer has checked type and data against the context's registry, which is what the unions are made of. */
const project: Readonly<Record<Context, (record: EventRecord) => readonly Effect[]>> = {
  tenancy: (record) => projectTenancy(record as EventRecord & TenancyEvent, record),
  deploy: (record) => projectDeploy(record as EventRecord & DeployEvent, record),
  network: (record) => projectNetwork(record as EventRecord & NetworkEvent, record),
};

const toldStep = (event: EventRecord): Step => ({
  event,
  effects: project[event.context]({ ...event, data: toldData(event) }),
});

/** The read models alone: all that a rebuild makes again. */
async function applyToModels(tx: PoolClient, events: readonly EventRecord[], keepsHistory = true): Promise<Changed> {
  const steps = keepsHistory ? events.map(toldStep) : [];
  const changed = await writeHistory(tx, steps);
  const changes = combine(events.flatMap((event) => project[event.context](event)));
  await writeChanges(tx, changes);
  await deriveRows(tx, changes.derived);
  return changed;
}

/** One batch of one context, in the consumer's transaction. Answers where the tenants' logs are now. */
async function applyEvents(tx: PoolClient, events: readonly EventRecord[], keepsHistory: boolean): Promise<Heads> {
  await takeTurn(tx);
  const scopeOf = await readLogScopes(tx, events);
  const changes = await applyToModels(tx, events, keepsHistory);
  await forgetUses(tx, events);
  await markAccessChanges(tx, changedAccess(events));
  return appendToLogs(tx, events, { changes, scopeOf });
}

/** What is decided waits so long for a batch of events to be told with. */
const decidedMs = 50;

/** To be raised when the same events give other rows in the read models. */
const revision = 7;

/** Tells what waited too long for what it follows from. */
async function tellOverdue(pool: Pool): Promise<Heads> {
  if (!(await areWaiting(pool))) return new Map();
  return await transaction(pool, async (tx) => {
    await takeTurn(tx);
    return await appendToLogs(tx, []);
  });
}

export interface Projections {
  /** How far each context is in the read models. */
  positions(): Readonly<Record<Context, number>>;
  /** True once it is there; false at the deadline (Unix ms). */
  waitFor(context: Context, position: number, deadline: number): Promise<boolean>;
  /** Null where all work, else why one can't. */
  problem(): string | null;
  /** Something was asked of the gateway and is decided: it is told with the next batch, or in a moment. */
  decided(): void;
  stop(): Promise<void>;
}

export const consumerName = (context: Context) => `read-${context}`;

export async function startProjections(options: {
  nc: NatsConnection;
  pool: Pool;
  log: Logger;
  /** False only to measure what it costs. */
  keepsHistory: boolean;
  /** After the commit: what happened, and where the tenants' logs are now. */
  committed: (events: readonly EventRecord[], heads: Heads) => void;
}): Promise<Projections> {
  const { nc, pool, log, keepsHistory, committed } = options;

  const members = createVacuum({ pool, table: `${readSchema}.member`, log });
  const invitations = createVacuum({ pool, table: `${readSchema}.invitation`, log });

  const sourceOf = (context: Context) => {
    const registry = registries[context];
    const personal = personalTypes(registry).size > 0;
    const open = personal ? { open: createRemoteOpener({ nc, context, registry }) } : {};
    return { kind: 'stream', nc, context, registry, ...open } as const;
  };

  async function start(context: Context): Promise<Consumer> {
    let heads: Heads = new Map();
    return startConsumer({
      name: consumerName(context),
      source: sourceOf(context),
      pool,
      schema: readSchema,
      log,
      handler: {
        kind: 'project',
        async apply(tx, events) {
          heads = await applyEvents(tx, events, keepsHistory);
        },
        afterCommit(events) {
          committed(events, heads);
          if (events.some(({ type }) => type.startsWith('Invitation') || type === 'TenantDeleted')) invitations.ask();
          if (events.some(({ type }) => type === 'PersonalDataErased' || type === 'TenantDeleted')) members.ask();
        },
      },
    });
  }

  const started = await Promise.all(contexts.map(async (context) => [context, await start(context)] as const));
  const consumers = new Map(started);
  // The tenants' logs aren't among the tables: their cursors are known outside. A rebuild stays behind the consumers, so
  // every event that it projects is told already, or waits to be.
  const rebuilds = await startRebuilds({
    pool,
    schema: readSchema,
    log,
    projections: [
      {
        name: 'read-models',
        revision,
        tables: [...tables, historyTable],
        sources: contexts.map((context) => ({ consumer: consumerName(context), source: sourceOf(context) })),
        effect: {
          kind: 'fold',
          async apply(tx, events) {
            await applyToModels(tx, events);
          },
        },
      },
    ],
  });
  const overdue = startController({
    name: 'tell-overdue',
    resyncMs: 1000,
    log,
    async reconcile() {
      const heads = await tellOverdue(pool);
      if (heads.size > 0) committed([], heads);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const consumer = (context: Context): Consumer => {
    const found = consumers.get(context);
    if (!found) throw new Error(`There is no context ${context}.`);
    return found;
  };
  return {
    positions: () => ({
      tenancy: consumer('tenancy').position(),
      deploy: consumer('deploy').position(),
      network: consumer('network').position(),
    }),
    waitFor: (context, position, deadline) => consumer(context).waitFor(position, deadline),
    problem() {
      for (const [context, { problem }] of consumers) {
        const found = problem();
        if (found !== null) return `${context}: ${found}`;
      }
      return null;
    },
    decided() {
      timer ??= setTimeout(() => {
        timer = undefined;
        overdue.wake();
      }, decidedMs);
    },
    async stop() {
      clearTimeout(timer);
      await overdue.stop();
      await members.idle();
      await invitations.idle();
      await rebuilds.stop();
      await Promise.all([...consumers.values()].map(({ stop }) => stop()));
    },
  };
}
