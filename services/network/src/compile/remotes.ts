/**
 * The other nodes that a node has to reach: those with endpoints that its rules name. Pure; equal intent gives equal bytes.
 */
import type { Id } from '@atoll/schema/ids';
import type { RemoteNode, RuleSet, TunnelEnd } from '@atoll/schema/node/network';
import type { CompiledEndpoint } from './model.ts';
import { byText, sortedSet } from './order.ts';

/** By node; who isn't in it isn't connected. */
export type TunnelEnds = ReadonlyMap<string, TunnelEnd>;

type Naming = Pick<RuleSet, 'sets' | 'mappings'>;

/** Every address of an endpoint that packets to or from this node may have. */
const named = ({ sets, mappings }: Naming): Set<string> =>
  new Set([
    ...sets.filter(({ kind }) => kind === 'addresses').flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]),
    ...mappings.flatMap(({ targets }) => targets.map(({ address }) => address)),
  ]);

export function compileRemotes(
  nodeId: Id<'node'>,
  rules: Naming,
  endpoints: readonly CompiledEndpoint[],
  ends: TunnelEnds,
): RemoteNode[] {
  const addresses = named(rules);
  const elsewhere = endpoints.filter(
    ({ nodeId: on, ipv4, ipv6 }) => on !== nodeId && ends.has(on) && (addresses.has(ipv4) || addresses.has(ipv6)),
  );
  return [...Map.groupBy(elsewhere, (endpoint) => endpoint.nodeId)]
    .flatMap(([remote, theirs]): RemoteNode[] => {
      const end = ends.get(remote);
      if (end === undefined) return [];
      const { address, port, mac } = end;
      return [
        {
          nodeId: remote,
          tunnel: { address, port, mac },
          ipv4: sortedSet(theirs.map(({ ipv4 }) => ipv4)),
          ipv6: sortedSet(theirs.map(({ ipv6 }) => ipv6)),
        },
      ];
    })
    .sort((a, b) => byText(a.nodeId, b.nodeId));
}
