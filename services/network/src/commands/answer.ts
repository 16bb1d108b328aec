/** How outcomes of decisions become answers. */
import type { CommandOutcome, EventStore, Idempotency } from '@atoll/events/store';
import type { Rejection } from '@atoll/schema/errors';
import { type NetworkCommand, type NetworkResult, networkCommands } from '@atoll/schema/network/commands';
import type { CommandAnswer, CommandContext } from '@atoll/service/commands';

/** The stored answer has passed through JSON: it is parsed before it is believed. */
export function answer<N extends NetworkCommand>(name: N, outcome: CommandOutcome): CommandAnswer<NetworkResult<N>> {
  if (!outcome.ok) return outcome;
  const { position, version } = outcome;
  return {
    ok: true,
    result: networkCommands[name].result.parse(outcome.result) as NetworkResult<N>,
    position,
    version,
  };
}

/** Refused before the commit was tried: unless it was done before under that key, and then that answer stands. */
export async function refusedUnlessDone(
  store: EventStore,
  context: CommandContext,
  idempotency: Idempotency,
  rejection: Rejection,
): Promise<CommandOutcome> {
  const stored = await store.storedAnswer(context.tenant, idempotency);
  if (stored?.outcome !== 'replayed') return { ok: false, rejection };
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}
