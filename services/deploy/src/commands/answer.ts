/** How commands of tenants are answered: a repeated one as the first was. */
import type { CommandOutcome, EventStore, Idempotency } from '@atoll/events/store';
import type { deployCommands } from '@atoll/schema/deploy/commands';
import { reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { CommandAnswer, CommandContext } from '@atoll/service/commands';

/** What a handler is given beside its input. */
export interface Asked {
  readonly tenant: Id<'tenant'>;
  readonly context: CommandContext;
  readonly idempotency: Idempotency;
}

export const notATenant = reject('FORBIDDEN', 'Deployments belong to tenants: the platform itself has none.');
const keyReused = reject(
  'IDEMPOTENCY_KEY_REUSED',
  'This idempotency key was used before for another request. Use a new key for a new request.',
);

/**
 * The frame of every command. A repeated request is answered as the first was, whatever has changed since: `handleCommand`
 * looks for the stored answer before it decides, and what is refused before it comes to that is looked up here.
 */
export async function answer<R>(
  { store }: { readonly store: EventStore },
  name: keyof typeof deployCommands,
  input: unknown,
  context: CommandContext,
  decide: (asked: Asked) => Promise<CommandOutcome>,
): Promise<CommandAnswer<R>> {
  const { tenant, expectedVersion } = context;
  if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
  const idempotency: Idempotency = { key: context.key, request: { name, input, expectedVersion } };
  const outcome = await decide({ tenant, context, idempotency });
  if (outcome.ok) return asAnswer<R>(outcome);
  return asAnswer<R>((await storedAnswer(store, tenant, idempotency)) ?? outcome);
}

async function storedAnswer(
  store: EventStore,
  tenant: Id<'tenant'>,
  idempotency: Idempotency,
): Promise<CommandOutcome | null> {
  const stored = await store.storedAnswer(tenant, idempotency);
  if (stored?.outcome === 'key-reused') return { ok: false, rejection: keyReused };
  if (stored?.outcome !== 'replayed') return null;
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}

/** The result is what the handler of the same name made, now or when the key was first used. */
function asAnswer<R>(outcome: CommandOutcome): CommandAnswer<R> {
  if (!outcome.ok) return outcome;
  const { position, version } = outcome;
  return { ok: true, result: outcome.result as R, position, version };
}
