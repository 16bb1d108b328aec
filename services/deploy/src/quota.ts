/**
 * Reserves before a deployment grows: room in the quotas is asked of tenancy, whose ledger has them, then the command is
 * committed with what it was granted, and what came of it is told by the commit's own `HoldingChanged`. What was granted
 * and isn't used is given back; where this process dies in between, the reservation ends by itself.
 */
import { type CommandOutcome, type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import type { CommandContext, createCommandClient } from '@atoll/service/commands';
import { failpoint } from '@atoll/service/failpoint';
import { newId } from '@atoll/service/ids';
import type { Logger } from '@atoll/service/log';
import type { Amounts } from './domain/amounts.ts';
import { deploymentDecider, type Granted, type GrowingCommand, needOf, reservedTooLittle } from './domain/decide.ts';
import type { Deployment } from './domain/deployment.ts';
import { deploymentStream } from './domain/streams.ts';

/** Each try lost to another command on the same deployment. */
const TRIES = 10;
/** How long giving something back is tried: it isn't waited for, and ends by itself without. */
const RELEASE_MS = 5000;

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
  grow(growth: Growth, context: CommandContext): Promise<CommandOutcome>;
}

const away = reject(
  'UNAVAILABLE',
  'The quotas can be asked of nobody now, so nothing can grow. Nothing was done: try again, with the same key.',
);

export function createQuota(needs: {
  readonly store: EventStore;
  readonly commands: ReturnType<typeof createCommandClient>;
  readonly log: Logger;
}): Quota {
  const { store, commands, log } = needs;

  function ask(command: 'ReserveQuota' | 'ReleaseQuota', data: unknown, context: CommandContext, deadline: number) {
    const { tenant, actor, correlation, traceparent } = context;
    const of = { tenant, actor, correlation, traceparent, deadline };
    return commands.call('tenancy', command, { ...of, key: newId('event'), seen: {}, expectedVersion: null, data });
  }

  async function reserve(
    { deploymentId, created }: Growth,
    state: Deployment,
    amounts: Amounts,
    context: CommandContext,
  ): Promise<Granted | Rejection> {
    const holder = created ?? (state.status === 'ACTIVE' ? state : null);
    if (holder === null) return reservedTooLittle;
    const { namespaceId, name } = holder;
    const data = { holderId: deploymentId, owner: 'deploy', namespaceId, name, amounts };
    failpoint('quota.before-reserve');
    const reply = await ask('ReserveQuota', data, context, context.deadline);
    failpoint('quota.after-reserve');
    if (reply.ok) return { amounts, ...tenancyCommands.ReserveQuota.result.parse(reply.result) };
    const { code, message } = reply.error;
    if (code === 'QUOTA_EXCEEDED') return reject(code, `${message} The surge of a rollout counts from its start.`);
    if (code === 'NOT_FOUND') return reject(code, message, 'namespaceId');
    log.warn({ deploymentId, code, message }, 'nothing can be reserved');
    return away;
  }

  /** Not waited for. */
  function giveBack(deploymentId: Id<'deployment'>, { reservationId }: Granted, context: CommandContext): void {
    ask('ReleaseQuota', { holderId: deploymentId, reservationId }, context, Date.now() + RELEASE_MS).then(
      (reply) => {
        if (!reply.ok) log.warn({ deploymentId, reservationId, ...reply.error }, 'a reservation is left to its end');
      },
      (error: unknown) => log.warn({ err: error, deploymentId, reservationId }, 'a reservation is left to its end'),
    );
  }

  return {
    async grow(growth, context) {
      const { deploymentId, command, created, commit } = growth;
      let outcome: CommandOutcome = { ok: false, rejection: reservedTooLittle };
      for (let tries = 0; tries < TRIES; tries++) {
        const { state, tenant } = created
          ? { state: deploymentDecider.initial, tenant: null }
          : await loadState(store, { decider: deploymentDecider, stream: deploymentStream(deploymentId) });
        // Another tenant's is refused by the commit, in the words for one that isn't there.
        const mine = created !== undefined || tenant === context.tenant;
        const needed = mine ? needOf(state, command(null)) : null;
        const granted = needed === null ? null : await reserve(growth, state, needed, context);
        if (granted !== null && 'code' in granted) return { ok: false, rejection: granted };
        outcome = await commit(granted);
        if (granted !== null && (!outcome.ok || outcome.replayed)) giveBack(deploymentId, granted, context);
        if (outcome.ok || outcome.rejection !== reservedTooLittle) return outcome;
      }
      return outcome;
    },
  };
}
