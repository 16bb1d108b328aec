/** Wiring of the network process. */
import { engineMigrations } from '@atoll/events/migrations';
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { connectNats, natsReadiness } from '@atoll/service/nats';
import { checkServer, createPool, migrate, waitForServer, watchServer } from '@atoll/service/postgres';
import { runProcess } from '@atoll/service/process';
import { networkConfig } from './config.ts';
import { schema, startNetwork } from './service.ts';

const ownMigrations = new URL('../../../schema/sql/network/', import.meta.url);

runProcess('network', async ({ log, onStop, fail }) => {
  const config = loadConfig(networkConfig);
  const pool = createPool({ url: config.ATOLL_DATABASE_URL, name: 'network', max: 20, log });
  onStop('postgres', () => pool.end());
  await waitForServer(pool, { timeoutMs: 60_000 });
  await checkServer(pool);
  const watch = watchServer({ pool, log, unfit: fail });
  onStop('server settings', () => watch.stop());
  await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });

  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: 'network', inboxPrefix: '_INBOX_network', log });
  onStop('nats', () => nc.close());

  const pools = { ipv4: config.ATOLL_ADDRESS_POOL_IPV4, ipv6: config.ATOLL_ADDRESS_POOL_IPV6 };
  const rest = {
    instanceMs: config.ATOLL_ADDRESS_REST_SECONDS * 1000,
    publicMs: config.ATOLL_PUBLIC_REST_SECONDS * 1000,
  };
  const service = await startNetwork({ pool, nc, pools, rest, log });
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
