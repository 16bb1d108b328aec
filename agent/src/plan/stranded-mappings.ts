/**
 * Connections by public addresses whose port leads nowhere any more, or elsewhere. Pure. A stream to an instance that only
 * takes no new ones goes on while the instance is there.
 */
import type { DesiredNetwork, RuleMapping } from '@atoll/schema/node/network';
import { canonicalMember } from '../render/set.ts';
import type { Connection } from './connections.ts';

const keyOf = (address: string, protocol: string, port: number) => `${canonicalMember(address)} ${protocol} ${port}`;
const keys = (mappings: readonly RuleMapping[]) =>
  mappings.map((one) => keyOf(one.address, one.protocol.toLowerCase(), one.port));

/** Finds them among all; null where no mapping has changed, so that there is no need to look. */
export function strandedByMappings(
  previous: DesiredNetwork | null,
  next: DesiredNetwork,
): ((all: readonly Connection[]) => Connection[]) | null {
  const before = previous?.rules.mappings ?? [];
  const now = next.rules.mappings;
  if (previous !== null && JSON.stringify(before) === JSON.stringify(now)) return null;
  const known = new Set([...keys(before), ...keys(now)]);
  if (known.size === 0) return null;
  const targets = new Map(
    now.map((one) => [
      keyOf(one.address, one.protocol.toLowerCase(), one.port),
      new Set(one.targets.map((target) => `${canonicalMember(target.address)} ${target.port}`)),
    ]),
  );
  const { endpoints, remotes } = next.rules;
  const there = new Set(
    [
      ...endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]),
      ...remotes.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]),
    ].map(canonicalMember),
  );

  return (all) =>
    all.filter(({ protocol, destination, ports, answers }) => {
      if (ports === null || answers.address === destination) return false;
      const key = keyOf(destination, protocol, ports.destination);
      if (!known.has(key)) return false;
      const open = targets.get(key);
      const target = canonicalMember(answers.address);
      if (open === undefined) return true;
      return !open.has(`${target} ${answers.port}`) && (protocol !== 'tcp' || !there.has(target));
    });
}
