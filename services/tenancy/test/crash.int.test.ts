/** The real process, killed with no grace in the middle of commands and of a deletion. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engineMigrations } from '@atoll/events/migrations';
import { startRelay } from '@atoll/events/relay';
import { createEventStore } from '@atoll/events/store';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { startTestNats } from '@atoll/infra/testing/nats';
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import type { TenancyCommand } from '@atoll/schema/tenancy/commands';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { createCommandClient } from '@atoll/service/commands';
import { createLogger } from '@atoll/service/log';
import { openMasterKeys } from '@atoll/service/master-keys';
import { connectNats } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { expect, it } from 'vitest';
import { codeOf, resultOf } from './harness.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const patient = { timeout: 60_000, interval: 20 };

it('a tenancy process that is killed loses nothing and doubles nothing', { timeout: 120_000 }, async () => {
  const log = createLogger('test');
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const { folder, file: dataKeys } = testMasterKeyFile();
  const pool = createPool({ url: database.url, name: 'test', max: 5, log });
  const nc = await connectNats({ url: nats.url, name: 'test', log });
  const client = createCommandClient(nc);
  await migrate({ pool, schema: 'network', folders: [engineMigrations], log });
  const network = createEventStore({ pool, context: 'network', registry: networkEvents, log });
  const relay = await startRelay({ store: network, nc, log });
  await migrate({ pool, schema: 'tenancy', folders: [engineMigrations], log });
  const store = createEventStore({
    pool,
    context: 'tenancy',
    registry: tenancyEvents,
    masterKeys: openMasterKeys(dataKeys),
    log,
  });

  const start = (): ChildProcess =>
    spawn(process.execPath, [main], {
      env: {
        ...process.env,
        ATOLL_DATABASE_URL: database.url,
        ATOLL_NATS_URL: nats.url,
        ATOLL_HEALTH_PORT: '0',
        ATOLL_DATA_KEY_FILE: dataKeys,
        ATOLL_LOG_LEVEL: 'fatal',
      },
      // With a channel to its parent it ends when the test does, however that ends.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  let child = start();
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  const call = (command: TenancyCommand, tenant: Tenant, key: string, data: unknown) =>
    client.call('tenancy', command, {
      key,
      tenant,
      actor: 'operator:ada',
      correlation: key,
      traceparent: null,
      deadline: Date.now() + 5000,
      seen: {},
      expectedVersion: null,
      data,
    });
  /** As a caller does who got no answer: the same key again. */
  async function insist(command: TenancyCommand, tenant: Tenant, key: string, data: unknown) {
    let reply = await call(command, tenant, key, data);
    await expect
      .poll(async () => {
        if (!reply.ok) reply = await call(command, tenant, key, data);
        return codeOf(reply);
      }, patient)
      .toBe('OK');
    return resultOf(reply);
  }

  try {
    const tenant = (await insist('CreateTenant', PLATFORM, 'tenant', { name: 'acme' })).tenantId as Tenant;
    const { environmentId } = await insist('CreateEnvironment', tenant, 'environment', { name: 'e', kind: 'TEST' });

    // Killed while 40 commands are on their way: each is done once, whatever its caller was told.
    const names = Array.from({ length: 40 }, (_, n) => `ns-${n}`);
    const first = Promise.allSettled(
      names.map((name) => call('CreateNamespace', tenant, name, { environmentId, name })),
    );
    await expect.poll(() => store.lastPosition(), { timeout: 20_000, interval: 1 }).toBeGreaterThan(2);
    await kill();
    const interrupted = store.readAfter(0, 5000);
    child = start();
    const created = await Promise.all(
      names.map((name) => insist('CreateNamespace', tenant, name, { environmentId, name })),
    );
    await first;
    const facts = (await store.readAfter(0, 5000)).filter((event) => event.type === 'NamespaceCreated');
    expect(facts.map((event) => (event.data as { name: string }).name).sort()).toEqual([...names].sort());
    expect((await interrupted).length).toBeGreaterThan(2);

    // Killed between the fact that a namespace is drained and what follows from it.
    const namespaceId = created[0]?.namespaceId;
    await insist('DeleteNamespace', tenant, 'delete', { namespaceId });
    await kill();
    await network.append({
      stream: `namespace:${namespaceId}`,
      expected: { kind: 'any' },
      events: [{ type: 'NamespaceDrained', data: { namespaceId } }],
      claims: [],
      origin: { tenant, actor: 'service:network', cause: null, correlation: 'c', traceparent: null },
    });
    child = start();
    const typesOf = async () => (await store.readStream(`namespace:${namespaceId}`)).map((event) => event.type);
    await expect.poll(typesOf, patient).toContain('NamespaceDeleted');
    await kill();
    child = start();
    await insist('CreateNamespace', tenant, 'again', { environmentId, name: 'ns-0' });
    expect(await typesOf()).toEqual(['NamespaceCreated', 'NamespaceDeletionRequested', 'NamespaceDeleted']);
    child.kill('SIGTERM');
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(0);
  } finally {
    if (child.exitCode === null && child.signalCode === null) await kill();
    await relay.stop();
    await Promise.all([network.close(), store.close()]);
    await nc.close();
    await pool.end();
    await Promise.all([nats.stop(), database.drop()]);
    rmSync(folder, { recursive: true, force: true });
  }
});
