/** The gateway process: see README.md. */
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { connectNats } from '@atoll/service/nats';
import { createPool, waitForServer, watchServer } from '@atoll/service/postgres';
import { runProcess } from '@atoll/service/process';
import { readHeadSigner } from './audit/head-signer.ts';
import { readIssuer } from './auth/issuer.ts';
import { configSchema } from './config.ts';
import { startGateway } from './gateway.ts';

/** Three projections, each with a connection for its lock, and what mutations and sign-ins ask. */
const ownerConnections = 12;

runProcess('gateway', async ({ log, onStop, fail }) => {
  const config = loadConfig(configSchema);
  const issuer = await readIssuer(config.ATOLL_ISSUER_KEY_FILE, config.ATOLL_PUBLIC_URL);

  const heads = await readHeadSigner(config.ATOLL_LOG_KEY_FILE);

  const owner = createPool({ url: config.ATOLL_DATABASE_URL, name: 'gateway', max: ownerConnections, log });
  onStop('database', () => owner.end());
  const reader = createPool({
    url: config.ATOLL_READER_DATABASE_URL,
    name: 'gateway-reader',
    max: config.ATOLL_READ_CONNECTIONS,
    log,
  });
  onStop('reader database', () => reader.end());
  await waitForServer(owner, { timeoutMs: 60_000 });
  const watch = watchServer({ pool: owner, log, unfit: fail });
  onStop('server settings', () => watch.stop());

  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: 'gateway', inboxPrefix: '_INBOX_gateway', log });
  onStop('nats', () => nc.drain());

  const gateway = await startGateway({
    ...{ owner, reader, nc, issuer, heads, log },
    audited: config.ATOLL_AUDIT === 'on',
    headsFile: config.ATOLL_LOG_HEADS_FILE ?? null,
    headsMs: config.ATOLL_LOG_HEADS_SECONDS * 1000,
    host: config.ATOLL_HOST,
    port: config.ATOLL_PORT,
    requestPoints: config.ATOLL_REQUEST_POINTS,
    tenantPointsPerMinute: config.ATOLL_TENANT_POINTS_PER_MINUTE,
    privateIssuers: config.ATOLL_PRIVATE_ISSUERS,
    slowSocketMs: config.ATOLL_SLOW_SUBSCRIBER_SECONDS * 1000,
    socketsPerTenant: config.ATOLL_SOCKETS_PER_TENANT,
  });
  onStop('gateway', () => gateway.stop());

  const health = await startHealthServer({ port: config.ATOLL_HEALTH_PORT, checks: gateway.checks, log });
  onStop('health', () => health.close());
  log.info({ port: gateway.port, url: issuer.url }, 'serving');
});
