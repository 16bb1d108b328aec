/**
 * Ways to instances by other addresses than their own, in worlds of a seed: virtual addresses of services, whose sections the
 * real compiler makes, and ports of public addresses, as the contract with the agent has them.
 */

import type { CompiledEndpoint, CompiledService, Intent } from '@atoll/network/compile/model';
import {
  compileServices,
  type ServiceSections,
  type CompiledService as ServiceToCompile,
} from '@atoll/network/compile/services';
import type { Id } from '@atoll/schema/ids';
import type { RuleMapping } from '@atoll/schema/node/network';
import { fixedId } from '../../../agent/test/fixtures.ts';
import type { Dice } from '../random.ts';

const protocols = ['TCP', 'UDP'] as const;

/** Of a service: how it is spoken to. */
export interface Exposed {
  readonly serviceId: Id<'service'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly affinitySeconds: number | null;
  readonly ports: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number; readonly targetPort: number }[];
}

/** A port of a public address, and who is behind it: some instances of its tenant. */
export interface Mapped {
  readonly portMappingId: Id<'portMapping'>;
  readonly tenant: string;
  /** From 0: the node that answers for it. */
  readonly node: number;
  readonly address: { readonly ipv4: string; readonly ipv6: string };
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  readonly targetPort: number;
  readonly instances: readonly Id<'instance'>[];
}

export interface Doors {
  readonly exposed: readonly Exposed[];
  readonly mapped: readonly Mapped[];
  /** Who takes no new connections from services and public ports. */
  readonly idle: readonly Id<'instance'>[];
}

export function someExposed(
  dice: Dice,
  services: readonly CompiledService[],
  targetPorts: readonly number[],
): Exposed[] {
  return services.map(({ serviceId }, index) => ({
    serviceId,
    ...{ ipv4: `10.127.0.${index + 1}`, ipv6: `fd61:746f:6c6c:ffff:ffff:ffff:ffff:${index + 1}` },
    affinitySeconds: dice.chance(0.3) ? 60 : null,
    ports: protocols.map((protocol) => ({ protocol, port: 7000 + dice.number(3), targetPort: dice.of(targetPorts) })),
  }));
}

/** One for each protocol on each node; of an address of the node's own. */
export function someMapped(
  dice: Dice,
  endpoints: readonly CompiledEndpoint[],
  nodes: number,
  targetPorts: readonly number[],
): Mapped[] {
  return Array.from({ length: nodes }, (_, node) =>
    protocols.map((protocol, index): Mapped => {
      const { tenant } = dice.of(endpoints);
      const own = endpoints.filter((one) => one.tenant === tenant);
      return {
        ...{ portMappingId: fixedId('portMapping', node * 10 + index), tenant, node, protocol },
        address: { ipv4: `192.0.2.${101 + node}`, ipv6: `2001:db8::${101 + node}` },
        ...{ port: 7000 + dice.number(3), targetPort: dice.of(targetPorts) },
        instances: dice.some(own, 0.6).map((one) => one.instanceId),
      };
    }),
  ).flat();
}

export const someIdle = (dice: Dice, endpoints: readonly CompiledEndpoint[]): Id<'instance'>[] =>
  dice.some(endpoints, 0.2).map((one) => one.instanceId);

const carries = (one: CompiledEndpoint, wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([key, value]) => one.labels[key] === value);

/** What the network service reads out of its tables, and its compiler makes of that. */
export function serviceSections(
  { endpoints, services, exposed, idle }: Intent & Doors,
  nodeId: string,
): ServiceSections {
  const serves = (one: CompiledEndpoint) => !idle.includes(one.instanceId);
  const spaces = new Map(endpoints.map((one) => [one.namespaceId, one.environmentId]));
  const complete = services.map((service): ServiceToCompile => {
    const { serviceId, namespaceId, labels } = service;
    const shown = exposed.find((one) => one.serviceId === serviceId);
    if (shown === undefined) throw new Error('every service is spoken to somehow');
    const members = endpoints.filter((one) => one.namespaceId === namespaceId && carries(one, labels));
    const ports = shown.ports.map((port) => ({ ...port, name: port.protocol.toLowerCase() }));
    const named = { serviceId, namespaceId, name: `service-${serviceId.slice(-2)}` };
    return {
      ...{ ...shown, ...named, ports },
      members: members.map((one) => ({ ipv4: one.ipv4, ipv6: one.ipv6, serving: serves(one) })),
    };
  });
  return compileServices(
    endpoints
      .filter((one) => one.nodeId === nodeId)
      .map((one) => ({ instanceId: one.instanceId, namespaceId: one.namespaceId, serving: serves(one) })),
    [...spaces].map(([namespaceId, environmentId]) => ({
      ...{ namespaceId, environmentId },
      name: `space-${namespaceId.slice(-1)}`,
    })),
    complete,
  );
}

/** Of tenants that are suspended nothing leads anywhere; else to whom takes connections on the node itself. */
export function mappingsOf({ endpoints, mapped, idle }: Intent & Doors, node: number, nodeId: string): RuleMapping[] {
  const open = mapped.filter(
    (one) => one.node === node && !endpoints.some((e) => e.isolated && e.tenant === one.tenant),
  );
  return open
    .flatMap(({ portMappingId, address, protocol, port, targetPort, instances }) =>
      (['ipv4', 'ipv6'] as const).map((family, index): RuleMapping => {
        const behind = endpoints.filter(
          (one) => one.nodeId === nodeId && instances.includes(one.instanceId) && !idle.includes(one.instanceId),
        );
        const targets = behind.map((one) => ({ address: one[family], port: targetPort, here: true }));
        // Each address is an object of its own.
        const id = fixedId('portMapping', Number(portMappingId.slice(-4)) * 2 + index);
        return { portMappingId: id, address: address[family], protocol, port, targets };
      }),
    )
    .sort((a, b) => (a.portMappingId < b.portMappingId ? -1 : 1));
}
