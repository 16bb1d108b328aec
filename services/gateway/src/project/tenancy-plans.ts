/** Plans, and what tenants have of them → read models. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventsOf } from '@atoll/schema/registry';
import { limitNames, type Overrides, type PlanTerms, type planEvents } from '@atoll/schema/tenancy/plans';
import { derive, type Effect, instant, patch, put } from './effects.ts';

const limitsOf = ({ limits }: PlanTerms) => Object.fromEntries(limitNames.map((name) => [name, limits[name]]));

const columns = (terms: PlanTerms) => ({
  limits: limitsOf(terms),
  capabilities: terms.capabilities,
  points_per_minute: terms.pointsPerMinute,
  pools: terms.pools,
  sla_classes: terms.slaClasses,
});

/** In the SDL's order. */
function overridesOf({ limits, grant, deny, pointsPerMinute, pools, slaClasses }: Overrides) {
  const own = limitNames.flatMap((name) => (limits[name] === undefined ? [] : [{ name, limit: limits[name] }]));
  return { limits: own, grant, deny, pointsPerMinute, pools, slaClasses };
}

export function projectPlans(event: EventsOf<typeof planEvents>, record: EventRecord): readonly Effect[] {
  const { version } = record;
  switch (event.type) {
    case 'PlanCreated': {
      const { planId: id, name, revision, terms } = event.data;
      const created_at = instant(record.time);
      const row = { id, tenant_id: record.tenant, name, status: 'OFFERED', revision, version, created_at };
      return [put('plan', id, { ...row, ...columns(terms) })];
    }
    case 'PlanChanged': {
      const { planId, name, revision, terms } = event.data;
      return [patch('plan', planId, { name, revision, version, ...columns(terms) })];
    }
    case 'PlanRetired':
      return [patch('plan', event.data.planId, { status: 'RETIRED', version })];
    case 'EntitlementsChanged': {
      const { tenantId, planId: id, planName: name, planRevision: revision, overrides, effective } = event.data;
      const { namespaces, instances, cpuMillis, memoryMiB } = effective.limits;
      const { capabilities, pointsPerMinute, pools, slaClasses } = effective;
      return [
        patch('tenant', tenantId, {
          limits: { namespaces, instances, cpuMillis, memoryMiB },
          plan: { id, name, revision },
          capabilities,
          entitlements: {
            ...{ limits: limitsOf(effective), capabilities, pointsPerMinute, pools, slaClasses },
            overrides: overridesOf(overrides),
          },
        }),
        derive('quotaScope', tenantId),
      ];
    }
    default:
      return event satisfies never;
  }
}
