/** What is done a page at a time: who comes behind those that can't be helped has a turn, too. */
import { type Id, id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closedNamespaces } from '../src/controllers/remains.ts';
import { createSubnetGrowth } from '../src/controllers/subnet-growth.ts';
import { withoutAddress } from '../src/pools/instances.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
const namespaces = Array.from({ length: 5 }, () => newId('namespace'));

beforeAll(async () => {
  // No service runs: what is in the tables stays as it is.
  harness = await startHarness({ services: 0 });
});
afterAll(() => harness.stop());

const write = (status: string) =>
  harness.rows(
    `insert into network.namespace (namespace_id, tenant, status, cause, correlation)
     select id, $2, $3, 'c', 'c' from unnest($1::text[]) as t (id)
     on conflict (namespace_id) do update set status = excluded.status`,
    [namespaces, tenant, status],
  );

it('closed namespaces are all looked at, however many of them wait', async () => {
  await write('closed');
  const found: string[] = [];
  const reachability = { since: new Date(), silentAfterMs: 1000 };
  for await (const page of closedNamespaces(harness.pool, reachability, 2)) {
    found.push(...page.map(({ namespaceId }) => namespaceId));
  }
  expect(found).toEqual([...namespaces].sort());
});

it('namespaces that are nearly full are all asked for, though the first ones are refused each time', async () => {
  await write('open');
  await harness.rows('insert into network.subnet_growth select unnest($1::text[])', [namespaces]);
  await harness.rows(
    `insert into network.subnet (subnet_id, tenant, namespace_id, ipv4, ipv6, position)
     select 'sub_' || n, $2, id, '10.64.0.' || (n * 8) || '/29', 'fd00:' || n || '::/64', n
     from unnest($1::text[]) with ordinality as t (id, n)`,
    [namespaces, tenant],
  );
  const asked: string[] = [];
  let minutes = 0;
  const grow = createSubnetGrowth({
    ...{ db: harness.pool, log: harness.log, perRun: 2 },
    // Long enough for the refused ones to be asked for again.
    now: () => 60_000 * minutes++,
    subnets: {
      async allocate({ namespaceId }) {
        asked.push(id('namespace').parse(namespaceId));
        return { ok: false, rejection: { code: 'QUOTA_EXCEEDED', message: 'There is no room.' } };
      },
    },
  });
  for (let run = 0; run < 3; run++) await grow();
  expect(asked).toEqual([...namespaces].sort());
});

it('instances that never asked come before those that were refused, and of these each has a turn', async () => {
  const instances = Array.from({ length: 6 }, () => newId('instance')).sort();
  const [place] = namespaces;
  await harness.rows(
    `insert into network.deploy_instance
       (instance_id, tenant, namespace_id, deployment_id, node_id, labels, wanted, cause, correlation)
     select id, $2, $3, 'dep', 'node', '{}', true, 'c', 'c' from unnest($1::text[]) as t (id)`,
    [instances, tenant, place],
  );
  await harness.rows(
    `insert into network.endpoint (instance_id, tenant, namespace_id, node_id, status, message, cause, correlation)
     select id, $2, $3, 'node', 'refused', 'full', 'c', 'c' from unnest($1::text[]) as t (id)`,
    [instances.slice(0, 5), tenant, place],
  );
  const had = new Set<string>();
  for (let run = 0; run < 200 && had.size < 6; run++) {
    const [first, second] = await withoutAddress(harness.pool, 256, 2);
    expect(first?.instanceId).toBe(instances[5]);
    for (const one of [first, second]) if (one) had.add(one.instanceId);
  }
  expect([...had].sort()).toEqual(instances);
});
