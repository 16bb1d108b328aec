import { createEventStore, handleCommand } from '@atoll/events/store';
import { type Id, id, PLATFORM } from '@atoll/schema/ids';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { DEFAULT_PLAN, defaultTerms, type PlanTerms } from '@atoll/schema/tenancy/plans';
import { newId } from '@atoll/service/ids';
import { openMasterKeys } from '@atoll/service/master-keys';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plan as planDecider, planStream } from '../src/domain/plan.ts';
import { limitsOf, tenant as tenantDecider, tenantStream } from '../src/domain/tenant.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

let names = 0;
const freshName = (what: string) => `${what}-${++names}`;

async function createPlan(terms: object = {}): Promise<Id<'plan'>> {
  const reply = await harness.call('CreatePlan', { name: freshName('plan'), terms }, { tenant: PLATFORM });
  return id('plan').parse(resultOf(reply).planId);
}
async function createTenant(more: object = {}): Promise<Id<'tenant'>> {
  const reply = await harness.call('CreateTenant', { name: freshName('tenant'), ...more }, { tenant: PLATFORM });
  return id('tenant').parse(resultOf(reply).tenantId);
}
const change = (planId: Id<'plan'>, terms: object, more: object = {}) =>
  harness.call('ChangePlan', { planId, terms, ...more }, { tenant: PLATFORM });

interface Told {
  readonly planId: string;
  readonly planRevision: number;
  readonly effective: PlanTerms;
}
async function entitled(tenant: Id<'tenant'>): Promise<Told> {
  const events = await harness.store.readStream(`entitlements:${tenant}`);
  return events.at(-1)?.data as Told;
}
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

async function createEnvironment(tenant: Id<'tenant'>): Promise<string> {
  const reply = await harness.call('CreateEnvironment', { name: freshName('env'), kind: 'OTHER' }, { tenant });
  return resultOf(reply).environmentId ?? '';
}
const setRules = (tenant: Id<'tenant'>, environmentId: string) =>
  harness.call('SetImageRules', { environmentId, rules: { allowed: [], promotedOnly: false } }, { tenant });

describe('a tenant', () => {
  it('has the default plan where none is named, with its own limits above it', async () => {
    const tenant = await createTenant({ limits: { namespaces: 3 } });
    const { planId, effective } = await entitled(tenant);
    expect(planId).toBe(DEFAULT_PLAN);
    expect(effective).toEqual({ ...defaultTerms, limits: { ...defaultTerms.limits, namespaces: 3 } });
  });

  it('has the plan that it was created with, once, however often the request is repeated', async () => {
    const planId = await createPlan({ limits: { namespaces: 7 }, capabilities: ['logs'] });
    const data = { name: freshName('tenant'), planId };
    const first = await harness.call('CreateTenant', data, { tenant: PLATFORM, key: 'once' });
    const tenant = id('tenant').parse(resultOf(first).tenantId);
    resultOf(await harness.call('SetTenantPlan', { planId: DEFAULT_PLAN }, { tenant }));
    expect(await harness.call('CreateTenant', data, { tenant: PLATFORM, key: 'once' })).toMatchObject({ ok: true });
    // The repeat is answered, and doesn't take the plan back that was given since.
    expect(await entitled(tenant)).toMatchObject({ planId: DEFAULT_PLAN });
    const events = await harness.store.readStream(`tenant:${tenant}`);
    expect(events[0]?.data).toMatchObject({ limits: { namespaces: 7 } });
  });

  it('gets the plan that it was created with also where the process died right after, and nobody asks again', async () => {
    const planId = await createPlan({ limits: { namespaces: 7, ports: 3 } });
    const tenant = newId('tenant');
    await harness.replaced(async () => {
      const { log, pool } = harness;
      const masterKeys = openMasterKeys(harness.dataKeyFile);
      const store = createEventStore({ pool, context: 'tenancy', registry: tenancyEvents, masterKeys, log });
      const outcome = await handleCommand(store, {
        decider: tenantDecider,
        stream: tenantStream(tenant),
        newStream: true,
        command: {
          ...({ kind: 'create', tenantId: tenant, name: freshName('tenant'), planId, requestKey: 'died' } as const),
          ...{ limits: limitsOf({ namespaces: 7, instances: 2 }), members: [] },
        },
        origin: { tenant, actor: 'operator:ada', cause: null, correlation: 'c', traceparent: null },
      });
      expect(outcome.ok).toBe(true);
      await store.close();
    });
    // As if it had been for long enough that nobody else is at it.
    const aged = `update tenancy.tenant_plan set since = since - interval '1 minute' where tenant = $1`;
    await eventually(async () => expect((await harness.pool.query(aged, [tenant])).rowCount).toBe(1));
    await eventually(async () => expect(await entitled(tenant)).toBeDefined());
    const { planId: given, effective } = await entitled(tenant);
    expect(given).toBe(planId);
    expect(effective.limits).toMatchObject({ namespaces: 7, ports: 3, instances: 2 });
  });

  it('that was created is answered again under its key when its plan is retired since', async () => {
    const planId = await createPlan();
    const asked = { tenant: PLATFORM, key: 'retired-since' } as const;
    const data = { name: freshName('tenant'), planId };
    const first = await harness.call('CreateTenant', data, asked);
    resultOf(await harness.call('RetirePlan', { planId }, { tenant: PLATFORM }));
    expect(await harness.call('CreateTenant', data, asked)).toMatchObject({ ok: true, result: resultOf(first) });
  });

  it('gets no plan that is not there, or is retired', async () => {
    const planId = await createPlan();
    resultOf(await harness.call('RetirePlan', { planId }, { tenant: PLATFORM }));
    const tenant = await createTenant();
    expect(codeOf(await harness.call('SetTenantPlan', { planId }, { tenant }))).toBe('ILLEGAL_STATE');
    expect(codeOf(await harness.call('CreateTenant', { name: freshName('t'), planId }, { tenant: PLATFORM }))).toBe(
      'ILLEGAL_STATE',
    );
    const missing = 'plan_01h455vb4pex5vsknk084sn02q';
    expect(codeOf(await harness.call('SetTenantPlan', { planId: missing }, { tenant }))).toBe('NOT_FOUND');
    expect(codeOf(await harness.call('RetirePlan', { planId: DEFAULT_PLAN }, { tenant: PLATFORM }))).toBe(
      'ILLEGAL_STATE',
    );
    // Nor does a tenant make plans.
    expect(codeOf(await harness.call('CreatePlan', { name: freshName('plan') }, { tenant }))).toBe('FORBIDDEN');
  });
});

describe('a change of a plan', () => {
  it('reaches all of its tenants, more than a page of them, and leaves what is overridden', async () => {
    const planId = await createPlan({ limits: { instances: 10 } });
    const tenants = await Promise.all(Array.from({ length: 120 }, () => createTenant({ planId })));
    const [own] = tenants;
    if (!own) throw new Error('none');
    resultOf(await harness.call('OverrideEntitlements', { limits: { instances: 99 } }, { tenant: own }));
    resultOf(await change(planId, { limits: { instances: 20 }, pointsPerMinute: 5 }));
    await eventually(async () => {
      for (const tenant of tenants) {
        const { planRevision, effective } = await entitled(tenant);
        expect(planRevision).toBe(2);
        expect(effective.limits.instances).toBe(tenant === own ? 99 : 20);
        expect(effective.pointsPerMinute).toBe(5);
      }
    });
  });

  it('reaches its tenants also where the process died right after it', async () => {
    const planId = await createPlan();
    const tenants = await Promise.all([1, 2, 3].map(() => createTenant({ planId })));
    const [{ data } = { data: null }] = await harness.store.readStream(planStream(planId));
    const plan = data as { name: string; terms: PlanTerms };
    await harness.replaced(async () => {
      // What the dead process had committed, and nobody has followed yet.
      const { log, pool } = harness;
      const masterKeys = openMasterKeys(harness.dataKeyFile);
      const store = createEventStore({ pool, context: 'tenancy', registry: tenancyEvents, masterKeys, log });
      const outcome = await handleCommand(store, {
        decider: planDecider,
        stream: planStream(planId),
        command: { kind: 'change', name: undefined, terms: { limits: { ports: 5 } } },
        origin: { tenant: PLATFORM, actor: 'user:root', cause: null, correlation: 'c', traceparent: null },
      });
      expect(outcome.ok).toBe(true);
      await store.close();
    });
    await eventually(async () => {
      for (const tenant of tenants) {
        expect((await entitled(tenant)).effective.limits).toEqual({ ...plan.terms.limits, ports: 5 });
        // Once each.
        expect(await harness.store.readStream(`entitlements:${tenant}`)).toHaveLength(2);
      }
    });
  });

  it('that takes away what is in use is refused, and says who uses it; despite that it is taken from what comes', async () => {
    const planId = await createPlan({ capabilities: ['imageRules', 'logs'] });
    const tenant = await createTenant({ planId });
    const environmentId = await createEnvironment(tenant);
    resultOf(await setRules(tenant, environmentId));
    const refused = await change(planId, { capabilities: ['logs'] });
    expect(refused).toMatchObject({ ok: false, error: { code: 'CAPABILITY_IN_USE' } });
    if (!refused.ok) expect(refused.error.message).toContain(`${tenant} (${environmentId})`);
    expect((await entitled(tenant)).effective.capabilities).toContain('imageRules');

    resultOf(await change(planId, { capabilities: ['logs'] }, { despiteUse: true }));
    await eventually(async () => expect((await entitled(tenant)).effective.capabilities).toEqual(['logs']));
    expect(codeOf(await setRules(tenant, await createEnvironment(tenant)))).toBe('CAPABILITY_EXCLUDED');
  });

  it('is never mixed with an assignment at the same time: entitlements are of the newest revision in the end', async () => {
    const planId = await createPlan({ limits: { ports: 1 } });
    const tenants = await Promise.all([1, 2, 3, 4, 5].map(() => createTenant()));
    await Promise.all([
      ...tenants.map((tenant) => harness.call('SetTenantPlan', { planId }, { tenant })),
      ...[2, 3, 4].map((ports) => change(planId, { limits: { ports } })),
    ]);
    const events = await harness.store.readStream(planStream(planId));
    const newest = events.at(-1)?.data as { revision: number; terms: PlanTerms };
    await eventually(async () => {
      for (const tenant of tenants) {
        const told = await entitled(tenant);
        expect(told.planRevision).toBe(newest.revision);
        expect(told.effective.limits.ports).toBe(newest.terms.limits.ports);
      }
    });
  });
});

describe('a capability', () => {
  it('is not in use by a service account that is deleted', async () => {
    const tenant = await createTenant();
    const account = { name: 'robot', role: 'viewer', secretHash: '0'.repeat(64) };
    const { serviceAccountId } = resultOf(await harness.call('CreateServiceAccount', account, { tenant }));
    const deny = () => harness.call('OverrideEntitlements', { deny: ['serviceAccounts'] }, { tenant });
    expect(codeOf(await deny())).toBe('CAPABILITY_IN_USE');
    resultOf(await harness.call('DeleteServiceAccount', { serviceAccountId }, { tenant }));
    expect(codeOf(await deny())).toBe('OK');
  });

  it('goes or is used, never both, however close the race', async () => {
    for (let round = 0; round < 10; round += 1) {
      const tenant = await createTenant();
      const environmentId = await createEnvironment(tenant);
      const [denied, used] = await Promise.all([
        harness.call('OverrideEntitlements', { deny: ['imageRules'] }, { tenant }),
        setRules(tenant, environmentId),
      ]);
      expect([codeOf(denied), codeOf(used)].sort(), JSON.stringify([denied, used])).toEqual(
        denied.ok ? ['CAPABILITY_EXCLUDED', 'OK'] : ['CAPABILITY_IN_USE', 'OK'],
      );
    }
  });
});

describe('environments', () => {
  it('have an order without circles, also where two steps at once would close one', async () => {
    const tenant = await createTenant();
    const [a, b] = [await createEnvironment(tenant), await createEnvironment(tenant)];
    const lead = (environmentId: string, promotesTo: string[]) =>
      harness.call('SetPromotion', { environmentId, promotesTo }, { tenant });
    const both = await Promise.all([lead(a, [b]), lead(b, [a])]);
    expect(both.map(codeOf).sort()).toEqual(['OK', 'PROMOTION_CYCLE']);
    const refused = both.find(({ ok }) => !ok);
    // By their names, as the tenant knows them.
    if (refused && !refused.ok) expect(refused.error.message).toMatch(/"env-\d+" → "env-\d+" → "env-\d+"/);
  });

  it("of another tenant are answered as ones that aren't there", async () => {
    const [tenant, other] = [await createTenant(), await createTenant()];
    const mine = await createEnvironment(tenant);
    const theirs = await createEnvironment(other);
    const missing = 'env_01h455vb4pex5vsknk084sn02q';
    const asked = (environmentId: string) => [
      harness.call('ChangeEnvironment', { environmentId, name: 'mine' }, { tenant }),
      setRules(tenant, environmentId),
      harness.call('SetPromotion', { environmentId, promotesTo: [mine] }, { tenant }),
      harness.call('SetPromotion', { environmentId: mine, promotesTo: [environmentId] }, { tenant }),
    ];
    const foreign = await Promise.all(asked(theirs));
    expect(foreign.map(codeOf)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    expect(foreign).toEqual(await Promise.all(asked(missing)));
  });

  it('are renamed, and their old name is free', async () => {
    const tenant = await createTenant();
    const environmentId = await createEnvironment(tenant);
    resultOf(await harness.call('ChangeEnvironment', { environmentId, name: 'live', kind: 'PRODUCTION' }, { tenant }));
    const second = await createEnvironment(tenant);
    const taken = await harness.call('ChangeEnvironment', { environmentId: second, name: 'live' }, { tenant });
    expect(codeOf(taken)).toBe('NAME_TAKEN');
    resultOf(await harness.call('ChangeEnvironment', { environmentId, name: 'older' }, { tenant }));
    resultOf(await harness.call('ChangeEnvironment', { environmentId: second, name: 'live' }, { tenant }));
  });
});
