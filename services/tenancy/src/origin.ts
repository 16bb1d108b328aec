/** Who is behind a command, as it is written on its events. */
import type { Origin } from '@atoll/events/store';
import type { CommandContext } from '@atoll/service/commands';

export const originOf = ({ tenant, actor, correlation, traceparent, deadline }: CommandContext): Origin => ({
  tenant,
  actor,
  cause: null,
  correlation,
  traceparent,
  deadline,
});
