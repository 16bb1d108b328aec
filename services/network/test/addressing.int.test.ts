/** One run of the controller that gives addresses, over tables with many who wait. */
import { startConsumer } from '@atoll/events/consumer';
import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore, handleCommand } from '@atoll/events/store';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { networkEvents } from '@atoll/schema/network/events';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import { expect, it } from 'vitest';
import { reconcileAddresses } from '../src/controllers/addressing.ts';
import { namespace, namespaceStream } from '../src/domain/namespace.ts';
import { subnet, subnetStream } from '../src/domain/subnet.ts';
import { createCompilation } from '../src/projections/compilation.ts';
import { stateProjection } from '../src/projections/state.ts';
import { schema } from '../src/service.ts';
import { ownMigrations } from './harness.ts';

const log = createLogger('test');
log.level = 'fatal';

it('goes on at once while more wait than one run looks at, and rests where nothing more can be given', async () => {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url, name: 'addressing', max: 10, log });
  await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });
  const store = createEventStore({ pool, context: 'network', registry: networkEvents, log });
  const handler = stateProjection(createCompilation(), () => {});
  const state = await startConsumer({ name: 'state', source: { kind: 'store', store }, pool, schema, handler, log });
  try {
    const [tenant, namespaceId, subnetId] = [newId('tenant'), newId('namespace'), newId('subnet')];
    const origin = { tenant, actor: 'service:test', cause: null, correlation: 'c', traceparent: null } as const;
    await handleCommand(store, {
      ...{ decider: namespace, stream: namespaceStream(namespaceId), origin },
      command: { kind: 'open', namespaceId, environmentId: newId('environment'), name: 'shop' },
    });
    // 509 addresses.
    const ranges = { subnetId, namespaceId, ipv4: '10.64.2.0/23', ipv6: 'fd61:746f:6c6c:2::/64' };
    await handleCommand(store, {
      ...{ decider: subnet, stream: subnetStream(subnetId), origin },
      command: { kind: 'allocate', useBefore: '2100-01-01T00:00:00.000Z', outOf: [], ...ranges },
    });
    await pool.query(
      `insert into network.deploy_instance
         (instance_id, tenant, namespace_id, deployment_id, node_id, labels, wanted, cause, correlation)
       select id, $2, $3, $4, $5, '{}', true, $6, 'c' from unnest($1::text[]) id`,
      [
        Array.from({ length: 800 }, () => newId('instance')),
        ...[tenant, namespaceId, newId('deployment'), newId('node'), newId('event')],
      ],
    );
    let again = 0;
    const run = () =>
      reconcileAddresses({
        db: pool,
        store,
        firstSubnets: { give: async () => new Map() },
        reachability: { since: new Date(), silentAfterMs: 1000 },
        caughtUp: async () => void (await state.waitFor(await store.lastPosition(), Date.now() + 30_000)),
        restMs: 0,
        again: () => {
          again += 1;
        },
      });
    const wakes: number[] = [];
    for (let round = 0; round < 4; round++) {
      await run();
      wakes.push(again);
    }
    // Two runs of 256 at most; what is left over then waits for somebody to go.
    expect(wakes).toEqual([1, 2, 2, 2]);
    const { rows } = await pool.query<{ given: number; different: number }>(
      `select count(*)::integer as given, count(distinct data ->> 'ipv4')::integer as different
       from network.event where type = 'EndpointAllocated'`,
    );
    expect(rows).toEqual([{ given: 509, different: 509 }]);
  } finally {
    await state.stop();
    await store.close();
    await pool.end();
    await database.drop();
  }
});
