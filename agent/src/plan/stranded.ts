/**
 * Connections by virtual addresses whose instance is behind the service no more. Pure.
 *
 * A stream goes on while its instance is still there (`draining`), and ends with it: the client is told by the next packet that it
 * sends. Of datagrams each could be the first, so they move on at once.
 */
import type { DesiredNetwork, RuleService } from '@atoll/schema/node/network';
import ipaddr from 'ipaddr.js';
import type { Family } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';
import type { Connection } from './connections.ts';

/** What is behind each address now: `address protocol port` of the service, with `address port` of each instance. */
interface Behind {
  readonly targets: ReadonlyMap<string, ReadonlySet<string>>;
  /** Addresses, by that of the service. */
  readonly draining: ReadonlyMap<string, ReadonlySet<string>>;
}

const keyOf = (address: string, protocol: string, port: number) => `${canonicalMember(address)} ${protocol} ${port}`;

function behind(services: readonly RuleService[], family: Family): Behind {
  const draining = new Map(
    services.map((service): [string, ReadonlySet<string>] => [
      canonicalMember(service[family]),
      new Set(service.draining.map((one) => canonicalMember(one[family]))),
    ]),
  );
  const targets = new Map(
    services.flatMap((service) =>
      service.ports.map((port): [string, ReadonlySet<string>] => [
        keyOf(service[family], port.protocol.toLowerCase(), port.port),
        new Set(port.targets.map((target) => `${canonicalMember(target[family])} ${target.port}`)),
      ]),
    ),
  );
  return { targets, draining };
}

/** Finds them among all; null where no service has changed, so that there is no need to look. */
export function strandedConnections(
  previous: DesiredNetwork | null,
  next: DesiredNetwork,
): ((all: readonly Connection[]) => Connection[]) | null {
  if (next.pools.services.length === 0) return null;
  if (previous !== null && JSON.stringify(previous.rules.services) === JSON.stringify(next.rules.services)) return null;
  const now = { ipv4: behind(next.rules.services, 'ipv4'), ipv6: behind(next.rules.services, 'ipv6') };
  const ranges = next.pools.services.map((range) => ipaddr.parseCIDR(range));
  const within = (family: Family, address: string) => {
    const parsed = ipaddr.parse(address);
    return ranges.some((range) => range[0].kind() === family && parsed.match(range));
  };

  function isStranded({ family, protocol, destination, ports, answers }: Connection): boolean {
    if (ports === null || answers.address === destination || !within(family, destination)) return false;
    const target = canonicalMember(answers.address);
    const { targets, draining } = now[family];
    if (targets.get(keyOf(destination, protocol, ports.destination))?.has(`${target} ${answers.port}`)) return false;
    return protocol !== 'tcp' || draining.get(canonicalMember(destination))?.has(target) !== true;
  }
  return (all) => all.filter(isStranded);
}
