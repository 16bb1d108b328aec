/**
 * What a tenant may hold and use: its plan, and what it has beside it. Stream `entitlements:<tenant>`.
 *
 * What is decided here comes of a plan at a revision, which the commit requires to be the newest: a tenant's entitlements
 * are never made of terms that were replaced meanwhile.
 */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { capabilities } from '@atoll/schema/capabilities';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import {
  effectiveTerms,
  type LimitName,
  limitNames,
  noOverrides,
  type Overrides,
  type PlanTerms,
} from '@atoll/schema/tenancy/plans';
import { excludeCapability, includeCapability } from './capability-use.ts';
import { releaseUnique, requireClaim, takeUnique } from './claims.ts';
import { type PlanNow, planRevisionKey } from './plan.ts';
import { measureSet } from './quota.ts';

export type EntitlementsEvent = Extract<TenancyEvent, { type: 'EntitlementsChanged' }>;

export interface Entitled {
  readonly status: 'entitled';
  readonly tenantId: Id<'tenant'>;
  readonly planId: Id<'plan'>;
  readonly planName: string;
  readonly planRevision: number;
  readonly overrides: Overrides;
  readonly effective: PlanTerms;
  /** Counts the changes. */
  readonly revision: number;
}
/** Absent for the moment between a tenant's creation and its first entitlements. */
export type EntitlementsState = { readonly status: 'absent' } | Entitled;

interface Common {
  readonly tenantId: Id<'tenant'>;
  readonly plan: PlanNow;
}
export type EntitlementsCommand =
  /** The first ones, where there are none yet. */
  | (Common & { readonly kind: 'adopt'; readonly overrides: Overrides })
  /** Another plan; overrides stay where none are given. */
  | (Common & { readonly kind: 'assign'; readonly overrides?: Overrides; readonly despiteUse: boolean })
  /** Other overrides; the plan stays. */
  | (Common & { readonly kind: 'override'; readonly overrides: Overrides; readonly despiteUse: boolean })
  /** The plan was changed. What it takes away was decided there: it isn't refused again. */
  | (Common & { readonly kind: 'follow' });

export const entitlementsStream = (tenant: string) => `entitlements:${tenant}`;

/** Held at the newest revision only: who decided on older limits is told so by the commit. */
export const entitlementsKey = (tenant: Id<'tenant'>, revision: number) => `${tenant}@${revision}`;

/** Where in this context's claims it is counted what a limit bounds: in the quota ledger. */
export const limitSet = (name: LimitName): string => measureSet(name);

const CHECK = 'limit-check';

/** Refused where more is held than the new limit allows; nothing stays taken. */
function mustFit(tenant: Id<'tenant'>, name: LimitName, limit: number): readonly Claim[] {
  const claim = { kind: 'amount', set: limitSet(name), key: tenant, owner: CHECK } as const;
  return [
    { op: 'take', ...claim, amount: 1, limit: limit + 1 },
    { op: 'release', ...claim },
  ];
}
export const isLimitCheck = (claim: Claim): boolean => 'owner' in claim && claim.owner === CHECK;

function claimsOf(before: EntitlementsState, after: Omit<Entitled, 'status'>, despiteUse: boolean): readonly Claim[] {
  const { tenantId, planId, planRevision } = after;
  const had: readonly string[] = before.status === 'absent' ? capabilities : before.effective.capabilities;
  const has = after.effective.capabilities;
  const known = [...new Set([...capabilities, ...had, ...has])].sort();
  const lowered =
    before.status === 'absent' || despiteUse
      ? []
      : limitNames.filter((name) => after.effective.limits[name] < before.effective.limits[name]);
  return [
    requireClaim('plan-revision', planRevisionKey(planId, planRevision)),
    ...known.flatMap((name): readonly Claim[] => {
      if (had.includes(name) === has.includes(name)) return [];
      return [has.includes(name) ? includeCapability(tenantId, name) : excludeCapability(tenantId, name, despiteUse)];
    }),
    ...lowered.flatMap((name) => mustFit(tenantId, name, after.effective.limits[name])),
    ...(before.status === 'absent'
      ? []
      : [releaseUnique('entitlements', entitlementsKey(tenantId, before.revision), tenantId)]),
    takeUnique('entitlements', entitlementsKey(tenantId, after.revision), tenantId),
  ];
}

const sorted = (over: Overrides): Overrides => ({
  ...over,
  grant: [...over.grant].sort(),
  deny: [...over.deny].sort(),
  pools: over.pools && [...over.pools].sort(),
});

export const entitlements: Decider<EntitlementsState, EntitlementsCommand, EntitlementsEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    const { tenantId, plan } = command;
    if (command.kind === 'adopt' && state.status === 'entitled') return accept<EntitlementsEvent>([]);
    if (command.kind === 'follow' && (state.status === 'absent' || state.planId !== plan.planId)) {
      return accept<EntitlementsEvent>([]);
    }
    if (command.kind === 'override' && state.status === 'entitled' && state.planId !== plan.planId) {
      return refuse(reject('ILLEGAL_STATE', 'The tenant was given another plan at the same time. Try again.'));
    }
    const given = 'overrides' in command ? command.overrides : undefined;
    const overrides = sorted(given ?? (state.status === 'absent' ? noOverrides : state.overrides));
    const twice = overrides.grant.find((name) => overrides.deny.includes(name));
    if (twice !== undefined) {
      return refuse(reject('INVALID_ARGUMENT', `"${twice}" is both granted and denied: give it once.`, 'deny'));
    }
    const data = {
      tenantId,
      planId: plan.planId,
      planName: plan.name,
      planRevision: plan.revision,
      overrides,
      effective: effectiveTerms(plan.terms, overrides),
    };
    if (state.status === 'entitled') {
      const { status: _, revision: __, ...now } = state;
      if (equal(now, data)) return accept<EntitlementsEvent>([]);
    }
    const despiteUse = 'despiteUse' in command ? command.despiteUse : true;
    const revision = state.status === 'absent' ? 1 : state.revision + 1;
    return accept<EntitlementsEvent>(
      [{ type: 'EntitlementsChanged', data }],
      [
        ...(command.kind === 'assign' ? [requireClaim('plan-offered', plan.planId)] : []),
        ...claimsOf(state, { ...data, revision }, despiteUse),
      ],
    );
  },

  evolve(state, event) {
    const revision = state.status === 'absent' ? 1 : state.revision + 1;
    const { tenantId, planId, planName, planRevision, overrides, effective } = event.data;
    return { status: 'entitled', tenantId, planId, planName, planRevision, overrides, effective, revision };
  },
};
