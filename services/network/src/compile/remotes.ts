/** Another node that a node has to reach, with those of its endpoints that the node's rules name. Pure. */
import type { Id } from '@atoll/schema/ids';
import type { RemoteNode, TunnelEnd } from '@atoll/schema/node/network';
import type { CompiledEndpoint } from './model.ts';
import { sortedSet } from './order.ts';

/** By node; who isn't in it isn't connected. */
export type TunnelEnds = ReadonlyMap<string, TunnelEnd & { readonly nodeId: Id<'node'> }>;

/** `named`: the endpoints on that node that packets to or from the other one may have an address of. */
export function compileRemote(
  named: readonly Pick<CompiledEndpoint, 'ipv4' | 'ipv6'>[],
  end: TunnelEnd & { readonly nodeId: Id<'node'> },
): RemoteNode {
  const { nodeId, address, port, mac } = end;
  const ipv4 = sortedSet(named.map((endpoint) => endpoint.ipv4));
  return { nodeId, tunnel: { address, port, mac }, ipv4, ipv6: sortedSet(named.map(({ ipv6 }) => ipv6)) };
}
