/**
 * The other nodes that a node has to reach: those with endpoints that its rules name. Pure; equal intent gives equal bytes.
 */
import type { Id } from '@atoll/schema/ids';
import type { RemoteNode, TunnelEnd } from '@atoll/schema/node/network';
import type { CompiledEndpoint } from './model.ts';
import { byText, sortedSet } from './order.ts';

/** By node; who isn't in it isn't connected. */
export type TunnelEnds = ReadonlyMap<string, TunnelEnd & { readonly nodeId: Id<'node'> }>;

/** `elsewhere`: the endpoints that packets to or from this node may have an address of, by the node that they are on. */
export const compileRemotes = (
  elsewhere: ReadonlyMap<string, readonly CompiledEndpoint[]>,
  ends: TunnelEnds,
): RemoteNode[] =>
  [...elsewhere]
    .flatMap(([remote, theirs]): RemoteNode[] => {
      const end = ends.get(remote);
      if (end === undefined) return [];
      const { nodeId, address, port, mac } = end;
      const ipv4 = sortedSet(theirs.map((endpoint) => endpoint.ipv4));
      return [{ nodeId, tunnel: { address, port, mac }, ipv4, ipv6: sortedSet(theirs.map(({ ipv6 }) => ipv6)) }];
    })
    .sort((a, b) => byText(a.nodeId, b.nodeId));
