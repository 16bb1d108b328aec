/** Wiring of the deploy process. */
import { engineMigrations } from '@atoll/events/migrations';
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { connectNats, natsReadiness } from '@atoll/service/nats';
import { checkServer, createPool, migrate, waitForServer, watchServer } from '@atoll/service/postgres';
import { runProcess } from '@atoll/service/process';
import { deployConfig } from './config.ts';
import { migrations, schema, startDeploy } from './service.ts';

runProcess('deploy', async ({ log, onStop, fail }) => {
  const config = loadConfig(deployConfig);
  const pool = createPool({ url: config.ATOLL_DATABASE_URL, name: 'deploy', max: 20, log });
  onStop('postgres', () => pool.end());
  await waitForServer(pool, { timeoutMs: 60_000 });
  await checkServer(pool);
  const watch = watchServer({ pool, log, unfit: fail });
  onStop('server settings', () => watch.stop());
  await migrate({ pool, schema, folders: [engineMigrations, migrations], log });

  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: 'deploy', inboxPrefix: '_INBOX_deploy', log });
  onStop('nats', () => nc.close());

  const service = await startDeploy({
    pool,
    nc,
    log,
    registries: config.ATOLL_REGISTRIES,
    suspectSeconds: config.ATOLL_NODE_SUSPECT_SECONDS,
    deadSeconds: config.ATOLL_NODE_DEAD_SECONDS,
    leaseSeconds: config.ATOLL_NODE_LEASE_SECONDS,
    quotaSeconds: config.ATOLL_QUOTA_SECONDS,
  });
  onStop('service', () => service.stop());

  const health = await startHealthServer({
    port: config.ATOLL_HEALTH_PORT,
    checks: {
      postgres: async () => {
        await pool.query('select 1');
        return null;
      },
      nats: natsReadiness(nc),
      relay: async () => service.problems.relay(),
      tables: async () => service.problems.tables(),
      namespaces: async () => service.problems.namespaces(),
    },
    log,
  });
  onStop('health', () => health.close());
});
