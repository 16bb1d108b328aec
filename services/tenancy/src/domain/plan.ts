/** What the operator offers. Stream `plan:<id>`. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { DEFAULT_PLAN, type PlanTerms, type TermsInput, withLimits } from '@atoll/schema/tenancy/plans';
import { releaseUnique, takeUnique } from './claims.ts';

export type PlanEvent = Extract<TenancyEvent, { type: 'PlanCreated' | 'PlanChanged' | 'PlanRetired' }>;

/** A plan as it is now: what a tenant's entitlements come of. */
export interface PlanNow {
  readonly planId: Id<'plan'>;
  readonly name: string;
  readonly revision: number;
  readonly terms: PlanTerms;
}
export type PlanState =
  | { readonly status: 'absent' }
  | (PlanNow & { readonly status: 'offered' })
  | (PlanNow & { readonly status: 'retired' });

export type OfferedPlan = Exclude<PlanState, { status: 'absent' }>;

export type PlanCommand =
  | { readonly kind: 'create'; readonly planId: Id<'plan'>; readonly name: string; readonly terms: PlanTerms }
  /** As `create`, where it isn't there yet. */
  | { readonly kind: 'seed'; readonly planId: Id<'plan'>; readonly name: string; readonly terms: PlanTerms }
  | { readonly kind: 'change'; readonly name: string | undefined; readonly terms: TermsInput }
  | { readonly kind: 'retire' };

export const planNotFound = reject(
  'NOT_FOUND',
  'There is no such plan. List the plans and use one of their ids.',
  'planId',
);
export const planRetired = reject(
  'ILLEGAL_STATE',
  'The plan is retired: no tenant can be given it any more. Choose another one.',
  'planId',
);
const stays = reject(
  'ILLEGAL_STATE',
  'The default plan is what tenants get where no other is named: it can be changed, and not retired.',
  'planId',
);

export const planStream = (id: string) => `plan:${id}`;

/** Held by a plan at that revision only: what comes of an older one can't be committed. */
export const planRevisionKey = (planId: Id<'plan'>, revision: number) => `${planId}@${revision}`;

/** What is given replaces what was; single limits and no others where only some are given. Sorted and distinct. */
export function withTerms(before: PlanTerms, given: TermsInput): PlanTerms {
  const { limits, capabilities, pointsPerMinute, pools, slaClasses } = given;
  return {
    limits: withLimits(before.limits, limits),
    capabilities: capabilities ? [...capabilities].sort() : before.capabilities,
    pointsPerMinute: pointsPerMinute ?? before.pointsPerMinute,
    pools: pools ? [...pools].sort() : before.pools,
    slaClasses: slaClasses ?? before.slaClasses,
  };
}

function created(command: Extract<PlanCommand, { kind: 'create' | 'seed' }>) {
  const { planId, name, terms } = command;
  const claims: readonly Claim[] = [
    takeUnique('plan-name', name, planId),
    takeUnique('plan-offered', planId, planId),
    takeUnique('plan-revision', planRevisionKey(planId, 1), planId),
  ];
  return accept<PlanEvent>([{ type: 'PlanCreated', data: { planId, name, revision: 1, terms } }], claims);
}

export const plan: Decider<PlanState, PlanCommand, PlanEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create':
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The plan exists already.'));
        return created(command);
      case 'seed':
        return state.status === 'absent' ? created(command) : accept<PlanEvent>([]);
      case 'change': {
        if (state.status === 'absent') return refuse(planNotFound);
        const { planId } = state;
        const name = command.name ?? state.name;
        const terms = withTerms(state.terms, command.terms);
        if (name === state.name && equal(terms, state.terms)) return accept<PlanEvent>([]);
        const revision = state.revision + 1;
        const renamed =
          name === state.name
            ? []
            : [releaseUnique('plan-name', state.name, planId), takeUnique('plan-name', name, planId)];
        return accept<PlanEvent>(
          [{ type: 'PlanChanged', data: { planId, name, revision, terms } }],
          [
            ...renamed,
            releaseUnique('plan-revision', planRevisionKey(planId, state.revision), planId),
            takeUnique('plan-revision', planRevisionKey(planId, revision), planId),
          ],
        );
      }
      case 'retire': {
        if (state.status === 'absent') return refuse(planNotFound);
        if (state.planId === DEFAULT_PLAN) return refuse(stays);
        if (state.status === 'retired') return accept<PlanEvent>([]);
        const { planId } = state;
        return accept<PlanEvent>(
          [{ type: 'PlanRetired', data: { planId } }],
          [releaseUnique('plan-offered', planId, planId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PlanCreated':
        return { status: 'offered', ...event.data };
      case 'PlanChanged':
        return state.status === 'absent' ? state : { status: state.status, ...event.data };
      case 'PlanRetired':
        return state.status === 'absent' ? state : { ...state, status: 'retired' };
      default:
        return event satisfies never;
    }
  },
};
