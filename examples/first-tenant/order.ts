/** What the log must tell, and in which order. */
import { isEvent } from '@atoll/sdk/events';
import type { EventData } from '@atoll/sdk/generated/events';
import type { Event } from '@atoll/sdk/generated/resources';
import { expect } from './report.ts';

/** The way of an instance, from its place to its first answer. */
const wayUp = [
  ['deploy.InstancePlaced', 'placed'],
  ['network.EndpointAllocated', 'addressed'],
  ['network.EndpointSecured', 'secured'],
  ['deploy.InstanceStarted', 'started'],
  ['deploy.InstanceReady', 'ready'],
] as const satisfies readonly (readonly [keyof EventData, string])[];

/** The steps of an instance for people, as far as the event is one. */
export function stepOf(event: Event): { readonly instanceId: string; readonly step: string } | null {
  for (const [type, step] of wayUp) {
    if (isEvent(event, type)) return { instanceId: event.data.instanceId, step };
  }
  return null;
}

/** Every instance that was placed went all steps, in order: above all, its rules were in force before it started. */
export function checkWayUp(events: readonly Event[]): number {
  const first = new Map<string, Map<string, number>>();
  events.forEach((event, index) => {
    const found = stepOf(event);
    if (found === null) return;
    const steps = first.get(found.instanceId) ?? new Map<string, number>();
    first.set(found.instanceId, steps);
    if (!steps.has(found.step)) steps.set(found.step, index);
  });
  for (const [instanceId, steps] of first) {
    let before = -1;
    for (const [, step] of wayUp) {
      const at = steps.get(step);
      expect(at !== undefined, `${instanceId} was never ${step}`);
      expect(at > before, `${instanceId}: ${[...steps.keys()].join(', ')} is not the order`);
      before = at;
    }
  }
  return first.size;
}

/** Containers, then addresses, then the subnet, then the name: nothing is let go of before what stands on it is gone. */
export function checkWayDown(events: readonly Event[], namespaceId: string, instances: number): void {
  const places = <T extends keyof EventData>(type: T, of: (data: EventData[T]) => boolean) =>
    events.flatMap((event, index) => (isEvent(event, type) && of(event.data) ? [index] : []));
  const here = (data: { readonly namespaceId: string }) => data.namespaceId === namespaceId;
  const requested = places('tenancy.NamespaceDeletionRequested', here);
  const stopped = places('deploy.InstanceStopped', here).filter((place) => place > (requested[0] ?? -1));
  const released = places('network.EndpointReleased', here).filter((place) => place > (requested[0] ?? -1));
  const subnets = places('network.SubnetReleased', here);
  const deleted = places('tenancy.NamespaceDeleted', here);
  expect(requested.length === 1, `${namespaceId}: ${requested.length} deletions were requested`);
  expect(stopped.length === instances, `${stopped.length} of ${instances} containers were removed`);
  expect(released.length === instances, `${released.length} of ${instances} addresses were let go of`);
  expect(subnets.length >= 1 && deleted.length === 1, `${namespaceId}: its subnet or the namespace itself did not go`);
  // An address goes when its own container has: instance by instance, not all of one kind before all of the other.
  events.forEach((event, index) => {
    if (!isEvent(event, 'network.EndpointReleased') || !here(event.data)) return;
    const { instanceId } = event.data;
    const gone = places('deploy.InstanceStopped', (data) => data.instanceId === instanceId)[0];
    expect(gone !== undefined && gone < index, `${instanceId}: its address went before its container`);
  });
  expect(Math.max(...released) < Math.min(...subnets), 'the subnet went before its last address');
  expect(Math.max(...subnets) < Math.min(...deleted), 'the namespace went before its subnet');
}
