/** Real stores for tests: one database, any number of processes (each with a pool of its own) on it. */
import { createTestDatabase } from '@atoll/infra/testing/database';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { engineMigrations } from '../migrations.ts';
import { createEventStore, type EventStore } from '../store.ts';
import { bankEvents } from './bank.ts';

type StoreOptions = Parameters<typeof createEventStore>[0];

export interface TestStores {
  readonly url: string;
  /** A store as another process would have it. */
  open(options?: Partial<StoreOptions>): { store: EventStore; pool: Pool };
  close(): Promise<void>;
}

/** What goes wrong on purpose isn't worth a line, unless somebody asks for it. */
export const testLog = createLogger('test');
if (process.env.ATOLL_LOG_LEVEL === undefined) testLog.level = 'fatal';

export async function openTestStores(schema = 'deploy'): Promise<TestStores> {
  const database = await createTestDatabase();
  const opened: { store: EventStore; pool: Pool }[] = [];
  const newPool = () => createPool({ url: database.url, name: 'test', max: 10, log: testLog });
  const first = newPool();
  await migrate({ pool: first, schema, folders: [engineMigrations], log: testLog });
  await first.end();
  return {
    url: database.url,
    open(options = {}) {
      const pool = newPool();
      const store = createEventStore({
        pool,
        context: 'deploy',
        schema,
        registry: bankEvents,
        log: testLog,
        ...options,
      });
      opened.push({ store, pool });
      return { store, pool };
    },
    async close() {
      for (const { store, pool } of opened) {
        await store.close();
        await pool.end();
      }
      await database.drop();
    },
  };
}
