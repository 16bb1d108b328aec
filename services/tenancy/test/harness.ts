/** The tenancy service as a caller meets it: real PostgreSQL, real NATS, commands over the wire. */
import { rmSync } from 'node:fs';
import { engineMigrations } from '@atoll/events/migrations';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore } from '@atoll/events/store';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { startTestNats } from '@atoll/infra/testing/nats';
import type { Context } from '@atoll/schema/contexts';
import type { CommandReply } from '@atoll/schema/envelope';
import type { Tenant } from '@atoll/schema/ids';
import type { EventRegistry } from '@atoll/schema/registry';
import type { TenancyCommand } from '@atoll/schema/tenancy/commands';
import { createCommandClient } from '@atoll/service/commands';
import { createLogger } from '@atoll/service/log';
import { openMasterKeys } from '@atoll/service/master-keys';
import { connectNats } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { migrations, schema } from '../src/names.ts';
import { startTenancy } from '../src/service.ts';

process.env.ATOLL_LOG_LEVEL ??= 'error';
const log = createLogger('test');

/** As sent; what is left out is what a well-behaved gateway would say. */
export interface Asked {
  readonly tenant: Tenant;
  readonly key?: string;
  readonly expectedVersion?: number | null;
  /** The operator, who stands above what members may give, where nothing else is said. */
  readonly actor?: string;
  readonly only?: string[];
}

export async function startHarness(options: { quotaCheckMs?: number } = {}) {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const pool = createPool({ url: database.url, name: 'test', max: 20, log });
  await migrate({ pool, schema, folders: [engineMigrations, migrations], log });
  const nc = await connectNats({ url: nats.url, name: 'test', log });
  const dataKeys = testMasterKeyFile();
  const start = () => startTenancy({ pool, nc, masterKeys: openMasterKeys(dataKeys.file), log, ...options });
  let service = await start();
  const client = createCommandClient(nc);
  const stops: (() => Promise<void>)[] = [() => service.stop()];
  let calls = 0;

  return {
    database,
    nats,
    pool,
    nc,
    log,
    get store() {
      return service.store;
    },
    /** The process ends, and another one takes over; `between` runs while there is none. */
    async replaced(between: () => Promise<void>): Promise<void> {
      await service.stop();
      try {
        await between();
      } finally {
        service = await start();
      }
    },
    /** Of another process of the service. */
    dataKeyFile: dataKeys.file,
    checkQuotas: service.checkQuotas,
    call(command: TenancyCommand, data: unknown, asked: Asked): Promise<CommandReply> {
      calls += 1;
      return client.call('tenancy', command, {
        key: asked.key ?? `call-${calls}`,
        tenant: asked.tenant,
        actor: asked.actor ?? 'operator:ada',
        ...(asked.only && { only: asked.only }),
        correlation: `test-${calls}`,
        traceparent: null,
        deadline: Date.now() + 25_000,
        seen: {},
        expectedVersion: asked.expectedVersion ?? null,
        data,
      });
    },
    /** Another context's own store and relay, for its facts. */
    async startContext(context: Context, registry: EventRegistry): Promise<EventStore> {
      await migrate({ pool, schema: context, folders: [engineMigrations], log });
      const store = createEventStore({ pool, context, registry, log });
      const relay = await startRelay({ store, nc, log });
      stops.push(async () => {
        await relay.stop();
        await store.close();
      });
      return store;
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
      await nc.close();
      await pool.end();
      await Promise.all([nats.stop(), database.drop()]);
      rmSync(dataKeys.folder, { recursive: true, force: true });
    },
  };
}
export type Harness = Awaited<ReturnType<typeof startHarness>>;

/** The result of a command that has to succeed. */
export function resultOf(reply: CommandReply): Record<string, string> {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return reply.result as Record<string, string>;
}

export const codeOf = (reply: CommandReply): string => (reply.ok ? 'OK' : reply.error.code);
