/** Addresses that run low, run out and are enough again: who is told, of what, and how often. Over two processes. */
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
const node = newId('node');
const operator = { tenant: PLATFORM as Tenant };

beforeAll(async () => {
  harness = await startHarness({ services: 2, supplyMs: 100, silentAfterMs: 500 });
});
afterAll(() => harness.stop());

/** What was told, with how much was free; the tenants whom it was told. */
async function told(stream: string) {
  const events = await harness.eventsOf(stream);
  const tenants = [...new Set(events.map((event) => event.tenant))];
  return { tenants, said: events.map(({ type, data }) => `${type} ${(data as { free: number }).free}`) };
}
const untilTold = (stream: string, said: readonly string[], by: Tenant) =>
  vi.waitFor(async () => expect(await told(stream)).toEqual({ tenants: [by], said }), deadline);

/** With 13 addresses, and no others. */
async function smallNamespace(): Promise<Id<'namespace'>> {
  const namespaceId = await harness.openNamespace(tenant);
  const [first] = await harness.rows<{ subnet_id: string }>(
    'select subnet_id from network.subnet where namespace_id = $1',
    [namespaceId],
  );
  resultOf(await harness.call('CreateSubnet', { namespaceId, ipv4: null, ipv4PrefixLength: 28 }, { tenant }));
  await vi.waitFor(
    async () => resultOf(await harness.call('DeleteSubnet', { subnetId: first?.subnet_id }, { tenant })),
    deadline,
  );
  return namespaceId;
}

it('of a namespace its tenant is told when few are left, when none is, and when there are enough again', async () => {
  const namespaceId = await smallNamespace();
  const stream = `addressSupply:${namespaceId}`;
  const place = (count: number) =>
    Promise.all(Array.from({ length: count }, () => harness.place(tenant, namespaceId, node)));
  const addressed = (instances: readonly Id<'instance'>[]) =>
    Promise.all(instances.map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
  const stop = (instances: readonly Id<'instance'>[]) =>
    Promise.all(instances.map((id) => harness.stopInstance(tenant, namespaceId, node, id)));

  const first = await place(11);
  await addressed(first);
  await untilTold(stream, ['NamespaceAddressesRanLow 2'], tenant);
  await addressed(await place(2));
  await untilTold(stream, ['NamespaceAddressesRanLow 2', 'NamespaceAddressesRanOut 0'], tenant);
  // Waits, and has its address as soon as there is one; which is all that is free for now.
  const [waiting] = await place(1);
  await harness.event(`endpoint:${waiting}`, 'EndpointRefused');
  await stop(first.slice(0, 1));
  if (waiting !== undefined) await addressed([waiting]);
  // Five more are free: not yet twice what is low.
  await stop(first.slice(1, 6));
  const few = ['NamespaceAddressesRanLow 2', 'NamespaceAddressesRanOut 0'];
  await vi.waitFor(async () => {
    const { said } = await told(stream);
    expect(said.slice(0, 2)).toEqual(few);
    expect(said.slice(2).map((one) => one.split(' ')[0])).toEqual(['NamespaceAddressesRanLow']);
  }, deadline);
  await stop(first.slice(6));
  await vi.waitFor(async () => {
    const { said } = await told(stream);
    expect(said).toHaveLength(4);
    expect(said[3]).toMatch(/^NamespaceAddressesRecovered ([6-9]|10)$/);
  }, deadline);
  const kept = () => harness.rows('select from network.namespace_supply where namespace_id = $1', [namespaceId]);
  await vi.waitFor(async () => expect(await kept()).toEqual([]), deadline);
});

it('of the ranges of a purpose and family the operator is told, and a further range helps', async () => {
  const namespaceId = await harness.openNamespace(tenant);
  const stream = 'addressPool:PUBLIC-IPV4';
  const add = async (cidr: string) =>
    resultOf(await harness.call('AddAddressRange', { purpose: 'PUBLIC', cidr }, operator));
  const allocate = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) {
      resultOf(await harness.call('AllocatePublicAddress', { namespaceId, name: `web-${n}` }, { tenant }));
    }
  };
  await harness.rows(`insert into tenancy.claim_limit values ('quota-publicIps', $1, 1000)`, [tenant]);
  await add('203.0.113.0/29');
  await allocate(1, 7);
  await untilTold(stream, ['AddressPoolRanLow 1'], PLATFORM);
  await allocate(8, 8);
  await untilTold(stream, ['AddressPoolRanLow 1', 'AddressPoolRanOut 0'], PLATFORM);
  await add('198.51.100.0/29');
  await untilTold(stream, ['AddressPoolRanLow 1', 'AddressPoolRanOut 0', 'AddressPoolRecovered 8'], PLATFORM);
  const spec = {
    selector: {},
    affinitySeconds: null,
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
  };
  resultOf(await harness.call('CreateService', { namespaceId, name: 'web', spec }, { tenant }));
  const ranges = await harness.rows<{ id: string }>(
    `select range_id as id from network.address_range where purpose = 'SERVICES'`,
  );
  await vi.waitFor(async () => {
    const reply = await harness.call('DescribeAddressUse', { ids: ranges.map(({ id }) => id) }, operator);
    if (!reply.ok) throw new Error(reply.error.message);
    const { uses } = reply.result as { uses: { used: number }[] };
    expect(uses.map(({ used }) => used)).toEqual([1, 1]);
  }, deadline);
  // Nothing is told of what there is enough of, and nothing to tenants.
  for (const other of ['PUBLIC-IPV6', 'INSTANCES-IPV4', 'INSTANCES-IPV6', 'SERVICES-IPV4', 'SERVICES-IPV6']) {
    expect((await told(`addressPool:${other}`)).said).toEqual([]);
  }
  await vi.waitFor(async () => expect(await harness.rows('select from network.pool_supply')).toEqual([]), deadline);
});
