/**
 * In which order a tenant's releases go from environment to environment: a directed graph without cycles, all of it in one
 * stream, so that the commit that would close a cycle is the one that is refused. Stream `promotion:<tenant>`.
 */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { endCapabilityUse, useCapability } from './capability-use.ts';
import { environmentKey, requireClaim } from './claims.ts';

export type PromotionEvent = Extract<TenancyEvent, { type: 'PromotionSet' }>;

type Env = Id<'environment'>;
/** Where each environment's releases go; those that go nowhere aren't in it. */
export type PromotionState = Readonly<Record<Env, readonly Env[]>>;

export type PromotionCommand =
  | {
      readonly kind: 'set';
      readonly tenant: Id<'tenant'>;
      readonly environmentId: Env;
      readonly promotesTo: readonly Env[];
    }
  /** Takes an environment out of the order, whatever leads to it: it is being deleted. */
  | { readonly kind: 'forget'; readonly tenant: Id<'tenant'>; readonly environmentId: Env };

/** Keeps the order within what one command can look through. */
export const MAX_STEPS = 500;

export const promotionStream = (tenant: string) => `promotion:${tenant}`;

/** The way back from one of the targets to where they were set, its ends named twice; null where there is none. */
export function cycleOf(order: PromotionState, from: Env, targets: readonly Env[]): readonly Env[] | null {
  const seen = new Set<Env>();
  const search = (at: Env, path: readonly Env[]): readonly Env[] | null => {
    if (at === from) return [...path, at];
    if (seen.has(at)) return null;
    seen.add(at);
    for (const next of order[at] ?? []) {
      const found = search(next, [...path, at]);
      if (found) return found;
    }
    return null;
  };
  for (const target of targets) {
    const found = search(target, [from]);
    if (found) return found;
  }
  return null;
}

/** Environments that it is promoted to or from, sorted. */
export const neighboursOf = (order: PromotionState, environmentId: Env): readonly Env[] => {
  const from = (Object.keys(order) as Env[]).filter((other) => order[other]?.includes(environmentId));
  return [...new Set([...from, ...(order[environmentId] ?? [])])].sort();
};

const cyclic = (cycle: readonly Env[]): Rejection =>
  reject(
    'PROMOTION_CYCLE',
    `Releases would go in a circle: ${cycle.join(' → ')}. Take one of these steps out of the order first.`,
    'promotesTo',
  );

function leads(order: PromotionState, environmentId: Env, promotesTo: readonly Env[]): PromotionState {
  const { [environmentId]: _, ...rest } = order;
  return promotesTo.length === 0 ? rest : { ...rest, [environmentId]: promotesTo };
}

const set = (order: PromotionState, environmentId: Env, promotesTo: readonly Env[]): PromotionEvent => ({
  type: 'PromotionSet',
  data: { environmentId, promotesTo: [...promotesTo], before: [...(order[environmentId] ?? [])] },
});

export const promotion: Decider<PromotionState, PromotionCommand, PromotionEvent> = {
  initial: {},

  decide(state, command) {
    const { tenant, environmentId } = command;
    if (command.kind === 'forget') {
      const leading = (Object.keys(state) as Env[]).filter((from) => state[from]?.includes(environmentId)).sort();
      const events = leading.map((from) =>
        set(
          state,
          from,
          (state[from] ?? []).filter((to) => to !== environmentId),
        ),
      );
      const own = state[environmentId] ? [set(state, environmentId, [])] : [];
      if (events.length + own.length === 0) return accept<PromotionEvent>([]);
      const emptied = leading.filter((from) => state[from]?.length === 1);
      return accept<PromotionEvent>(
        [...events, ...own],
        [...emptied, environmentId].map((from) => endCapabilityUse(tenant, 'promotionOrder', from)),
      );
    }
    const { promotesTo } = command;
    if (JSON.stringify(promotesTo) === JSON.stringify(state[environmentId] ?? [])) {
      return accept<PromotionEvent>([], [requireClaim('environment', environmentKey(tenant, environmentId))]);
    }
    const cycle = cycleOf(state, environmentId, promotesTo);
    if (cycle) return refuse(cyclic(cycle));
    const next = leads(state, environmentId, promotesTo);
    const steps = Object.values(next).reduce((sum, targets) => sum + targets.length, 0);
    if (steps > MAX_STEPS) {
      return refuse(reject('QUOTA_EXCEEDED', `A tenant's order of promotion has at most ${MAX_STEPS} steps.`));
    }
    return accept<PromotionEvent>(
      [set(state, environmentId, promotesTo)],
      [
        requireClaim('tenant', tenant),
        requireClaim('environment', environmentKey(tenant, environmentId)),
        ...promotesTo.map((target) => requireClaim('environment', environmentKey(tenant, target))),
        promotesTo.length === 0
          ? endCapabilityUse(tenant, 'promotionOrder', environmentId)
          : useCapability(tenant, 'promotionOrder', environmentId),
      ],
    );
  },

  evolve(state, event) {
    return leads(state, event.data.environmentId, event.data.promotesTo);
  },
};
