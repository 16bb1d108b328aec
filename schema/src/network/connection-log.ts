/** Which new connections the policies of a tenant that log have decided about: asked of the agents of the nodes that have them. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { loggedConnection, mostLoggedConnections } from '../node/connection-log.ts';

const tenantConnection = loggedConnection.omit({ instanceId: true }).extend({
  policyId: id('policy'),
  nodeId: id('node'),
  /** Of the tenant, and at that address by then; null where none of its instances is known to have been. */
  sourceInstanceId: id('instance').nullable(),
  destinationInstanceId: id('instance').nullable(),
});
export type TenantConnection = z.infer<typeof tenantConnection>;

/** Of any tenant. */
const platformConnection = tenantConnection.extend({ policyId: id('platformPolicy') });
export type PlatformConnection = z.infer<typeof platformConnection>;

export const tenantConnectionLog = z.strictObject({
  /** Newest first. */
  connections: z.array(tenantConnection).max(mostLoggedConnections),
  /** There are older ones, which were asked for as well. */
  more: z.boolean(),
  /** Packets decided about and not logged, because there were too many at a time; since the nodes have begun to log. */
  leftOut: z.number().int().min(0),
  /** Nodes that have such a policy and didn't answer, or log nothing. */
  missing: z.array(id('node')),
});
export type TenantConnectionLog = z.infer<typeof tenantConnectionLog>;

const platformConnectionLog = tenantConnectionLog.extend({
  connections: z.array(platformConnection).max(mostLoggedConnections),
});
export type PlatformConnectionLog = z.infer<typeof platformConnectionLog>;

export const connectionLogCommands = {
  /** Changes nothing, and for the platform alone. Of its policies that log now, or of one of them. */
  ReadPlatformConnectionLog: {
    input: z.strictObject({
      platformPolicyId: id('platformPolicy').nullable(),
      since: z.iso.datetime().nullable(),
      first: z.number().int().min(1).max(mostLoggedConnections),
    }),
    result: platformConnectionLog,
  },
  /** Changes nothing. Of the namespace's policies that log now, or of one of them. */
  ReadConnectionLog: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      policyId: id('policy').nullable(),
      since: z.iso.datetime().nullable(),
      first: z.number().int().min(1).max(mostLoggedConnections),
    }),
    result: tenantConnectionLog,
  },
} as const;
