/** The operator's mutations of plans and entitlements. */
import { idKind, PLATFORM } from '@atoll/schema/ids';
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { aboutTenant, noPlan } from './tenancy.ts';

interface Terms {
  readonly limits?: Readonly<Record<string, number | null>> | null;
  readonly capabilities?: readonly string[] | null;
  readonly pointsPerMinute?: number | null;
  readonly pools?: readonly string[] | null;
  readonly slaClasses?: readonly string[] | null;
}

const given = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

const termsOf = ({ limits, capabilities, pointsPerMinute, pools, slaClasses }: Terms) =>
  given({ limits: limits && given(limits), capabilities, pointsPerMinute, pools, slaClasses });

interface CreatePlanInput extends Keyed, Terms {
  readonly name: string;
}

const createPlan = mutation<CreatePlanInput>({
  touches: 'platform',
  context: 'tenancy',
  command: 'CreatePlan',
  rows: { plan: 'planId' },
  renamed: { terms: '' },
  order: ({ name, ...terms }) => ({ tenant: PLATFORM, data: { name, terms: termsOf(terms) }, expectedVersion: null }),
});

interface ChangePlanInput extends Versioned, Terms {
  readonly planId: string;
  readonly name?: string | null;
  readonly despiteUse: boolean;
}

const changePlan = mutation<ChangePlanInput>({
  touches: 'platform',
  wide: ['planId'],
  context: 'tenancy',
  command: 'ChangePlan',
  rows: { plan: 'planId' },
  renamed: { terms: '' },
  order({ planId, name, despiteUse, expectedVersion, ...terms }) {
    if (idKind(planId) !== 'plan') return noPlan;
    const data = { planId, ...given({ name }), terms: termsOf(terms), despiteUse };
    return { tenant: PLATFORM, data, expectedVersion: expectedVersion ?? null };
  },
});

interface PlanInput extends Keyed {
  readonly planId: string;
}

const retirePlan = mutation<PlanInput>({
  touches: 'platform',
  wide: ['planId'],
  context: 'tenancy',
  command: 'RetirePlan',
  rows: { plan: 'planId' },
  order: ({ planId }) =>
    idKind(planId) === 'plan' ? { tenant: PLATFORM, data: { planId }, expectedVersion: null } : noPlan,
});

interface SetTenantPlanInput extends PlanInput {
  readonly tenantId: string;
  readonly despiteUse: boolean;
}

const setTenantPlan = mutation<SetTenantPlanInput>({
  touches: 'platform',
  wide: ['tenantId', 'planId'],
  context: 'tenancy',
  command: 'SetTenantPlan',
  rows: { tenant: 'tenantId' },
  order: ({ tenantId, planId, despiteUse }) =>
    idKind(planId) === 'plan' ? aboutTenant(tenantId, { planId, despiteUse }) : noPlan,
});

interface OverrideInput extends Keyed, Omit<Terms, 'capabilities'> {
  readonly tenantId: string;
  readonly grant?: readonly string[] | null;
  readonly deny?: readonly string[] | null;
  readonly despiteUse: boolean;
}

const overrideEntitlements = mutation<OverrideInput>({
  touches: 'platform',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'OverrideEntitlements',
  rows: { tenant: 'tenantId' },
  order({ tenantId, grant, deny, despiteUse, ...terms }) {
    return aboutTenant(tenantId, { ...termsOf(terms), ...given({ grant, deny }), despiteUse });
  },
});

export const planMutations = { createPlan, changePlan, retirePlan, setTenantPlan, overrideEntitlements };
