/** Who is behind a fact, as it is written on it. */
import type { Origin } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { CommandContext } from '@atoll/service/commands';

export const SELF = 'service:deploy';

export const originOf = ({ tenant, actor, correlation, traceparent, deadline }: CommandContext): Origin => ({
  tenant,
  actor,
  cause: null,
  correlation,
  traceparent,
  deadline,
});

/** What follows from an event of another context. */
export const followingFrom = (event: EventRecord): Origin => ({
  tenant: event.tenant,
  actor: SELF,
  cause: event.id,
  correlation: event.correlation,
  traceparent: event.traceparent,
});

/** The request behind what is wanted of a resource: whatever is done towards it belongs to that request. */
export interface Request {
  readonly tenant: Tenant;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}
export const following = (request: Request, actor: string): Origin => ({
  tenant: request.tenant,
  actor,
  cause: request.cause,
  correlation: request.correlation,
  traceparent: request.traceparent,
});

/** About a node: the platform's own, and nobody asked for it. */
export const aboutNode = (nodeId: Id<'node'>, actor: string): Origin => ({
  tenant: PLATFORM,
  actor,
  cause: null,
  correlation: nodeId,
  traceparent: null,
});
