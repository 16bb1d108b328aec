import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
let mine: Id<'tenant'>;
let theirs: Id<'tenant'>;
let namespaceId: Id<'namespace'>;
let foreign: Id<'namespace'>;

beforeAll(async () => {
  harness = await startHarness();
  [mine, theirs] = [newId('tenant'), newId('tenant')];
  [namespaceId, foreign] = await Promise.all([harness.openNamespace(mine), harness.openNamespace(theirs)]);
});
afterAll(() => harness.stop());

const ports = [{ protocol: 'TCP', from: 80, to: 80 }];
/** From a namespace to the policy's own. */
const specFrom = (from: string, own: string = namespaceId) =>
  opens(own, { from: { namespaceId: from, labels: {} }, to: { labels: {} }, ports });
const withPart = (part: object) => {
  const { definition, schedule } = specFrom(namespaceId);
  return { definition: { ...definition, ...part }, schedule };
};
let names = 0;
const create = (
  data: object = {},
  asked: { tenant?: Id<'tenant'>; key?: string } = {},
  spec: object = specFrom(namespaceId, (data as { namespaceId?: string }).namespaceId),
) =>
  harness.call(
    'CreateIsolationPolicy',
    { namespaceId, name: `policy-${++names}`, ...spec, ...data },
    { tenant: mine, ...asked },
  );

describe('isolation policies', () => {
  it('are created, updated and deleted with revisions, under the tenant', async () => {
    const { policyId } = resultOf(await create());
    const update = { policyId, ...withPart({ to: [{ kind: 'INSTANCES', namespaceId, labels: { app: 'db' } }] }) };
    expect(codeOf(await harness.call('UpdateIsolationPolicy', update, { tenant: mine }))).toBe('OK');
    expect(codeOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant: mine }))).toBe('OK');
    expect(codeOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant: mine }))).toBe('NOT_FOUND');
    expect(codeOf(await harness.call('UpdateIsolationPolicy', update, { tenant: mine }))).toBe('NOT_FOUND');
    expect(await harness.eventsOf(`policy:${policyId}`)).toMatchObject([
      { type: 'IsolationPolicyCreated', tenant: mine, actor: 'user:ada', data: { revision: 1 } },
      { type: 'IsolationPolicyUpdated', tenant: mine, data: { revision: 2 } },
      { type: 'IsolationPolicyDeleted', tenant: mine },
    ]);
  });

  it('have names of their own in their namespace, free again when deleted', async () => {
    const { policyId } = resultOf(await create({ name: 'same' }));
    expect(await create({ name: 'same' })).toMatchObject({ ok: false, error: { code: 'NAME_TAKEN', field: 'name' } });
    const other = await harness.openNamespace(mine);
    expect(codeOf(await create({ name: 'same', namespaceId: other }))).toBe('OK');
    resultOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant: mine }));
    expect(codeOf(await create({ name: 'same' }))).toBe('OK');
  });

  it('are answered again under their key, a deletion too', async () => {
    const data = { name: 'keyed' };
    const first = await create(data, { key: 'policy-once' });
    expect(await create(data, { key: 'policy-once' })).toEqual(first);
    expect(codeOf(await create({ name: 'else' }, { key: 'policy-once' }))).toBe('IDEMPOTENCY_KEY_REUSED');
    const { policyId } = resultOf(first);
    const asked = { tenant: mine, key: 'policy-delete' };
    const deleted = await harness.call('DeleteIsolationPolicy', { policyId }, asked);
    expect(codeOf(deleted)).toBe('OK');
    expect(await harness.call('DeleteIsolationPolicy', { policyId }, asked)).toEqual(deleted);
  });

  it('are refused to one who has read an older version', async () => {
    const { policyId } = resultOf(await create());
    const update = (expectedVersion: number) =>
      harness.call('UpdateIsolationPolicy', { policyId, ...specFrom(namespaceId) }, { tenant: mine, expectedVersion });
    expect(codeOf(await update(1))).toBe('OK');
    expect(codeOf(await update(1))).toBe('VERSION_CONFLICT');
    expect(codeOf(await update(7))).toBe('VERSION_CONFLICT');
    const stale = { tenant: mine, expectedVersion: 1 };
    expect(codeOf(await harness.call('DeleteIsolationPolicy', { policyId }, stale))).toBe('VERSION_CONFLICT');
    expect(codeOf(await update(2))).toBe('OK');
  });

  it.each([
    ['nobody to come from', { from: [] }, 'definition.from'],
    ['nowhere to go to', { to: [] }, 'definition.to'],
    ['a port of 0', { traffic: [{ protocol: 'TCP', from: 0, to: 1 }] }, 'definition.traffic.0.from'],
    ['a port of 70000', { traffic: [{ protocol: 'UDP', from: 1, to: 70_000 }] }, 'definition.traffic.0.to'],
    ['ports the wrong way round', { traffic: [{ protocol: 'TCP', from: 9, to: 1 }] }, 'definition.traffic.0'],
    ['a protocol that there isn’t', { traffic: [{ protocol: 'IGMP' }] }, 'definition.traffic.0.protocol'],
    ['ports of ICMP', { traffic: [{ protocol: 'ICMP', type: null, from: 1, to: 2 }] }, 'definition.traffic.0'],
    ['a priority above the last', { priority: 1001 }, 'definition.priority'],
    [
      'a malformed label',
      { to: [{ kind: 'INSTANCES', namespaceId: '', labels: { app: '$(reboot)' } }] },
      'definition.to.0.labels.app',
    ],
  ])('with %s are refused with the field', async (_what, part, field) => {
    const own = JSON.parse(JSON.stringify(part).replace('"namespaceId":""', `"namespaceId":"${namespaceId}"`));
    const reply = await create({}, {}, withPart(own));
    expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field } });
  });
});

describe('across tenants', () => {
  it('every command answers a foreign id as a missing one, and changes nothing', async () => {
    const { policyId } = resultOf(
      await harness.call(
        'CreateIsolationPolicy',
        { namespaceId: foreign, name: 'theirs', ...specFrom(foreign, foreign) },
        { tenant: theirs },
      ),
    );
    const before = await harness.store.lastPosition();
    const spec = specFrom(namespaceId);
    const pairs = [
      [
        'CreateIsolationPolicy',
        { namespaceId: foreign, name: 'x', ...spec },
        { namespaceId: newId('namespace'), name: 'x', ...spec },
      ],
      [
        'CreateIsolationPolicy',
        { namespaceId, name: 'x', ...specFrom(foreign) },
        { namespaceId, name: 'x', ...specFrom(newId('namespace')) },
      ],
      ['UpdateIsolationPolicy', { policyId, ...spec }, { policyId: newId('policy'), ...spec }],
      ['DeleteIsolationPolicy', { policyId }, { policyId: newId('policy') }],
      ['CreateSubnet', { namespaceId: foreign, ipv4: null }, { namespaceId: newId('namespace'), ipv4: null }],
    ] as const;
    for (const [command, foreignData, missingData] of pairs) {
      const answer = await harness.call(command, foreignData, { tenant: mine });
      expect(codeOf(answer), command).toBe('NOT_FOUND');
      expect(answer, command).toEqual(await harness.call(command, missingData, { tenant: mine }));
    }
    const { policyId: own } = resultOf(await create());
    const crossed = { policyId: own, ...specFrom(foreign) };
    expect(await harness.call('UpdateIsolationPolicy', crossed, { tenant: mine })).toMatchObject({
      ok: false,
      error: { code: 'NOT_FOUND', field: 'definition.from.0.namespaceId' },
    });
    expect(await harness.store.lastPosition()).toBe(before + 1);
  });

  it('the same key belongs to each tenant alone', async () => {
    const one = await create({ name: 'shared-key' }, { key: 'shared' });
    const other = await harness.call(
      'CreateIsolationPolicy',
      { namespaceId: foreign, name: 'shared-key', ...specFrom(foreign, foreign) },
      { tenant: theirs, key: 'shared' },
    );
    expect(resultOf(other).policyId).not.toBe(resultOf(one).policyId);
  });
});

describe('a namespace that is being deleted', () => {
  it('is neither side of a new policy', async () => {
    const closing = await harness.openNamespace(mine);
    const { policyId } = resultOf(await create());
    await harness.deleteNamespace(mine, closing);
    await harness.event(`namespace:${closing}`, 'NamespaceClosed');
    expect(await create({ namespaceId: closing })).toMatchObject({
      error: { code: 'BEING_DELETED', field: 'namespaceId' },
    });
    const fromClosing = { code: 'BEING_DELETED', field: 'definition.from.0.namespaceId' };
    expect(await create({}, {}, specFrom(closing))).toMatchObject({ error: fromClosing });
    const update = { policyId, ...specFrom(closing) };
    expect(await harness.call('UpdateIsolationPolicy', update, { tenant: mine })).toMatchObject({ error: fromClosing });
  });
});

describe('receipts', () => {
  it('leave the version that a tenant has read valid', async () => {
    const nodeId = newId('node');
    const agent = createAgent(harness.nc, nodeId);
    const namespace = await harness.openNamespace(mine);
    const spec = specFrom(namespace, namespace);
    const { policyId } = resultOf(await create({ namespaceId: namespace }, {}, spec));
    const instance = await harness.place(mine, namespace, nodeId);
    await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
    await expect.poll(async () => (await agent.sync())?.rules.policies.length, { timeout: 15_000 }).toBe(1);
    await harness.event(`policy:${policyId}`, 'PolicyEnforced');
    const asked = { tenant: mine, expectedVersion: 1 };
    expect(codeOf(await harness.call('UpdateIsolationPolicy', { policyId, ...spec }, asked))).toBe('OK');
  });
});
