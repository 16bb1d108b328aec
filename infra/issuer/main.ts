/** The process of the local issuer. Its users and clients are those of `npm start`; see docs/identity.md. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { createPool, migrate, waitForServer } from '@atoll/service/postgres';
import { runProcess } from '@atoll/service/process';
import { issuerConfig, loginFile } from './config.ts';
import { interact, isInteraction } from './pages.ts';
import { createProvider } from './provider.ts';
import { removeEnded } from './store.ts';

const schema = 'issuer';
const migrations = new URL('../../schema/sql/issuer/', import.meta.url);
const cleanMs = 600_000;

runProcess('issuer', async ({ log, onStop }) => {
  const config = loadConfig(issuerConfig);
  const file = loginFile.parse(JSON.parse(readFileSync(config.ATOLL_LOGIN_FILE, 'utf8')));
  const pool = createPool({ url: config.ATOLL_DATABASE_URL, name: 'issuer', max: 4, log });
  onStop('database', () => pool.end());
  await waitForServer(pool, { timeoutMs: 60_000 });
  await migrate({ pool, schema, folders: [migrations], log });
  const cleaning = setInterval(() => {
    removeEnded(pool).catch((error: unknown) => log.warn({ err: error }, 'what has ended stays for now'));
  }, cleanMs);
  onStop('cleaning', () => clearInterval(cleaning));

  const provider = createProvider(config.ATOLL_PUBLIC_URL, file, pool);
  provider.on('server_error', (_context, error) => log.error({ err: error }, 'the issuer failed'));
  const serve = provider.callback();
  const server = createServer((request, response) => {
    if (!isInteraction(request)) return void serve(request, response);
    interact(provider, file, request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a login failed');
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.ATOLL_PORT, '127.0.0.1', resolve);
  });
  onStop('server', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const checks = {
    database: async () => {
      await pool.query('select 1');
      return null;
    },
  };
  const health = await startHealthServer({ port: config.ATOLL_HEALTH_PORT, checks, log });
  onStop('health', () => health.close());
  log.info({ url: config.ATOLL_PUBLIC_URL }, 'serving');
});
