import type { Event } from '@atoll/sdk/generated/resources';
import { describe, expect, test } from 'vitest';
import { checkWayDown, checkWayUp } from '../first-tenant/order.ts';
import { httpImage } from '../images/http-image.ts';

const event = (type: string, data: Record<string, unknown>): Event => ({
  cursor: '1',
  id: 'evt_1',
  type,
  resourceId: 'x',
  time: '2026-11-23T08:30:00.000Z',
  actor: 'service:x',
  cause: null,
  correlation: 'c',
  data: { instanceId: 'ins_1', namespaceId: 'ns_1', ...data },
});
const types = (...names: string[]) => names.map((name) => event(name, {}));
const up = [
  'deploy.InstancePlaced',
  'network.EndpointAllocated',
  'network.EndpointSecured',
  'deploy.InstanceStarted',
  'deploy.InstanceReady',
];
const down = [
  'tenancy.NamespaceDeletionRequested',
  'deploy.InstanceStopped',
  'network.EndpointReleased',
  'network.SubnetReleased',
  'tenancy.NamespaceDeleted',
];
const swapped = (all: readonly string[], index: number) =>
  all.map((name, i) => (i === index ? (all[i + 1] ?? name) : i === index + 1 ? (all[i - 1] ?? name) : name));

describe('what the example holds the log to', () => {
  test('the way up and the way down, as they should be', () => {
    expect(checkWayUp(types(...up))).toBe(1);
    expect(() => checkWayDown(types(...up, ...down), 'ns_1', 1)).not.toThrow();
  });
  test.each([0, 1, 2, 3])('step %i of the way up in another place fails', (index) => {
    expect(() => checkWayUp(types(...swapped(up, index)))).toThrow();
  });
  test.each([0, 1, 2, 3, 4])('step %i of the way up left out fails', (index) => {
    expect(() => checkWayUp(types(...up.filter((_, i) => i !== index)))).toThrow();
  });
  test.each([0, 1, 2, 3])('step %i of the way down in another place fails', (index) => {
    expect(() => checkWayDown(types(...swapped(down, index)), 'ns_1', 1)).toThrow();
  });
  test('a container or an address that did not go fails', () => {
    expect(() => checkWayDown(types(...down), 'ns_1', 2)).toThrow('1 of 2 containers');
  });
});

test('equal files are an equal image, another version is another one', async () => {
  const [first, again, other] = await Promise.all(
    ['v1', 'v1', 'v2'].map((version) => httpImage({ version, runs: false })),
  );
  expect(again).toEqual(first);
  expect(other?.manifest.digest).not.toBe(first?.manifest.digest);
  const manifest = JSON.parse(String(first?.manifest.bytes));
  expect(manifest.layers[0].digest).toBe(first?.layer.digest);
  expect(manifest.config.digest).toBe(first?.config.digest);
});
