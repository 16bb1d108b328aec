/** The story of roles, bindings, plans and the order of environments, for the golden streams. */
import { type createRecorder, goldenId } from '@atoll/events/testing/record-golden';
import { DEFAULT_PLAN, DEFAULT_PLAN_NAME, defaultTerms, noOverrides } from '@atoll/schema/tenancy/plans';
import { entitlements, entitlementsStream } from '../src/domain/entitlements.ts';
import { environment, environmentStream } from '../src/domain/environment.ts';
import { plan, planStream } from '../src/domain/plan.ts';
import { promotion, promotionStream } from '../src/domain/promotion.ts';
import { tenant, tenantStream } from '../src/domain/tenant.ts';

type Run = ReturnType<typeof createRecorder>['run'];

const tenantId = goldenId('tenant', 1);
const by = { tenant: tenantId, actor: 'user:ann' };
const operator = { kind: 'platform' } as const;
const staging = goldenId('environment', 1);
const production = goldenId('environment', 3);

/** Members of all kinds of roles, some of which end. */
export function recordAccess(run: Run): void {
  const ofTenant = { ...by, stream: tenantStream(tenantId) };
  const member = { memberId: goldenId('member', 4), subject: 'bea@acme.example', displayName: null, email: null };
  run(tenant, ofTenant, { kind: 'addMember', by: operator, ...member, role: null });
  run(tenant, ofTenant, { kind: 'changeMemberRole', by: operator, memberId: member.memberId, role: 'developer' });
  const roleIds = [goldenId('role', 1), goldenId('role', 2)] as const;
  for (const [index, roleId] of roleIds.entries()) {
    const own = { name: `on-call-${index}`, description: 'Looks, and restarts.', permissions: ['deployment:read'] };
    run(tenant, ofTenant, { kind: 'createRole', by: operator, roleId, ...own });
  }
  const permissions = ['deployment:read', 'deployment:write'];
  run(tenant, ofTenant, { kind: 'changeRole', by: operator, roleId: roleIds[0], permissions });
  run(tenant, ofTenant, { kind: 'deleteRole', by: operator, roleId: roleIds[1] });
  const scopes = [
    { level: 'tenant' },
    { level: 'environment', environmentId: staging },
    { level: 'namespace', environmentId: staging, namespaceId: goldenId('namespace', 1) },
  ] as const;
  for (const [index, scope] of scopes.entries()) {
    const bindingId = goldenId('binding', index + 1);
    const role = index === 1 ? 'viewer' : roleIds[0];
    const bound = { bindingId, subjectId: goldenId('member', 2), role, scope, namespaceName: 'shop' } as const;
    run(tenant, ofTenant, { kind: 'bindRole', by: operator, ...bound });
  }
  run(tenant, ofTenant, { kind: 'unbindRole', by: operator, bindingId: goldenId('binding', 2) });
  const guest = { memberId: goldenId('member', 5), subject: 'guest-8', displayName: null, email: null } as const;
  run(tenant, ofTenant, { kind: 'addMember', by: operator, ...guest, role: 'viewer' });
  run(tenant, ofTenant, { kind: 'removeMember', by: operator, memberId: guest.memberId });
}

/** Two stages in an order; the second one takes promoted images only. */
export function recordEnvironments(run: Run): void {
  const at = (environmentId: typeof staging) => ({ ...by, stream: environmentStream(environmentId) });
  run(environment, at(production), {
    ...{ kind: 'create', tenant: tenantId, environmentId: production, name: 'live', environmentKind: 'OTHER' },
  } as const);
  run(environment, at(production), {
    ...{ kind: 'change', tenant: tenantId, name: 'production', environmentKind: 'PRODUCTION' },
  } as const);
  const rules = { allowed: ['registry.example:5000/shop/**'], promotedOnly: true };
  run(environment, at(production), { kind: 'setImageRules', tenant: tenantId, rules });
  const ofOrder = { ...by, stream: promotionStream(tenantId) };
  run(promotion, ofOrder, { kind: 'set', tenant: tenantId, environmentId: staging, promotesTo: [production] });
}

/** The plan of everybody, and one that is changed, given, and offered no more. */
export function recordPlans(run: Run): void {
  const byOperator = { tenant: 'platform', actor: 'operator:root' } as const;
  const seeded = { planId: DEFAULT_PLAN, name: DEFAULT_PLAN_NAME, terms: defaultTerms };
  run(plan, { ...byOperator, stream: planStream(DEFAULT_PLAN) }, { kind: 'seed', ...seeded });
  const ofEntitlements = { ...by, actor: 'operator:root', stream: entitlementsStream(tenantId) };
  const common = { tenantId, plan: { ...seeded, revision: 1 } };
  run(entitlements, ofEntitlements, { kind: 'adopt', ...common, overrides: noOverrides });

  const planId = goldenId('plan', 1);
  const ofPlan = { ...byOperator, stream: planStream(planId) };
  const terms = { ...defaultTerms, pools: ['fast'], slaClasses: [...defaultTerms.slaClasses] };
  run(plan, ofPlan, { kind: 'create', planId, name: 'team', terms });
  run(plan, ofPlan, { kind: 'change', name: 'teams', terms: { limits: { namespaces: 80 }, pointsPerMinute: 9000 } });
  const changed = { ...terms, limits: { ...terms.limits, namespaces: 80 }, pointsPerMinute: 9000 };
  run(entitlements, ofEntitlements, {
    ...{ kind: 'assign', tenantId, plan: { planId, name: 'teams', revision: 2, terms: changed }, despiteUse: false },
    overrides: { ...noOverrides, limits: { ports: 5 }, deny: ['logs'] },
  } as const);
  run(plan, ofPlan, { kind: 'retire' });
}
