/**
 * Reserves before a deployment grows: room in the quotas is asked of tenancy, whose ledger has them, then the command is
 * committed with what it was granted, and what came of it is told by the commit's own `HoldingChanged`. What was granted
 * and isn't used is given back; where this process dies in between, the reservation ends by itself.
 */
import { type CommandOutcome, type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Asking, Holder, QuotaClient } from '@atoll/service/quota-client';
import type { Granted, GrowingCommand } from './domain/commands.ts';
import { deploymentDecider, needOf, reservedTooLittle } from './domain/decide.ts';
import type { Deployment } from './domain/deployment.ts';
import { deploymentStream } from './domain/streams.ts';

/** Each try lost to another command on the same deployment. */
const TRIES = 10;

export interface Growth {
  readonly deploymentId: Id<'deployment'>;
  /** The command with what it was granted. It is looked at without a world. */
  readonly command: (granted: Granted | null) => GrowingCommand;
  /** Of a deployment that isn't there yet. */
  readonly created?: { readonly namespaceId: Id<'namespace'>; readonly name: string };
  readonly commit: (granted: Granted | null) => Promise<CommandOutcome>;
}

export interface Quota {
  /** Commits with what was reserved for it, or says why nothing could be. */
  grow(growth: Growth, context: Asking): Promise<CommandOutcome>;
}

const told = (rejection: Rejection): Rejection =>
  rejection.code === 'QUOTA_EXCEEDED'
    ? reject(rejection.code, `${rejection.message} The surge of a rollout counts from its start.`)
    : rejection;

export function createQuota({ store, client }: { readonly store: EventStore; readonly client: QuotaClient }): Quota {
  function holderOf({ deploymentId: holderId, created }: Growth, state: Deployment): Holder | null {
    const named = created ?? (state.status === 'ACTIVE' ? state : null);
    return named && { holderId, namespaceId: named.namespaceId, name: named.name };
  }

  /** Null where others changed the deployment meanwhile, so that it has to be reserved anew. */
  async function tryOnce(growth: Growth, context: Asking): Promise<CommandOutcome | null> {
    const { deploymentId, command, created, commit } = growth;
    const loaded = created
      ? { state: deploymentDecider.initial, tenant: context.tenant }
      : await loadState(store, { decider: deploymentDecider, stream: deploymentStream(deploymentId) });
    // Another tenant's is refused by the commit, in the words for one that isn't there.
    const amounts = loaded.tenant === context.tenant ? needOf(loaded.state, command(null)) : null;
    const holder = amounts && holderOf(growth, loaded.state);
    if (amounts === null || holder === null) return unlessShort(await commit(null));
    const reservation = await client.reserve(context, holder, amounts);
    if ('code' in reservation) return { ok: false, rejection: told(reservation) };
    const outcome = await commit({ amounts, ...reservation });
    if (!outcome.ok || outcome.replayed) client.giveBack(context, holder, reservation);
    return unlessShort(outcome);
  }

  const unlessShort = (outcome: CommandOutcome): CommandOutcome | null =>
    !outcome.ok && outcome.rejection === reservedTooLittle ? null : outcome;

  return {
    async grow(growth, context) {
      for (let tries = 0; tries < TRIES; tries++) {
        const outcome = await tryOnce(growth, context);
        if (outcome !== null) return outcome;
      }
      return { ok: false, rejection: reservedTooLittle };
    },
  };
}
