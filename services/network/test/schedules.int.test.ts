/** Schedules against real processes: the clock is the test's, everything else is real. */
import type { Id } from '@atoll/schema/ids';
import type { PolicySchedule } from '@atoll/schema/network/spec';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let now = new Date('2026-11-23T09:00:00.000Z');
let harness: Harness;
let running: { readonly stop: () => Promise<void> }[] = [];
let tenant: Id<'tenant'>;
let namespaceId: Id<'namespace'>;
const patient = { timeout: 20_000, interval: 50 };

beforeAll(async () => {
  // Two processes: each sees the moment, and one of them acts.
  harness = await startHarness({ clock: async () => now, services: 0 });
  running = await Promise.all([harness.startService(), harness.startService()]);
  tenant = newId('tenant');
  namespaceId = await harness.openNamespace(tenant);
});
afterAll(() => harness.stop());

const term = (startsAt: string | null, endsAt: string | null): PolicySchedule => ({
  ...{ startsAt, endsAt, windows: [], timeZone: 'UTC' },
});
const ports = [{ protocol: 'TCP', from: 80, to: 80 }];
let names = 0;
function create(schedule: unknown) {
  const { definition } = opens(namespaceId, { from: { namespaceId, labels: {} }, to: { labels: {} }, ports });
  const asked = { namespaceId, name: `timed-${++names}`, definition, schedule };
  return harness.call('CreateIsolationPolicy', asked, { tenant });
}
const typesOf = async (policyId: string) =>
  (await harness.eventsOf(`policy:${policyId}`)).map(({ type }) => type).filter((type) => type !== 'PolicyEnforced');
const [created, on, off] = ['IsolationPolicyCreated', 'PolicyActivated', 'PolicyDeactivated'];

it('a policy is in the rules of nodes only within its time, and each time has its receipt', async () => {
  const agent = createAgent(harness.nc, newId('node'));
  harness.onStop(await agent.follow());
  const instances = await Promise.all([1, 2].map(() => harness.place(tenant, namespaceId, agent.nodeId)));
  for (const instance of instances) await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
  const { policyId = '' } = resultOf(await create(term('2026-11-23T10:00:00.000Z', '2026-11-23T11:00:00.000Z')));
  const inForce = () => agent.applied()?.rules.policies.map((one) => [one.policyId, one.revision]) ?? null;
  await expect.poll(() => agent.applied()?.rules.endpoints.length, patient).toBe(2);
  expect(inForce()).toEqual([]);
  expect(await typesOf(policyId)).toEqual([created]);

  now = new Date('2026-11-23T10:00:00.000Z');
  await expect.poll(inForce, patient).toEqual([[policyId, 2]]);
  expect((await harness.event(`policy:${policyId}`, 'PolicyEnforced')).data.revision).toBe(2);

  // A clock that was set back takes it back; forwards again it comes again, as another revision.
  now = new Date('2026-11-23T09:30:00.000Z');
  await expect.poll(inForce, patient).toEqual([]);
  now = new Date('2026-11-23T10:30:00.000Z');
  await expect.poll(inForce, patient).toEqual([[policyId, 3]]);

  now = new Date('2026-11-23T11:00:00.000Z');
  await expect.poll(inForce, patient).toEqual([]);
  expect(await typesOf(policyId)).toEqual([created, on, off, on, off]);
  const [last] = (await harness.eventsOf(`policy:${policyId}`)).filter(({ type }) => type === off).slice(-1);
  expect(last).toMatchObject({ actor: 'service:network', data: { nextChangeAt: null } });
});

it('what comes due while no process runs is done when one does', async () => {
  now = new Date('2026-11-23T09:00:00.000Z');
  const { policyId = '' } = resultOf(await create(term('2026-11-23T10:00:00.000Z', null)));
  expect(await typesOf(policyId)).toEqual([created]);
  await Promise.all(running.map((service) => service.stop()));
  now = new Date('2026-11-25T09:00:00.000Z');
  await harness.startService();
  await expect.poll(() => typesOf(policyId), patient).toEqual([created, on]);
});

it.each([
  ['a zone that there isn’t', { ...term(null, null), timeZone: 'Mars/Olympus' }, 'schedule.timeZone'],
  ['an end that is over', term(null, '2020-01-01T00:00:00.000Z'), 'schedule.endsAt'],
  ['an end before its start', term('2099-01-02T00:00:00.000Z', '2099-01-01T00:00:00.000Z'), 'schedule.endsAt'],
  ['a start that is no instant', term('tomorrow', null), 'schedule.startsAt'],
  [
    'a time of day that there isn’t',
    { ...term(null, null), windows: [{ days: ['MONDAY'], from: '24:00', to: '02:00' }] },
    'schedule.windows.0.from',
  ],
  [
    'no day of the week',
    { ...term(null, null), windows: [{ days: [], from: '20:00', to: '02:00' }] },
    'schedule.windows.0.days',
  ],
])('with %s it is refused, and nothing is changed', async (_what, schedule, field) => {
  // Time goes on for the policies of before, and tells of it.
  const policies = async () =>
    (await harness.rows(`select 1 from network.event where type = 'IsolationPolicyCreated'`)).length;
  const before = await policies();
  const reply = await create(schedule);
  expect(codeOf(reply)).toBe('INVALID_ARGUMENT');
  expect(reply).toMatchObject({ error: { field } });
  expect(await policies()).toBe(before);
});
