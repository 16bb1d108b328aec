import type { CommandOutcome } from '@atoll/events/store';
import { type TenancyCommand, type TenancyResult, tenancyCommands } from '@atoll/schema/tenancy/commands';
import type { CommandAnswer } from '@atoll/service/commands';

/** The stored answer has passed through JSON: it is parsed before it is believed. */
export function answer<N extends TenancyCommand>(name: N, outcome: CommandOutcome): CommandAnswer<TenancyResult<N>> {
  if (!outcome.ok) return outcome;
  const { position, version } = outcome;
  return {
    ok: true,
    result: tenancyCommands[name].result.parse(outcome.result) as TenancyResult<N>,
    position,
    version,
  };
}
