/**
 * Where a connection may end that is to a virtual address or to a port of a public one, read from decisions 41 and 43 and from
 * nothing else. Whether it then gets there is decided by policies, about the instance and its own port.
 */
import type { CompiledEndpoint, Intent } from '@atoll/network/compile/model';
import type { Doors } from '../worlds/doors.ts';

/** Who speaks to what: a port of a service (by its place), or of a public address. */
export type Asked =
  | { readonly kind: 'service'; readonly index: number; readonly port: number }
  | { readonly kind: 'mapping'; readonly index: number };

export interface Behind {
  readonly instance: CompiledEndpoint;
  readonly port: number;
}

/** `source`: the address of who asks. Empty: it is refused. */
export function behindDoor(world: Intent & Doors, asked: Asked, source: string): readonly Behind[] {
  const takes = (one: CompiledEndpoint) => !world.idle.includes(one.instanceId);
  if (asked.kind === 'mapping') {
    const mapping = world.mapped[asked.index];
    const suspended = world.endpoints.some((one) => one.isolated && one.tenant === mapping?.tenant);
    if (mapping === undefined || suspended) return [];
    const node = [...new Set(world.endpoints.map((one) => one.nodeId))][mapping.node];
    return world.endpoints
      .filter((one) => mapping.instances.includes(one.instanceId) && one.nodeId === node && takes(one))
      .map((instance) => ({ instance, port: mapping.targetPort }));
  }
  const [service, shown] = [world.services[asked.index], world.exposed[asked.index]];
  const client = world.endpoints.find(({ ipv4, ipv6 }) => [ipv4, ipv6].includes(source));
  const port = shown?.ports[asked.port];
  if (service === undefined || port === undefined || client === undefined) return [];
  const near = world.endpoints.find((one) => one.namespaceId === service.namespaceId);
  // Others' environments know nothing of it.
  if (near?.environmentId !== client.environmentId) return [];
  return world.endpoints
    .filter((one) => one.namespaceId === service.namespaceId && takes(one))
    .filter(({ labels }) => Object.entries(service.labels).every(([key, value]) => labels[key] === value))
    .map((instance) => ({ instance, port: port.targetPort }));
}
