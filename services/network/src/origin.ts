/** Who is behind a command, as it is written on its events. */
import type { Origin } from '@atoll/events/store';
import type { CommandContext } from '@atoll/service/commands';

/** A caller asked for it. */
export const originOf = ({ tenant, actor, correlation, traceparent, deadline }: CommandContext): Origin => ({
  tenant,
  actor,
  cause: null,
  correlation,
  traceparent,
  deadline,
});

/** What a row of the local tables, or an event, says about where it came from. */
export type Because = Pick<Origin, 'tenant' | 'cause' | 'correlation' | 'traceparent'>;

/** This service does it because of an earlier fact. */
export const originBecauseOf = (because: Because, actor = 'service:network'): Origin => ({
  tenant: because.tenant,
  actor,
  cause: because.cause,
  correlation: because.correlation,
  traceparent: because.traceparent,
});
