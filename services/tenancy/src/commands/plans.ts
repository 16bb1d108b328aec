/** Commands about plans and entitlements: the operator's. */
import { type CommandOutcome, type EventStore, handleCommand } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import { DEFAULT_PLAN, defaultTerms, type planCommands } from '@atoll/schema/tenancy/plans';
import type { CommandAnswer, CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { answer } from '../answer.ts';
import { denied } from '../denials.ts';
import type { EntitlementsCommand } from '../domain/entitlements.ts';
import { type PlanCommand, type PlanNow, plan, planNotFound, planStream, withTerms } from '../domain/plan.ts';
import { decideEntitlements } from '../entitle.ts';
import { entitledNow, knownTenant, planNow } from '../load.ts';
import { originOf } from '../origin.ts';
import type { PlanUse } from '../plan-use.ts';

const operatorOnly = reject('FORBIDDEN', "Plans are the operator's.");
const refusedAnswer = (rejection: Rejection): CommandAnswer<never> => ({ ok: false, rejection });

export function planHandlers(store: EventStore, use: PlanUse): CommandHandlers<typeof planCommands> {
  /** A decision on a plan that is there. */
  const onPlan = (planId: Id<'plan'>, command: PlanCommand, request: unknown, context: CommandContext) =>
    handleCommand(store, {
      decider: plan,
      stream: planStream(planId),
      command,
      origin: originOf(context),
      idempotency: { key: context.key, request },
      expectedVersion: context.expectedVersion,
      result: { planId },
      onClaimConflict: denied,
      notFound: planNotFound,
    });

  async function onTenant(
    context: CommandContext,
    request: unknown,
    planId: (tenantId: Id<'tenant'>) => Promise<Id<'plan'>>,
    command: (tenantId: Id<'tenant'>, plan: PlanNow) => EntitlementsCommand,
  ): Promise<CommandOutcome> {
    const owner = await knownTenant(store, context.tenant);
    if (!owner.ok) return owner;
    return decideEntitlements(store, () => planId(owner.id), {
      tenantId: owner.id,
      command: (now) => command(owner.id, now),
      origin: originOf(context),
      idempotency: { key: context.key, request },
      expectedVersion: context.expectedVersion,
    });
  }

  return {
    async CreatePlan(input, context) {
      if (context.tenant !== PLATFORM) return refusedAnswer(operatorOnly);
      const planId = newId('plan');
      const outcome = await handleCommand(store, {
        decider: plan,
        stream: planStream(planId),
        newStream: true,
        command: { kind: 'create', planId, name: input.name, terms: withTerms(defaultTerms, input.terms) },
        origin: originOf(context),
        idempotency: { key: context.key, request: { CreatePlan: input } },
        result: { planId },
        onClaimConflict: denied,
      });
      return answer('CreatePlan', outcome);
    },

    async ChangePlan(input, context) {
      if (context.tenant !== PLATFORM) return refusedAnswer(operatorOnly);
      const { planId, despiteUse, name, terms } = input;
      const request = { ChangePlan: input };
      const there = await planNow(store, planId);
      if (there.ok && !despiteUse) {
        const stored = await store.storedAnswer(PLATFORM, { key: context.key, request });
        const inUse =
          stored === null ? await use.conflict(planId, there.plan.terms, withTerms(there.plan.terms, terms)) : null;
        if (inUse) return refusedAnswer(inUse);
      }
      return answer('ChangePlan', await onPlan(planId, { kind: 'change', name, terms }, request, context));
    },

    async RetirePlan(input, context) {
      if (context.tenant !== PLATFORM) return refusedAnswer(operatorOnly);
      return answer('RetirePlan', await onPlan(input.planId, { kind: 'retire' }, { RetirePlan: input }, context));
    },

    async SetTenantPlan(input, context) {
      const { planId, despiteUse } = input;
      const outcome = await onTenant(
        context,
        { SetTenantPlan: input },
        async () => planId,
        (tenantId, now) => ({ kind: 'assign', tenantId, plan: now, despiteUse }),
      );
      return answer('SetTenantPlan', outcome);
    },

    async OverrideEntitlements(input, context) {
      const { despiteUse, ...overrides } = input;
      const outcome = await onTenant(
        context,
        { OverrideEntitlements: input },
        async (tenantId) => (await entitledNow(store, tenantId))?.planId ?? DEFAULT_PLAN,
        (tenantId, now) => ({ kind: 'override', tenantId, plan: now, overrides, despiteUse }),
      );
      return answer('OverrideEntitlements', outcome);
    },
  };
}
