/**
 * The deploy service in the middle of what it needs: a real database, a real nats-server, the tenancy service with its
 * quota ledger as a process (the facts of tenants are written into its store), a registry, nodes.
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Claim } from '@atoll/events/decider';
import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore, type EventStore } from '@atoll/events/store';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { boundToParent } from '@atoll/infra/process/bound';
import { freePort } from '@atoll/infra/process/ports';
import { stopChild } from '@atoll/infra/process/stopping';
import { until } from '@atoll/infra/process/waiting';
import { createTestDatabase, type TestDatabase } from '@atoll/infra/testing/database';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { startTestTenancy, type TestTenancy } from '@atoll/infra/testing/tenancy';
import type { DeployCommand, DeployInput, DeployResult } from '@atoll/schema/deploy/commands';
import { type DeployEvent, deployEvents } from '@atoll/schema/deploy/events';
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import { noWishes } from '@atoll/schema/deploy/placement';
import { alone } from '@atoll/schema/deploy/spec';
import type { CommandReply, EventRecord } from '@atoll/schema/envelope';
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { type TenancyEvent, type TenantLimits, tenancyEvents } from '@atoll/schema/tenancy/events';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { openMasterKeys } from '@atoll/service/master-keys';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { expect } from 'vitest';
import { TABLES_CONSUMER } from '../src/projections/tables.ts';
import { migrations, schema, startDeploy } from '../src/service.ts';
import { type AgentOptions, FakeAgent, type Fate } from './agent.ts';
import { startTestRegistry, type TestRegistry } from './registry.ts';

process.env.ATOLL_LOG_LEVEL ??= 'silent';
const log = createLogger('deploy-test');

export type Recorded = EventRecord & DeployEvent;
type Spec = DeployInput<'CreateDeployment'>['spec'];

export interface Member {
  readonly tenant: Id<'tenant'>;
  readonly namespaceId: Id<'namespace'>;
}

export interface SendOptions {
  readonly key?: string;
  readonly expectedVersion?: number;
  readonly timeoutMs?: number;
}

export const plenty: TenantLimits = {
  namespaces: 100,
  instances: 1000,
  cpuMillis: 1_000_000,
  memoryMiB: 1_000_000,
};

export interface ServiceOptions {
  readonly suspectSeconds?: number;
  readonly deadSeconds?: number;
  readonly leaseSeconds?: number;
  readonly registries?: readonly string[];
  /** Of a process: its failpoints can be armed. */
  readonly armable?: boolean;
  readonly quotaSeconds?: number;
}

const leaseFor = (deadSeconds: number) => Math.min(40, Math.floor(deadSeconds / LEASE_MARGIN));

/** A running instance of the service in this process. */
export interface Running {
  stop(): Promise<void>;
}

/** What tenancy lets a namespace hold until it is gone, and a reservation requires. */
const namespaceName = (data: { environmentId: string; name: string; namespaceId: string }): Claim => ({
  ...{ op: 'take', kind: 'unique', set: 'namespace-name' },
  ...{ key: `${data.environmentId}/${data.name}`, owner: data.namespaceId },
});

export class Platform {
  readonly agents: FakeAgent[] = [];
  /** What becomes of instances with an image; READY where it isn't in here. */
  readonly fates = new Map<string, Fate>();
  readonly services: Running[] = [];
  tenancy: TestTenancy | null = null;
  #seen = 0;
  /** Of the newest event that a command of the test has made. */
  #own = 0;
  /** Of namespaces, by stream. */
  readonly #environments = new Map<string, Id<'environment'>>();
  private readonly parts: {
    database: TestDatabase;
    nats: TestNats;
    registry: TestRegistry;
    pool: Pool;
    nc: NatsConnection;
    tenancy: EventStore;
    dataKeys: { folder: string; file: string };
    store: EventStore;
  };

  private constructor(parts: Platform['parts']) {
    this.parts = parts;
  }

  static async start(): Promise<Platform> {
    const [database, nats, registry] = await Promise.all([createTestDatabase(), startTestNats(), startTestRegistry()]);
    const pool = createPool({ url: database.url, name: 'test', max: 10, log });
    await migrate({ pool, schema: 'tenancy', folders: [engineMigrations], log });
    await migrate({ pool, schema, folders: [engineMigrations, migrations], log });
    const nc = await connectNats({ url: nats.url, name: 'test', log });
    const dataKeys = testMasterKeyFile();
    const tenancy = createEventStore({
      pool,
      context: 'tenancy',
      registry: tenancyEvents,
      masterKeys: openMasterKeys(dataKeys.file),
      log,
    });
    const store = createEventStore({ pool, context: 'deploy', registry: deployEvents, log });
    const platform = new Platform({ database, nats, registry, pool, nc, tenancy, dataKeys, store });
    await platform.startTenancy();
    return platform;
  }

  /** The tenancy service; once it was killed, another one. */
  async startTenancy(): Promise<TestTenancy> {
    const { dataKeys } = this.parts;
    const { databaseUrl, natsUrl } = this;
    this.tenancy = await startTestTenancy({ databaseUrl, natsUrl, dataKeyFile: dataKeys.file });
    return this.tenancy;
  }

  get registry(): TestRegistry {
    return this.parts.registry;
  }
  get nats(): TestNats {
    return this.parts.nats;
  }
  get natsUrl(): string {
    return this.parts.nats.url;
  }
  get databaseUrl(): string {
    return this.parts.database.url;
  }
  get store(): EventStore {
    return this.parts.store;
  }
  get pool(): Pool {
    return this.parts.pool;
  }
  get nc(): NatsConnection {
    return this.parts.nc;
  }

  /** One more process of the service, but in this one. */
  async service(options: ServiceOptions = {}): Promise<Running> {
    const pool = createPool({ url: this.databaseUrl, name: 'deploy', max: 20, log });
    const nc = await connectNats({ url: this.natsUrl, name: 'deploy', inboxPrefix: '_INBOX_deploy', log });
    const { suspectSeconds = 15, deadSeconds = 60, registries = [this.registry.host] } = options;
    const leaseSeconds = options.leaseSeconds ?? leaseFor(deadSeconds);
    const times = { suspectSeconds, deadSeconds, leaseSeconds, judgeAfterMs: 0 };
    const service = await startDeploy({ pool, nc, log, registries, ...times });
    let stopped = false;
    const running = {
      async stop() {
        if (stopped) return;
        stopped = true;
        await service.stop();
        await nc.close();
        await pool.end();
      },
    };
    this.services.push(running);
    return running;
  }

  /** One more process of the service, truly one: for kill -9. Resolves when it serves. */
  async process(
    options: ServiceOptions = {},
  ): Promise<{ kill(): Promise<void>; ended(): boolean; arm(failpoints: string): Promise<void> }> {
    const {
      suspectSeconds = 15,
      deadSeconds = 60,
      registries = [this.registry.host],
      armable = false,
      quotaSeconds = 60,
    } = options;
    const folder = armable ? temporaryFolder('armed') : null;
    const healthPort = await freePort();
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const { command, args } = boundToParent(
      { command: process.execPath, args: [...(folder ? ['--conditions=atoll-faults'] : []), main] },
      'KILL',
    );
    const child = spawn(command, [...args], {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        ATOLL_DATABASE_URL: this.databaseUrl,
        ATOLL_NATS_URL: this.natsUrl,
        ATOLL_HEALTH_PORT: String(healthPort),
        ATOLL_REGISTRIES: registries.join(),
        ATOLL_NODE_SUSPECT_SECONDS: String(suspectSeconds),
        ATOLL_NODE_DEAD_SECONDS: String(deadSeconds),
        ATOLL_NODE_LEASE_SECONDS: String(leaseFor(deadSeconds)),
        ATOLL_FAILPOINTS: folder ? `dir:${folder}` : '',
        ATOLL_QUOTA_SECONDS: String(quotaSeconds),
      },
    });
    const ended = () => child.exitCode !== null || child.signalCode !== null;
    const kill = async () => {
      await stopChild(child, 'SIGKILL', 0);
      if (folder) rmSync(folder, { recursive: true, force: true });
    };
    const arm = async (failpoints: string) => {
      const file = join(folder ?? '', String(child.pid));
      writeFileSync(file, failpoints);
      child.kill('SIGUSR2');
      await this.until('its failpoints are armed', () => !existsSync(file));
    };
    this.services.push({ stop: kill });
    await this.until(
      'the process serves',
      async () => {
        try {
          return (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok;
        } catch {
          return false;
        }
      },
      60_000,
    );
    return { kill, ended, arm };
  }

  async agent(options: Partial<AgentOptions> = {}): Promise<FakeAgent> {
    const nodeId = options.nodeId ?? newId('node');
    const name = `node-${this.agents.length + 1}`;
    const fate = (image: string) => this.fates.get(image) ?? 'READY';
    const agent = new FakeAgent({ url: this.natsUrl, nodeId, name, fate, ...options });
    this.agents.push(agent);
    await agent.start();
    await this.nodeIs(nodeId, 'ready');
    return agent;
  }
  /** As placement sees it. */
  nodeIs(nodeId: Id<'node'>, wanted: 'ready' | 'unreachable'): Promise<void> {
    return this.until(`${nodeId} is ${wanted}`, async () => {
      const query = 'select from deploy.node where node_id = $1 and ready = $2';
      return (await this.pool.query(query, [nodeId, wanted === 'ready'])).rowCount === 1;
    });
  }

  /** A fact of tenancy, as its service would record it. */
  async tenancyFact(tenant: Tenant, stream: string, event: TenancyEvent): Promise<void> {
    if (event.type === 'NamespaceCreated') this.#environments.set(stream, event.data.environmentId);
    const outcome = await this.parts.tenancy.append({
      stream,
      expected: { kind: 'any' },
      events: [event],
      claims: event.type === 'NamespaceCreated' ? [namespaceName(event.data)] : [],
      origin: { tenant, actor: 'user:test', cause: null, correlation: 'test', traceparent: null },
    });
    if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
    this.#seen = outcome.position;
  }

  async tenant(limits: Partial<TenantLimits> = {}): Promise<Member> {
    const tenant = newId('tenant');
    await this.tenancyFact(PLATFORM, `tenant:${tenant}`, {
      type: 'TenantCreated',
      data: { tenantId: tenant, name: 'acme', limits: { ...plenty, ...limits } },
    });
    return { tenant, namespaceId: await this.namespace(tenant) };
  }

  async namespace(tenant: Id<'tenant'>): Promise<Id<'namespace'>> {
    const namespaceId = newId('namespace');
    await this.tenancyFact(tenant, `namespace:${namespaceId}`, {
      type: 'NamespaceCreated',
      data: { namespaceId, environmentId: newId('environment'), name: 'shop', labels: {} },
    });
    return namespaceId;
  }

  async requestDeletion({ tenant, namespaceId }: Member): Promise<void> {
    await this.tenancyFact(tenant, `namespace:${namespaceId}`, {
      type: 'NamespaceDeletionRequested',
      data: {
        namespaceId,
        environmentId: this.#environments.get(`namespace:${namespaceId}`) ?? newId('environment'),
        name: 'shop',
      },
    });
  }

  /** Resolves once the tables, which placement and questions read, have all up to there; by default all that there is. */
  async tablesHave(position?: number): Promise<void> {
    const wanted = position ?? (await this.store.lastPosition());
    await this.until(`the tables have all up to ${wanted}`, async () => {
      const { rows } = await this.pool.query<{ position: number }>(
        'select position from deploy.consumer where name = $1',
        [TABLES_CONSUMER],
      );
      return (rows[0]?.position ?? 0) >= wanted;
    });
  }

  /** Sends a command as the gateway does, once the tables have what the test's commands before it have changed. */
  async send<N extends DeployCommand>(
    tenant: Tenant,
    command: N,
    data: DeployInput<N>,
    { key = newId('event'), expectedVersion, timeoutMs = 25_000 }: SendOptions = {},
  ): Promise<CommandReply> {
    if (this.#own > 0) await this.tablesHave(this.#own);
    const reply = await createCommandClient(this.nc).call('deploy', command, {
      key,
      tenant,
      actor: 'user:test',
      correlation: key,
      traceparent: null,
      deadline: Date.now() + timeoutMs,
      seen: { tenancy: this.#seen },
      expectedVersion: expectedVersion ?? null,
      data,
    });
    if (reply.ok) this.#own = Math.max(this.#own, reply.position);
    return reply;
  }

  async do<N extends DeployCommand>(
    tenant: Tenant,
    command: N,
    data: DeployInput<N>,
    options?: SendOptions,
  ): Promise<DeployResult<N>> {
    const reply = await this.send(tenant, command, data, options);
    if (!reply.ok) throw new Error(`${command}: ${reply.error.code}: ${reply.error.message}`);
    return reply.result as DeployResult<N>;
  }

  /** A small deployment of an image that is there. */
  async input(
    { namespaceId }: Member,
    more: Partial<Omit<DeployInput<'CreateDeployment'>, 'spec'>> & { spec?: Partial<Spec> } = {},
  ): Promise<DeployInput<'CreateDeployment'>> {
    const { spec, ...rest } = more;
    const image = spec?.image ?? (await this.registry.push('team/web', 'v1'));
    return {
      namespaceId,
      name: `web-${newId('event').slice(-8)}`,
      labels: {},
      replicas: 2,
      strategy: { maxSurge: 1, maxUnavailable: 0 },
      placement: noWishes,
      fenced: false,
      ...rest,
      spec: {
        command: null,
        env: {},
        ports: [],
        resources: { cpuMillis: 100, memoryMiB: 64 },
        readiness: null,
        ...alone,
        ...spec,
        image,
      },
    };
  }

  async events(deploymentId: Id<'deployment'>): Promise<readonly Recorded[]> {
    return (await this.store.readStream(`deployment:${deploymentId}`)) as readonly Recorded[];
  }
  async types(deploymentId: Id<'deployment'>): Promise<readonly string[]> {
    return (await this.events(deploymentId)).map(({ type }) => type);
  }
  async nodeTypes(nodeId: Id<'node'>): Promise<readonly string[]> {
    return (await this.store.readStream(`node:${nodeId}`)).map(({ type }) => type);
  }
  /** What runs on all nodes, by image. */
  images(): readonly string[] {
    return this.agents.flatMap((agent) => [...agent.containers.values()].map(({ image }) => image)).sort();
  }

  async until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 25_000): Promise<void> {
    if (!(await until(check, { timeoutMs, everyMs: 10 }))) throw new Error(`not within ${timeoutMs} ms: ${what}`);
  }
  /** The deployment's newest rollout is complete. */
  completed(deploymentId: Id<'deployment'>, rollouts = 1, timeoutMs = 25_000): Promise<void> {
    return this.until(
      `${rollouts} rollouts are complete`,
      async () => (await this.types(deploymentId)).filter((type) => type === 'RolloutCompleted').length >= rollouts,
      timeoutMs,
    );
  }
  recorded(deploymentId: Id<'deployment'>, type: Recorded['type'], times = 1): Promise<void> {
    return this.until(
      `${times} × ${type}`,
      async () => (await this.types(deploymentId)).filter((each) => each === type).length >= times,
    );
  }

  /** What the ledger says that is held of a tenant's quotas, by measure. */
  async ledger(scope: string): Promise<Record<string, number>> {
    const { rows } = await this.pool.query<{ claim_set: string; held: number }>(
      'select claim_set, held from tenancy.claim_total where key = $1 and held > 0 order by claim_set',
      [scope],
    );
    return Object.fromEntries(rows.map(({ claim_set, held }) => [claim_set.replace('quota-', ''), held]));
  }

  /** How many reservations of quota are under way. */
  async reservations(): Promise<number> {
    const text = "select from tenancy.claim_unique where claim_set = 'quota-lease'";
    return (await this.pool.query(text)).rowCount ?? 0;
  }

  /** Everything that the claims say is held, as `set key owner amount`. */
  async held(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ line: string }>(
      `select concat_ws(' ', claim_set, key, owner, amount) as line from deploy.claim_amount where amount > 0
       union all select concat_ws(' ', claim_set, key, owner) from deploy.claim_unique order by 1`,
    );
    return rows.map(({ line }) => line);
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.kill()));
    await Promise.all(this.services.map((service) => service.stop()));
    const { dataKeys, tenancy, store, nc, pool, nats, registry, database } = this.parts;
    await this.tenancy?.kill();
    rmSync(dataKeys.folder, { recursive: true, force: true });
    await Promise.all([tenancy.close(), store.close()]);
    await nc.close();
    await pool.end();
    await Promise.all([nats.stop(), registry.stop()]);
    await database.drop();
  }
}

export function expectRefused(reply: CommandReply, code: string, message?: RegExp): void {
  expect(reply).toMatchObject({ ok: false, error: { code } });
  if (!reply.ok && message) expect(reply.error.message).toMatch(message);
}
