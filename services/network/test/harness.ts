/**
 * The network service among its neighbours: real PostgreSQL, real NATS, the tenancy service with its quota ledger as a
 * process, the facts of tenancy and deploy out of real event stores of those contexts, and agents that pull, apply and report as a node's agent does.
 */
import { rmSync } from 'node:fs';
import type { Claim } from '@atoll/events/decider';
import { engineMigrations } from '@atoll/events/migrations';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore } from '@atoll/events/store';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { startTestNats } from '@atoll/infra/testing/nats';
import { startTestTenancy } from '@atoll/infra/testing/tenancy';
import type { Context } from '@atoll/schema/contexts';
import { deployEvents } from '@atoll/schema/deploy/events';
import type { CommandReply, EventRecord } from '@atoll/schema/envelope';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { NetworkCommand } from '@atoll/schema/network/commands';
import { type NetworkEvent, networkEvents } from '@atoll/schema/network/events';
import type { EventRegistry } from '@atoll/schema/registry';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import type { Labels } from '@atoll/schema/text';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { openMasterKeys } from '@atoll/service/master-keys';
import { connectNats } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { vi } from 'vitest';
import { parseRange } from '../src/domain/address.ts';
import { type Rest, schema, startNetwork } from '../src/service.ts';

process.env.ATOLL_LOG_LEVEL ??= 'fatal';
const log = createLogger('test');
export const ownMigrations = new URL('../../../schema/sql/network/', import.meta.url);
export const deadline = { timeout: 25_000, interval: 20 };

export interface Asked {
  readonly tenant: Tenant;
  readonly key?: string;
  readonly expectedVersion?: number | null;
  readonly seen?: { readonly tenancy?: number };
  /** How long the answer is waited for. */
  readonly patienceMs?: number;
}
export type EventOf<T extends NetworkEvent['type']> = EventRecord & Extract<NetworkEvent, { type: T }>;

export interface HarnessOptions {
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly silentAfterMs?: number;
  readonly goneAfterMs?: number;
  readonly lateAfterMs?: number;
  readonly supplyMs?: number;
  /** None where it isn't given. */
  readonly rest?: Rest;
  /** The time of schedules, in place of the database's. */
  readonly clock?: () => Promise<Date>;
  /** Processes of the service; each with its own pool and connection. */
  readonly services?: number;
}

export async function startHarness(options: HarnessOptions = {}) {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const pool = createPool({ url: database.url, name: 'test', max: 20, log });
  await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });
  const nc = await connectNats({ url: nats.url, name: 'test', log });
  const client = createCommandClient(nc);
  const stops: (() => Promise<void>)[] = [];
  /** Reads only. */
  const store = createEventStore({ pool, context: 'network', registry: networkEvents, log });
  let calls = 0;

  async function startService() {
    const own = createPool({ url: database.url, name: 'network', max: 20, log });
    const connection = await connectNats({ url: nats.url, name: 'network', log });
    const pools = {
      ipv4: parseRange(options.ipv4 ?? '10.64.0.0/10'),
      ipv6: parseRange(options.ipv6 ?? 'fd61:746f:6c6c::/48'),
    };
    const service = await startNetwork({
      pool: own,
      nc: connection,
      pools,
      log,
      rest: options.rest ?? { instanceMs: 0, publicMs: 0 },
      ...(options.clock && { clock: options.clock }),
      ...(options.silentAfterMs === undefined ? {} : { silentAfterMs: options.silentAfterMs }),
      ...(options.goneAfterMs === undefined ? {} : { goneAfterMs: options.goneAfterMs }),
      ...(options.lateAfterMs === undefined ? {} : { lateAfterMs: options.lateAfterMs }),
      ...(options.supplyMs === undefined ? {} : { supplyMs: options.supplyMs }),
    });
    let running = true;
    const stop = async () => {
      if (!running) return;
      running = false;
      await service.stop();
      await connection.close();
      await own.end();
    };
    stops.push(stop);
    return { ...service, stop };
  }

  async function startContext(context: Context, registry: EventRegistry): Promise<EventStore> {
    await migrate({ pool, schema: context, folders: [engineMigrations], log });
    const own = createEventStore({ pool, context, registry, masterKeys: openMasterKeys(dataKeys.file), log });
    // The facts of tenancy are published by its own service.
    const relay = context === 'tenancy' ? null : await startRelay({ store: own, nc, log });
    stops.push(async () => {
      await relay?.stop();
      await own.close();
    });
    return own;
  }
  const dataKeys = testMasterKeyFile();
  stops.push(async () => rmSync(dataKeys.folder, { recursive: true, force: true }));
  const tenancy = await startContext('tenancy', tenancyEvents);
  /** The service with the quota ledger, in whose store the facts of tenants are written. */
  const ledger = await startTestTenancy({ databaseUrl: database.url, natsUrl: nats.url, dataKeyFile: dataKeys.file });
  stops.push(ledger.kill);
  const deploy = await startContext('deploy', deployEvents);
  for (let n = 0; n < (options.services ?? 1); n++) await startService();

  /** A fact of a neighbour. */
  async function fact(
    own: EventStore,
    tenant: Id<'tenant'>,
    stream: string,
    type: string,
    data: object,
    claims: readonly Claim[] = [],
  ) {
    const outcome = await own.append({
      stream,
      expected: { kind: 'any' },
      events: [{ type, data }],
      claims,
      origin: { tenant, actor: 'service:test', cause: null, correlation: `c-${type}`, traceparent: null },
    });
    if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
    return outcome;
  }

  async function eventsOf(stream: string): Promise<EventRecord[]> {
    return [...(await store.readStream(stream))];
  }
  /** The first event of that type in a stream, once it is there. */
  const event = <T extends NetworkEvent['type']>(stream: string, type: T): Promise<EventOf<T>> =>
    vi.waitFor(async () => {
      const found = (await eventsOf(stream)).find((record) => record.type === type);
      if (!found) throw new Error(`${stream} has no ${type} yet.`);
      return found as EventOf<T>;
    }, deadline);
  const rows = async <R extends object>(sql: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(sql, values)).rows;

  return {
    database,
    nats,
    pool,
    nc,
    log,
    store,
    tenancy,
    deploy,
    startService,
    fact,
    eventsOf,
    event,
    rows,
    onStop: (stop: () => Promise<void>) => stops.push(stop),
    call(command: NetworkCommand, data: unknown, asked: Asked): Promise<CommandReply> {
      calls += 1;
      return client.call('network', command, {
        key: asked.key ?? `call-${calls}`,
        tenant: asked.tenant,
        actor: 'user:ada',
        correlation: `test-${calls}`,
        traceparent: null,
        deadline: Date.now() + (asked.patienceMs ?? 25_000),
        seen: asked.seen ?? {},
        expectedVersion: asked.expectedVersion ?? null,
        data,
      });
    },
    /** Asked for at tenancy; answers with the position of the fact there. */
    requestNamespace(tenant: Id<'tenant'>, namespaceId: Id<'namespace'>) {
      const environmentId = newId('environment');
      const created = { namespaceId, environmentId, name: 'shop', labels: {} };
      // Held until it is gone: a reservation requires it.
      const key = `${environmentId}/shop`;
      const name: Claim = { op: 'take', kind: 'unique', set: 'namespace-name', key, owner: namespaceId };
      return fact(tenancy, tenant, `namespace:${namespaceId}`, 'NamespaceCreated', created, [name]);
    },
    /** Open, and with its first subnet. */
    async openNamespace(tenant: Id<'tenant'>): Promise<Id<'namespace'>> {
      const namespaceId = newId('namespace');
      await this.requestNamespace(tenant, namespaceId);
      await vi.waitFor(async () => {
        const [subnet] = await rows('select 1 from network.subnet where namespace_id = $1', [namespaceId]);
        if (!subnet) throw new Error(`${namespaceId} has no subnet yet.`);
      }, deadline);
      return namespaceId;
    },
    deleteNamespace: (tenant: Id<'tenant'>, namespaceId: Id<'namespace'>) =>
      fact(tenancy, tenant, `namespace:${namespaceId}`, 'NamespaceDeletionRequested', {
        namespaceId,
        environmentId: newId('environment'),
        name: 'shop',
      }),
    deployDrained: (tenant: Id<'tenant'>, namespaceId: Id<'namespace'>) =>
      fact(deploy, tenant, `namespace:${namespaceId}`, 'NamespaceDrained', { namespaceId }),
    async place(
      tenant: Id<'tenant'>,
      namespaceId: Id<'namespace'>,
      nodeId: Id<'node'>,
      labels: Labels = {},
    ): Promise<Id<'instance'>> {
      const instanceId = newId('instance');
      const deploymentId = newId('deployment');
      await fact(deploy, tenant, `deployment:${deploymentId}`, 'InstancePlaced', {
        deploymentId,
        instanceId,
        nodeId,
        namespaceId,
        releaseId: newId('release'),
        labels,
        resources: { cpuMillis: 100, memoryMiB: 64 },
        decision: { nodes: 1, rejected: [], filtered: [], scores: [], weights: null },
      });
      return instanceId;
    },
    stopInstance: (
      tenant: Id<'tenant'>,
      namespaceId: Id<'namespace'>,
      nodeId: Id<'node'>,
      instanceId: Id<'instance'>,
    ) => {
      const deploymentId = newId('deployment');
      return fact(deploy, tenant, `deployment:${deploymentId}`, 'InstanceStopped', {
        deploymentId,
        instanceId,
        nodeId,
        namespaceId,
      });
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
      await store.close();
      await nc.close();
      await pool.end();
      await Promise.all([nats.stop(), database.drop()]);
    },
  };
}
export type Harness = Awaited<ReturnType<typeof startHarness>>;

/** The result of a command that has to succeed. */
export function resultOf(reply: CommandReply): { readonly [field: string]: string } {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return reply.result as { readonly [field: string]: string };
}
export const codeOf = (reply: CommandReply): string => (reply.ok ? 'OK' : reply.error.code);
