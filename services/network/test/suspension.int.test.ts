/** What a suspension does to the rules of nodes: nothing is open, until it ends. */
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readRuleSet } from '../src/nodes/document.ts';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const ports = [{ protocol: 'TCP', from: 80, to: 80 }];

it('takes the policies of that tenant out of the rules, and of nobody else; they are back as they were', async () => {
  const nodeId = newId('node');
  const tenants = await Promise.all(
    ['mine', 'theirs'].map(async (name) => {
      const tenant = newId('tenant');
      const namespaceId = await harness.openNamespace(tenant);
      const spec = { from: { namespaceId, labels: {} }, to: { labels: {} }, ports };
      const created = await harness.call(
        'CreateIsolationPolicy',
        { namespaceId, name, ...opens(namespaceId, spec) },
        { tenant },
      );
      const instances = await Promise.all([1, 2].map(() => harness.place(tenant, namespaceId, nodeId)));
      return { tenant, instances, policyId: resultOf(created).policyId };
    }),
  );
  const [mine, theirs] = tenants;
  if (!mine || !theirs) throw new Error('There are two tenants.');

  interface Rules {
    readonly policies: readonly { policyId: string }[];
    readonly endpoints: readonly { instanceId: string; ingress: string | null; egress: string | null }[];
  }
  const rules = async (): Promise<Rules> => {
    return readRuleSet(harness.pool, nodeId);
  };
  const settle = (policies: readonly unknown[]) =>
    vi.waitFor(async () => {
      const now = await rules();
      expect(now.endpoints).toHaveLength(4);
      expect(now.policies.map(({ policyId }) => policyId).sort()).toEqual([...policies].sort());
      return now;
    }, deadline);
  const before = await settle([mine.policyId, theirs.policyId]);

  const suspend = () =>
    harness.fact(harness.tenancy, mine.tenant, `tenant:${mine.tenant}`, 'TenantSuspended', {
      tenantId: mine.tenant,
      reason: 'unpaid',
    });
  const resume = () =>
    harness.fact(harness.tenancy, mine.tenant, `tenant:${mine.tenant}`, 'TenantResumed', { tenantId: mine.tenant });

  await suspend();
  const isolated = await settle([theirs.policyId]);
  for (const endpoint of isolated.endpoints) {
    const open = theirs.instances.some((instance) => instance === endpoint.instanceId);
    expect([endpoint.ingress !== null, endpoint.egress !== null], endpoint.instanceId).toEqual([open, open]);
  }
  // What is placed and allowed meanwhile opens nothing either.
  const [namespace] = await harness.rows<{ namespace_id: string }>(
    'select namespace_id from network.policy where policy_id = $1',
    [mine.policyId],
  );
  await harness.call(
    'UpdateIsolationPolicy',
    {
      policyId: mine.policyId,
      ...opens(namespace?.namespace_id, {
        from: { namespaceId: namespace?.namespace_id, labels: {} },
        to: { labels: {} },
        ports,
      }),
    },
    { tenant: mine.tenant },
  );
  await settle([theirs.policyId]);

  await resume();
  const after = await settle([mine.policyId, theirs.policyId]);
  expect(after.endpoints.map(({ ingress, egress }) => [ingress, egress])).toEqual(
    before.endpoints.map(({ ingress, egress }) => [ingress, egress]),
  );
  expect((await harness.eventsOf(`tenant:${mine.tenant}`)).map(({ type }) => type)).toEqual([
    'TenantIsolated',
    'TenantReconnected',
  ]);
});
