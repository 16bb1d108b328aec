/**
 * A gateway on real servers: PostgreSQL, NATS with JetStream, event stores and relays of the three contexts. What the
 * services would decide, a test decides: it appends to the stores, and answers commands where it asks for that.
 */

import type { DomainEvent } from '@atoll/events/decider';
import { engineMigrations } from '@atoll/events/migrations';
import { serveKeys } from '@atoll/events/personal/key-service';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore } from '@atoll/events/store';
import { testMasterKeys } from '@atoll/events/testing/master-keys';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { type Context, contexts } from '@atoll/schema/contexts';
import { deployEvents } from '@atoll/schema/deploy/events';
import type { Tenant } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import type { EventRegistry } from '@atoll/schema/registry';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { newId } from '@atoll/service/ids';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Pool } from 'pg';
import { createHeadSigner, type HeadSigner } from '../src/audit/head-signer.ts';
import { createIssuer, type Issuer } from '../src/auth/issuer.ts';
import type { KeySetTimes } from '../src/auth/key-sets.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import { createReadDatabase, log, type ReadDatabase } from './database.ts';

const registries: Record<Context, EventRegistry> = {
  tenancy: tenancyEvents,
  deploy: deployEvents,
  network: networkEvents,
};

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, looked into by the tests
  readonly body: any;
}

export interface TestTenant {
  readonly id: `ten_${string}`;
  readonly admin: string;
  readonly viewer: string;
}

export interface Platform {
  readonly url: string;
  readonly nc: NatsConnection;
  readonly natsUrl: string;
  readonly database: ReadDatabase;
  readonly issuer: Issuer;
  readonly heads: HeadSigner;
  readonly key: JWK;
  readonly operator: string;
  /** Appends to a context's store; resolves once the gateway's read model has it. */
  append(tenant: Tenant, context: Context, stream: string, ...events: DomainEvent[]): Promise<number>;
  /** Without waiting, as the answer to a command with this correlation. */
  appendFor(
    correlation: string,
    tenant: Tenant,
    context: Context,
    stream: string,
    ...events: DomainEvent[]
  ): Promise<number>;
  /** The same, without waiting. */
  appendOnly(tenant: Tenant, context: Context, stream: string, ...events: DomainEvent[]): Promise<number>;
  /** Until the gateway has all that is appended. */
  settled(): Promise<void>;
  tenant(name: string): Promise<TestTenant>;
  query(token: string | null, query: string, variables?: object, headers?: Record<string, string>): Promise<Answer>;
  restartGateway(options?: Partial<GatewayLimits>): Promise<void>;
  stopGateway(): Promise<void>;
  /** Starts one that can't: its port is taken. Answers how many connections to the database it leaves in use. */
  startInVain(takenPort: number): Promise<number>;
  stop(): Promise<void>;
}

export interface GatewayLimits {
  readonly requestPoints: number;
  readonly tenantPointsPerMinute: number;
  readonly slowSocketMs: number;
  readonly socketsPerTenant: number;
  readonly keySetTimes?: KeySetTimes;
}

export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 25_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`It never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function startPlatform(limits: Partial<GatewayLimits> = {}): Promise<Platform> {
  const database = await createReadDatabase();
  const nats: TestNats = await startTestNats();
  const nc = await connectNats({ url: nats.url, name: 'test-services', inboxPrefix: '_INBOX_test', log });
  const storePool = createPool({ url: superuserUrl(database), name: 'test-stores', max: 12, log });
  const masterKeys = testMasterKeys();
  const stores = new Map<Context, EventStore>();
  const relays: { stop(): Promise<void> }[] = [];
  for (const context of contexts) {
    await migrate({ pool: storePool, schema: context, folders: [engineMigrations], log });
    const store = createEventStore({ pool: storePool, context, registry: registries[context], masterKeys, log });
    if (context === 'tenancy' && store.personal) {
      relays.push(serveKeys({ nc, context, personal: store.personal, log }));
    }
    stores.set(context, store);
    relays.push(await startRelay({ store, nc, log }));
  }

  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const key = await exportJWK(privateKey);
  const issuer = await createIssuer(key, 'http://gateway.test');

  const { privateKey: logKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const heads = await createHeadSigner(await exportJWK(logKey));

  let gateway: Gateway | undefined;
  let gatewayNats: NatsConnection | undefined;
  let pools: Pool[] = [];
  async function start(given: Partial<GatewayLimits> = {}, port = 0): Promise<void> {
    gatewayNats = await connectNats({ url: nats.url, name: 'gateway', inboxPrefix: '_INBOX_gateway', log });
    const owner = createPool({ url: database.ownerUrl, name: 'gateway', max: 12, log });
    const reader = createPool({ url: database.readerUrl, name: 'gateway-reader', max: 8, log });
    pools = [owner, reader];
    gateway = await startGateway({
      ...{ owner, reader, nc: gatewayNats, issuer, heads, log, host: '127.0.0.1', port },
      ...{ audited: true, headsFile: null, headsMs: 300_000 },
      requestPoints: given.requestPoints ?? 10_000,
      tenantPointsPerMinute: given.tenantPointsPerMinute ?? 20_000_000,
      slowSocketMs: given.slowSocketMs ?? 10_000,
      socketsPerTenant: given.socketsPerTenant ?? 2000,
      privateIssuers: 'loopback',
      ...(given.keySetTimes && { keySetTimes: given.keySetTimes }),
    });
    platform.url = `http://127.0.0.1:${gateway.port}`;
  }
  async function stopGateway(): Promise<void> {
    await gateway?.stop();
    await gatewayNats?.close();
    await Promise.all(pools.map((pool) => pool.end()));
    pools = [];
    gateway = undefined;
    gatewayNats = undefined;
  }

  const storeOf = (context: Context): EventStore => {
    const store = stores.get(context);
    if (!store) throw new Error(context);
    return store;
  };
  async function positionsReached(): Promise<boolean> {
    for (const context of contexts) {
      const last = await storeOf(context).lastPosition();
      const { rows } = await database.owner.query('select position from read.consumer where name = $1', [
        `read-${context}`,
      ]);
      if (Number(rows[0]?.position ?? 0) < last) return false;
    }
    return true;
  }

  const platform: Platform & { url: string } = {
    url: '',
    nc,
    natsUrl: nats.url,
    database,
    issuer,
    heads,
    key,
    operator: '',
    appendOnly: (...args) => platform.appendFor('test', ...args),
    async appendFor(correlation, tenant, context, stream, ...events) {
      const outcome = await storeOf(context).append({
        ...{ stream, expected: { kind: 'any' }, events, claims: [] },
        origin: { tenant, actor: 'user:test', cause: null, correlation, traceparent: null },
      });
      if (outcome.outcome !== 'appended') throw new Error(JSON.stringify(outcome));
      return outcome.position;
    },
    async append(...args) {
      const position = await platform.appendOnly(...args);
      await platform.settled();
      return position;
    },
    async settled() {
      await eventually('the read model has all events', positionsReached);
    },
    async tenant(name) {
      const id = newId('tenant');
      const limits = { namespaces: 10, instances: 10, cpuMillis: 1000, memoryMiB: 1000 };
      const member = (subject: string, role: string) => ({
        type: 'MemberAdded',
        data: { tenantId: id, memberId: newId('member'), subject, role, displayName: null, email: null },
      });
      await platform.append(
        ...([id, 'tenancy', `tenant:${id}`] as const),
        { type: 'TenantCreated', data: { tenantId: id, name, limits } },
        member(`${name}-admin`, 'admin'),
        member(`${name}-viewer`, 'viewer'),
      );
      const token = (subject: string) => issuer.sign({ subject, tenant: id }, 3600);
      return { id, admin: await token(`${name}-admin`), viewer: await token(`${name}-viewer`) };
    },
    async query(token, query, variables = {}, headers = {}) {
      const response = await fetch(`${platform.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return { status: response.status, text, headers: response.headers, body: JSON.parse(text) };
    },
    async restartGateway(given) {
      await stopGateway();
      await start(given);
    },
    stopGateway,
    async startInVain(takenPort) {
      const problem = await start({}, takenPort).then(
        () => null,
        (error: unknown) => error,
      );
      if (problem === null) throw new Error('It started.');
      return pools.reduce((sum, pool) => sum + pool.totalCount - pool.idleCount, 0);
    },
    async stop() {
      await stopGateway();
      await Promise.all(relays.map((relay) => relay.stop()));
      await Promise.all([...stores.values()].map((store) => store.close()));
      await nc.close();
      await storePool.end();
      await nats.stop();
      await database.drop();
    },
  };
  await start(limits);
  const operator = await issuer.sign({ subject: 'root', operator: true }, 3600);
  return Object.assign(platform, { operator });
}

function superuserUrl(database: ReadDatabase): string {
  const { connectionString } = database.superuser.options as { connectionString?: string };
  if (!connectionString) throw new Error('The superuser has no URL.');
  return connectionString;
}
