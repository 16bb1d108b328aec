/** What the agent takes from its environment. */
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { runtimes } from '@atoll/schema/deploy/events';
import { id } from '@atoll/schema/ids';
import { name } from '@atoll/schema/text';
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';
import { defaultTunnelPort, usualBounds } from './render/names.ts';

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path');

/** Enough to find and remove what belongs to the node. */
export const nodeConfig = z.object({
  ATOLL_NODE_ID: id('node'),
  ATOLL_STATE_DIR: absolutePath,
  ATOLL_RUNTIME: z.enum(runtimes),
  ATOLL_DOCKER_SOCKET: absolutePath.default('/var/run/docker.sock'),
  /** Path of the network namespace that is this node's host network; unset for the one the agent runs in. */
  ATOLL_NODE_NETNS: absolutePath.optional(),
  /** A name server for names outside of the platform, `<address>` or `<address> <port>`; unset: none of these is answered. */
  ATOLL_DNS_UPSTREAM: z
    .string()
    .transform((text, context) => {
      const [address = '', port = '53', ...rest] = text.trim().split(/ +/);
      if (isIP(address) !== 0 && rest.length === 0 && Number(port) > 0 && Number(port) < 65_536 && /^\d+$/.test(port)) {
        return { address, port: Number(port) };
      }
      context.addIssue({ code: 'custom', message: 'must be an IP address, or an IP address, a space and a port' });
      return z.NEVER;
    })
    .optional(),
  /** How pods of different nodes reach each other; `none`: not at all. */
  ATOLL_OVERLAY: z.enum(['vxlan', 'none']).default('vxlan'),
  /** Where other nodes reach this one; unset for the address that it has towards its default route. */
  ATOLL_NODE_ADDRESS: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** UDP port on which packets from other nodes arrive. */
  ATOLL_TUNNEL_PORT: z.coerce.number().int().min(1).max(65_535).default(defaultTunnelPort),
  /** How many connections a pod may have open at once, in each direction; 0 for any number. */
  ATOLL_POD_CONNECTIONS: z.coerce.number().int().min(0).max(1_000_000).default(usualBounds.connections),
  /** How many it may begin in a second; 0 for any number. */
  ATOLL_POD_NEW_CONNECTIONS: z.coerce.number().int().min(0).max(10_000).default(usualBounds.newPerSecond),
  /**
   * Its interface to the outside: with it the node may be chosen to answer for public addresses. `lo`: the machine itself reaches
   * them, and nobody else.
   */
  ATOLL_PUBLIC_INTERFACE: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,15}$/, 'must be the name of an interface')
    .optional(),
});
export type NodeConfig = z.infer<typeof nodeConfig>;

export const agentConfig = nodeConfig.extend({
  ...commonConfig,
  ATOLL_NODE_NAME: name,
  /** What may be given to instances; unset for all that the machine has. */
  ATOLL_CPU_MILLIS: z.coerce.number().int().min(10).optional(),
  ATOLL_MEMORY_MIB: z.coerce.number().int().min(8).optional(),
  ATOLL_MAX_INSTANCES: z.coerce.number().int().min(1).default(250),
});
export type AgentConfig = z.infer<typeof agentConfig>;
