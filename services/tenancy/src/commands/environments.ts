/** Commands about environments beyond their creation. */
import { type CommandOutcome, type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { type Id, id } from '@atoll/schema/ids';
import type { environmentCommands } from '@atoll/schema/tenancy/environments';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { answer } from '../answer.ts';
import { denied } from '../denials.ts';
import { type EnvironmentCommand, environment, environmentNotFound, environmentStream } from '../domain/environment.ts';
import { promotion, promotionStream } from '../domain/promotion.ts';
import { activeTenant } from '../load.ts';
import { originOf } from '../origin.ts';

const environmentId = /env_[0-9a-z]{26}/g;

export function environmentHandlers(store: EventStore): CommandHandlers<typeof environmentCommands> {
  const onEnvironment = (
    of: Id<'environment'>,
    command: EnvironmentCommand,
    request: unknown,
    context: CommandContext,
  ): Promise<CommandOutcome> =>
    handleCommand(store, {
      decider: environment,
      stream: environmentStream(of),
      command,
      origin: originOf(context),
      idempotency: { key: context.key, request },
      expectedVersion: context.expectedVersion,
      result: { environmentId: of },
      onClaimConflict: denied,
      notFound: environmentNotFound,
    });

  /** Environments by their names, where a text names their ids. All of them are the tenant's own. */
  async function withNames(text: string): Promise<string> {
    const names = new Map<string, string>();
    for (const [found] of text.matchAll(environmentId)) {
      if (names.has(found)) continue;
      const parsed = id('environment').safeParse(found);
      if (!parsed.success) continue;
      const { state } = await loadState(store, { decider: environment, stream: environmentStream(parsed.data) });
      if (state.status === 'active') names.set(found, state.name);
    }
    return text.replaceAll(environmentId, (found) => (names.has(found) ? `"${names.get(found)}"` : found));
  }

  return {
    async ChangeEnvironment(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const { environmentId: of, name, kind } = input;
      const command = { kind: 'change', tenant: owner.id, name, environmentKind: kind } as const;
      return answer('ChangeEnvironment', await onEnvironment(of, command, { ChangeEnvironment: input }, context));
    },

    async SetPromotion(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const outcome = await handleCommand(store, {
        decider: promotion,
        stream: promotionStream(owner.id),
        command: { kind: 'set', tenant: owner.id, ...input },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetPromotion: input } },
        result: { environmentId: input.environmentId },
        // Which of them isn't there: another's is answered as one that never was.
        onClaimConflict(conflict) {
          const rejection = denied(conflict);
          const missing = 'key' in conflict.claim ? (conflict.claim.key.split('/')[1] ?? '') : '';
          const index = input.promotesTo.map(String).indexOf(missing);
          return rejection.code === 'NOT_FOUND' && missing !== input.environmentId && index >= 0
            ? { ...rejection, field: `promotesTo.${index}` }
            : rejection;
        },
        notFound: environmentNotFound,
      });
      if (outcome.ok || outcome.rejection.code !== 'PROMOTION_CYCLE') return answer('SetPromotion', outcome);
      const { rejection } = outcome;
      return { ok: false, rejection: { ...rejection, message: await withNames(rejection.message) } };
    },

    async SetImageRules(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const command = { kind: 'setImageRules', tenant: owner.id, rules: input.rules } as const;
      return answer(
        'SetImageRules',
        await onEnvironment(input.environmentId, command, { SetImageRules: input }, context),
      );
    },
  };
}
