/**
 * Random events in batches of random size, some of them taken back at first: after each, what is stored of every node is what a
 * reading of everything says. No process runs, so that one batch has whatever may come together.
 */
import { engineMigrations } from '@atoll/events/migrations';
import { createTestDatabase, type TestDatabase } from '@atoll/infra/testing/database';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id, IdKind } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../../test/faults/random.ts';
import { createCompilation } from '../src/projections/compilation.ts';
import { stateProjection } from '../src/projections/state.ts';
import { schema } from '../src/service.ts';
import { expectFresh } from './fresh.ts';
import { ownMigrations } from './harness.ts';

const log = createLogger('test');
log.level = 'fatal';
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, name: 'batches', max: 2, log });
  await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const BATCHES = 30;
const tenant: Id<'tenant'> = newId('tenant');
const times = <K extends IdKind>(count: number, kind: K) => Array.from({ length: count }, () => newId(kind));

function createStory(random: () => number) {
  const pick = (below: number) => Math.floor(random() * below);
  const of = <T>(choices: readonly T[]): T => choices[pick(choices.length)] as T;
  const [nodes, environments, namespaces] = [times(3, 'node'), times(2, 'environment'), times(4, 'namespace')];
  const located = new Set<string>();
  const endpoints = new Map<string, { namespaceId: string; nodeId: string; serving: string }>();
  const [services, mappings] = [new Map<string, string>(), new Map<string, string>()];
  const [policies, attached] = [new Set<string>(), new Set<string>()];
  const publicAddressId = newId('publicAddress');
  let [position, addresses, isolated] = [0, 1, false];
  const event = (stream: string, type: string, data: object): EventRecord => ({
    ...{ position: ++position, id: newId('event'), context: 'network', type, schemaVersion: 1, tenant, stream, data },
    ...{ version: 1, time: new Date().toISOString(), actor: 'test', cause: null, correlation: 'c', traceparent: null },
  });
  const address = () => {
    addresses += 1;
    return { ipv4: `10.64.0.${addresses % 250}`, ipv6: `fd61::${addresses.toString(16)}` };
  };
  const labels = () => ({ app: of(['web', 'db']) });
  const spec = () => ({
    ...{ selector: of([{}, labels()]), affinitySeconds: null },
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 + pick(2) }],
  });
  const environmentOf = (namespaceId: string) => environments[namespaces.indexOf(namespaceId as never) % 2];

  function come(): EventRecord {
    const [instanceId, nodeId, namespaceId] = [newId('instance'), of(nodes), of(namespaces)];
    endpoints.set(instanceId, { namespaceId, nodeId, serving: 'never' });
    const data = { instanceId, namespaceId, nodeId, subnetId: newId('subnet'), labels: labels(), ...address() };
    return event(`endpoint:${instanceId}`, 'EndpointAllocated', data);
  }
  const turns: { readonly [from: string]: string } = {
    never: 'EndpointServing',
    EndpointServing: 'EndpointWithdrawn',
    EndpointWithdrawn: 'EndpointDrained',
    EndpointDrained: 'EndpointServing',
  };
  const gone = (instanceId: string) => {
    const { namespaceId, nodeId } = endpoints.get(instanceId) ?? {};
    endpoints.delete(instanceId);
    return event(`endpoint:${instanceId}`, 'EndpointReleased', { instanceId, namespaceId, nodeId });
  };
  const steps: readonly (() => EventRecord | null)[] = [
    come,
    come,
    () => (endpoints.size > 0 ? gone(of([...endpoints.keys()])) : null),
    () => (endpoints.size > 5 ? gone(of([...endpoints.keys()])) : come()),
    ...[0, 1, 2].map(() => () => {
      const [instanceId, one] = of([...endpoints]) ?? [];
      if (instanceId === undefined || one === undefined) return null;
      one.serving = turns[one.serving] ?? 'EndpointServing';
      return event(`endpoint:${instanceId}`, one.serving, { instanceId, namespaceId: one.namespaceId });
    }),
    () => {
      if (services.size > 3) return null;
      const [serviceId, namespaceId] = [newId('service'), of(namespaces)];
      services.set(serviceId, namespaceId);
      const data = { serviceId, namespaceId, name: `s${position}`, spec: spec() };
      addresses += 1;
      const own = { ipv4: `10.127.0.${addresses % 250}`, ipv6: `fd61::f:${addresses.toString(16)}` };
      return event(`service:${serviceId}`, 'ServiceCreated', { ...data, ...own });
    },
    () => {
      const [serviceId, namespaceId] = of([...services]) ?? [];
      if (serviceId === undefined) return null;
      const deleted = random() < 0.5;
      if (deleted) services.delete(serviceId);
      const data = { serviceId, namespaceId, ...(deleted ? {} : { spec: spec() }) };
      return event(`service:${serviceId}`, deleted ? 'ServiceDeleted' : 'ServiceUpdated', data);
    },
    () => {
      const policyId = policies.size > 2 ? of([...policies]) : undefined;
      if (policyId !== undefined) {
        policies.delete(policyId);
        return event(`policy:${policyId}`, 'IsolationPolicyDeleted', { policyId, namespaceId: of(namespaces) });
      }
      const [made, namespaceId] = [newId('policy'), of(namespaces)];
      policies.add(made);
      const environmentId = environmentOf(namespaceId);
      const from = of([
        { kind: 'INSTANCES', namespaceId: of(namespaces), labels: {} },
        { kind: 'ENVIRONMENT', environmentId, labels: labels() },
        ...[...services.keys()].map((serviceId) => ({ kind: 'SERVICE', serviceId })),
      ]);
      const to = { kind: 'INSTANCES', namespaceId, labels: of([{}, labels()]) };
      const definition = { action: 'ALLOW', priority: 500, log: false, traffic: [], from: [from], to: [to] };
      const data = { policyId: made, namespaceId, name: 'p', revision: 1, schedule: null, active: true, definition };
      return event(`policy:${made}`, 'IsolationPolicyCreated', data);
    },
    () => {
      const nodeId = of(nodes);
      if (attached.delete(nodeId)) return event(`node:${nodeId}`, 'NodeDetached', { nodeId, reason: 'DISCONNECTED' });
      attached.add(nodeId);
      const at = { address: `192.0.2.${1 + nodes.indexOf(nodeId)}`, port: 4789, mtu: 1500 };
      return event(`node:${nodeId}`, 'NodeAttached', {
        nodeId,
        ...at,
        mac: `02:00:00:00:00:0${nodes.indexOf(nodeId)}`,
      });
    },
    () => {
      const namespaceId = of(namespaces);
      if (located.has(namespaceId)) return null;
      located.add(namespaceId);
      const data = {
        namespaceId,
        environmentId: environmentOf(namespaceId),
        name: `n${namespaces.indexOf(namespaceId)}`,
      };
      return event(`namespace:${namespaceId}`, 'NamespaceLocated', data);
    },
    () => {
      const data = { publicAddressId, nodeId: of(nodes) };
      return event(`publicAddress:${publicAddressId}`, 'PublicAddressAnnounced', data);
    },
    () => {
      const [serviceId] = of([...services]) ?? [];
      if (serviceId === undefined || mappings.size > 2) return null;
      const [portMappingId, port] = [newId('portMapping'), 1000 + position];
      mappings.set(portMappingId, serviceId);
      const data = { portMappingId, namespaceId: of(namespaces), publicAddressId, address: '198.51.100.1', port };
      const target = { kind: 'SERVICE', serviceId, port: 80 };
      return event(`portMapping:${portMappingId}`, 'PortMappingCreated', { ...data, protocol: 'TCP', target });
    },
    () => {
      const [portMappingId] = of([...mappings]) ?? [];
      if (portMappingId === undefined) return null;
      mappings.delete(portMappingId);
      return event(`portMapping:${portMappingId}`, 'PortMappingDeleted', { portMappingId, publicAddressId });
    },
    () => {
      isolated = !isolated;
      return event(`tenant:${tenant}`, isolated ? 'TenantIsolated' : 'TenantReconnected', { tenantId: tenant });
    },
  ];
  const begin = [
    ...namespaces.map((namespaceId) =>
      event(`namespace:${namespaceId}`, 'NamespaceOpened', { namespaceId, environmentId: null, name: null }),
    ),
    event(`publicAddress:${publicAddressId}`, 'PublicAddressAllocated', {
      ...{ publicAddressId, namespaceId: namespaces[0], rangeId: newId('addressRange'), name: 'a' },
      address: '198.51.100.1',
    }),
  ];
  return {
    begin,
    /** Of one to eight events. */
    batch: (): EventRecord[] => Array.from({ length: 1 + pick(8) }, () => of(steps)()).filter((one) => one !== null),
  };
}

it('what is stored after any batch is what everything says, read anew', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.ATOLL_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`batches: seed ${seed} (ATOLL_TEST_SEED=${seed} takes it again)`);
  const random = seeded(seed);
  const story = createStory(random);
  const projection = stateProjection(createCompilation(), () => {});
  if (projection.kind !== 'project') throw new Error('It projects.');
  for (let n = 0; n < BATCHES; n++) {
    const events = n === 0 ? story.begin : story.batch();
    if (events.length === 0) continue;
    const tx = await pool.connect();
    for (const end of random() < 0.2 ? ['rollback', 'commit'] : ['commit']) {
      await tx.query('begin');
      await projection.apply(tx, events);
      await tx.query(end);
    }
    tx.release();
    await expectFresh(pool).catch((cause: unknown) => {
      throw new Error(`seed ${seed}, batch ${n}: ${events.map(({ type }) => type).join(', ')}`, { cause });
    });
  }
  expect((await pool.query('select 1 from network.node_part where not gone')).rowCount).toBeGreaterThan(0);
});
