/** A node with many services, policies and mappings in the tables of a real PostgreSQL, and changes of one thing among them. */
import { engineMigrations } from '@atoll/events/migrations';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { createCompilation } from '@atoll/network/projections/compilation';
import { stateProjection } from '@atoll/network/projections/state';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';

const log = createLogger('bench');
const schema = 'network';
log.level = 'warn';
const BATCH = 250;
const ownMigrations = new URL('../../schema/sql/network/', import.meta.url);

const suffix = (n: number) => `01h455vb4pex5vs${String(n).padStart(11, '0')}`;
const tenant: Id<'tenant'> = `ten_${suffix(1)}`;
const environmentId: Id<'environment'> = `env_${suffix(1)}`;
const namespaceOf = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;
const instanceOf = (n: number): Id<'instance'> => `ins_${suffix(n)}`;
const policyOf = (n: number): Id<'policy'> => `pol_${suffix(n)}`;
const nodeOf = (n: number): Id<'node'> => `node_${suffix(n)}`;

/** All in one environment: each node sees every service. `size`: services, policies and endpoints, over 4 nodes. */
export async function openTables(size: number) {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url, name: 'bench', max: 2, log });
  await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });
  const handler = stateProjection(createCompilation(), () => {});
  if (handler.kind !== 'project') throw new Error('It projects.');
  const project = handler.apply;
  let position = 0;
  const event = (stream: string, type: string, data: object): EventRecord => ({
    ...{ position: ++position, id: `evt_${suffix(position)}`, stream, version: 1, type, data, tenant },
    ...{
      context: 'network',
      schemaVersion: 1,
      time: new Date().toISOString(),
      actor: 'bench',
      cause: null,
      correlation: 'c',
    },
    traceparent: null,
  });
  async function apply(events: readonly EventRecord[]): Promise<void> {
    const tx = await pool.connect();
    try {
      await tx.query('begin');
      await project(tx, events);
      await tx.query('commit');
    } finally {
      tx.release();
    }
  }
  const policy = (n: number, port: number, type: 'IsolationPolicyCreated' | 'IsolationPolicyUpdated') => {
    const namespaceId = namespaceOf(n);
    const everybody = { kind: 'INSTANCES', namespaceId, labels: {} };
    return event(`policy:${policyOf(n)}`, type, {
      ...{ policyId: policyOf(n), namespaceId, name: 'p', revision: port, schedule: null, active: true },
      definition: {
        ...{ action: 'ALLOW', priority: 500, log: false, from: [everybody], to: [everybody] },
        traffic: [{ protocol: 'TCP', from: port, to: port }],
      },
    });
  };
  const turn = (n: number, type: 'EndpointServing' | 'EndpointWithdrawn') =>
    event(`endpoint:${instanceOf(n)}`, type, { instanceId: instanceOf(n), namespaceId: namespaceOf(n) });
  const all: EventRecord[] = [];
  for (let n = 1; n <= size; n++) {
    const namespaceId = namespaceOf(n);
    const address = `${(n >> 8) & 255}.${n & 255}`;
    const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }];
    all.push(
      event(`namespace:${namespaceId}`, 'NamespaceOpened', { namespaceId, environmentId, name: `n${n}` }),
      event(`endpoint:${instanceOf(n)}`, 'EndpointAllocated', {
        ...{ instanceId: instanceOf(n), namespaceId, nodeId: nodeOf(n % 4), subnetId: `sub_${suffix(n)}`, labels: {} },
        ...{ ipv4: `10.64.${address}`, ipv6: `fd61:746f:6c6c::${n.toString(16)}` },
      }),
      event(`service:svc_${suffix(n)}`, 'ServiceCreated', {
        ...{ serviceId: `svc_${suffix(n)}`, namespaceId, name: `s${n}` },
        ...{ ipv4: `10.127.${address}`, ipv6: `fd61:746f:6c6c:f::${n.toString(16)}` },
        spec: { selector: {}, ports, affinitySeconds: null },
      }),
      policy(n, 80, 'IsolationPolicyCreated'),
      turn(n, 'EndpointServing'),
    );
  }
  for (let at = 0; at < all.length; at += BATCH) await apply(all.slice(at, at + BATCH));
  await pool.query('vacuum analyze');
  let round = 0;
  return {
    /** One policy opens another port. */
    async policyChanges() {
      round += 1;
      await apply([policy((round % size) + 1, 1000 + round, 'IsolationPolicyUpdated')]);
    },
    /** One endpoint serves no more, or again: every node's service leads elsewhere. */
    async servingTurns() {
      round += 1;
      await apply([turn((round >> 1) % size || 1, round % 2 ? 'EndpointWithdrawn' : 'EndpointServing')]);
    },
    async close() {
      await pool.end();
      await database.drop();
    },
  };
}
