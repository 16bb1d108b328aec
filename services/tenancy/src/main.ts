/** Wiring of the tenancy process. */

import { engineMigrations } from '@atoll/events/migrations';
import { checkMasterKeys } from '@atoll/events/personal/data-keys';
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { openMasterKeys } from '@atoll/service/master-keys';
import { connectNats, natsReadiness } from '@atoll/service/nats';
import { checkServer, createPool, migrate, waitForServer, watchServer } from '@atoll/service/postgres';
import { runProcess } from '@atoll/service/process';
import { tenancyConfig } from './config.ts';
import { migrations, schema } from './names.ts';
import { startTenancy } from './service.ts';

runProcess('tenancy', async ({ log, onStop, fail }) => {
  const config = loadConfig(tenancyConfig);
  const masterKeys = openMasterKeys(config.ATOLL_DATA_KEY_FILE);
  const pool = createPool({ url: config.ATOLL_DATABASE_URL, name: 'tenancy', max: 12, log });
  onStop('postgres', () => pool.end());
  await waitForServer(pool, { timeoutMs: 60_000 });
  await checkServer(pool);
  const watch = watchServer({ pool, log, unfit: fail });
  onStop('server settings', () => watch.stop());
  await migrate({ pool, schema, folders: [engineMigrations, migrations], log });

  await checkMasterKeys({ pool, schema, masters: masterKeys });

  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: 'tenancy', inboxPrefix: '_INBOX_tenancy', log });
  onStop('nats', () => nc.close());

  const service = await startTenancy({ pool, nc, masterKeys, log });
  onStop('service', () => service.stop());

  const health = await startHealthServer({
    port: config.ATOLL_HEALTH_PORT,
    checks: {
      postgres: async () => {
        await pool.query('select 1');
        return null;
      },
      nats: natsReadiness(nc),
      events: async () => service.problem(),
    },
    log,
  });
  onStop('health', () => health.close());
});
