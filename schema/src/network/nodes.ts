/** Facts of how nodes are connected to each other. Stream: `node:<id>`, of the platform. */
import { z } from 'zod';
import { id } from '../ids.ts';

export const detachReasons = ['SILENT', 'REPLACED', 'DISCONNECTED'] as const;

export const nodeEvents = {
  NodeAttached: {
    doc: 'Other nodes may reach the endpoints of this one here. Told again when it changes.',
    stream: 'node',
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      address: z
        .union([z.ipv4(), z.ipv6()])
        .describe('Its address in the network that connects the nodes, IPv4 or IPv6.'),
      port: z.number().int().min(1).max(65_535).describe('UDP port of its end of the tunnel.'),
      mac: z.string().max(17).describe('Hardware address of its end of the tunnel.'),
      mtu: z.number().int().min(1280).max(65_535).describe('MTU of the network underneath, in bytes.'),
    }),
  },
  NodeDetached: {
    doc: 'Its endpoints are reachable from its own node only; its address is free for another node.',
    stream: 'node',
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      reason: z
        .enum(detachReasons)
        .describe(
          'SILENT: not heard of for long, with nothing on it · REPLACED: silent, and another node has its address · DISCONNECTED: it says so itself.',
        ),
    }),
  },
} as const;

/** Where a node is reached by the others, as the operator is told. */
export const toldTunnel = z.strictObject({
  nodeId: id('node'),
  /** Null where the node isn't connected to others. */
  end: z
    .strictObject({
      address: z.string(),
      port: z.number().int(),
      mtu: z.number().int(),
      since: z.iso.datetime().nullable(),
    })
    .nullable(),
  /** When the node was heard of last; null: never. */
  heardAt: z.iso.datetime().nullable(),
  /** Why it isn't connected though it asks for it, or not as it asks for; null where it is. */
  refused: z.string().nullable(),
});
export type ToldTunnel = z.infer<typeof toldTunnel>;

export const nodeCommands = {
  /** Changes nothing: for the platform alone. Of nodes that were heard of; by node id. */
  ReadTunnels: {
    input: z.strictObject({ nodeIds: z.array(id('node')).min(1).max(100) }),
    result: z.strictObject({ nodes: z.array(toldTunnel) }),
  },
} as const;
