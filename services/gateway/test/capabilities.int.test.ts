import { DEFAULT_PLAN, defaultTerms, effectiveTerms, noOverrides } from '@atoll/schema/tenancy/plans';
import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';

let platform: Platform;
let whole: TestTenant;
let small: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  whole = await platform.tenant('whole');
  small = await platform.tenant('small');
  await entitle(small, ['probe', 'imageRules', 'promotionOrder']);
});
afterAll(() => platform.stop());

/** As the tenancy service would tell it. */
async function entitle(tenant: TestTenant, deny: string[], pointsPerMinute: number | null = null): Promise<void> {
  const overrides = { ...noOverrides, deny, pointsPerMinute };
  const data = { tenantId: tenant.id, planId: DEFAULT_PLAN, planName: 'starter', planRevision: 2, overrides };
  await platform.append(tenant.id, 'tenancy', `entitlements:${tenant.id}`, {
    type: 'EntitlementsChanged',
    data: { ...data, effective: effectiveTerms(defaultTerms, overrides) },
  });
}

const probe = `query P($from: ID!) { probe(from: $from, address: "10.64.0.1", port: 80) { outcome } }`;
const rules = 'mutation { setImageRules(input: {environmentId: "env_x", promotedOnly: true}) { position } }';

describe('what the plan of a tenant excludes', () => {
  it('is absent from its introspection and its printed schema; another tenant and the operator see all', async () => {
    const introspection = async (token: string) => (await platform.query(token, getIntrospectionQuery())).text;
    const sdl = async (token: string) =>
      (await fetch(`${platform.url}/schema.graphql`, { headers: { authorization: `Bearer ${token}` } })).text();
    // Named alone: the text is long, and would be shown whole.
    const gone = /"probe"|\bprobe\(|ProbeResult|imageRules|ImageRules|promotesTo|[sS]etPromotion/;
    const first = (text: string) => gone.exec(text)?.[0] ?? null;
    expect(first(await introspection(small.admin))).toBe(null);
    expect((await introspection(small.viewer)) === (await introspection(small.admin))).toBe(true);
    expect(first(await introspection(whole.admin))).not.toBe(null);
    expect((await introspection(whole.admin)) === (await introspection(platform.operator))).toBe(true);
    expect(first(await sdl(small.admin))).toBe(null);
    expect(first(await sdl(whole.admin))).not.toBe(null);
    expect((await sdl(whole.admin)) === (await sdl(platform.operator))).toBe(true);
    expect(await sdl(small.admin)).toMatch(/type Deployment implements Node/);
    const nobody = await fetch(`${platform.url}/schema.graphql`);
    expect(nobody.status).toBe(401);
    const type = '{ __type(name: "ProbeResult") { name } }';
    expect((await platform.query(small.admin, type)).body.data).toEqual({ __type: null });
  });

  it('is refused over HTTP with the reason, also where another tenant has just used the same document', async () => {
    const from = 'ins_01h455vb4pex5vsknk084sn02q';
    const theirs = await platform.query(whole.admin, probe, { from });
    expect(theirs.body.errors[0].extensions.code).toBe('NOT_FOUND');
    for (const [query, capability] of [
      [probe, 'probe'],
      [rules, 'imageRules'],
      ['{ environments { nodes { promotesTo } } }', 'promotionOrder'],
    ] as const) {
      const { status, body } = await platform.query(small.admin, query, { from });
      expect(status, query).toBe(403);
      expect(body.data).toBeUndefined();
      expect(body.errors[0].extensions).toMatchObject({ code: 'CAPABILITY_EXCLUDED', capability, plan: 'starter' });
      expect(body.errors[0].message).toMatch(/"starter" does not include\. Ask the operator/);
    }
  });

  it('is refused over WebSocket', async () => {
    const client = createClient({
      url: `${platform.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${small.admin}` },
      retryAttempts: 0,
    });
    const answer = await new Promise<unknown>((resolve, reject) => {
      client.subscribe(
        { query: probe, variables: { from: 'x' } },
        { next: resolve, error: reject, complete: () => {} },
      );
    });
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'CAPABILITY_EXCLUDED', capability: 'probe' } }] });
    await client.dispose();
  });

  it('is there again from the next request on when the plan gives it', async () => {
    await entitle(small, []);
    const { body } = await platform.query(small.admin, probe, { from: 'x' });
    expect(body.errors[0].extensions.code).toBe('NOT_FOUND');
    await entitle(small, ['probe']);
    expect((await platform.query(small.admin, probe, { from: 'x' })).status).toBe(403);
  });
});

describe('entitlements', () => {
  it('are readable by the tenant: its plan, its limits, what is overridden', async () => {
    await entitle(small, ['probe'], 1_000_000);
    const { body } = await platform.query(
      small.viewer,
      `{ tenant { plan { id name revision } capabilities entitlements {
        limits { namespaces ports } pointsPerMinute slaClasses overrides { limits { name limit } deny pointsPerMinute pools } } } }`,
    );
    expect(body.data.tenant).toMatchObject({
      plan: { id: DEFAULT_PLAN, name: 'starter', revision: 2 },
      capabilities: defaultTerms.capabilities.filter((name) => name !== 'probe'),
      entitlements: {
        limits: { namespaces: 50, ports: 1000 },
        pointsPerMinute: 1_000_000,
        slaClasses: ['BEST_EFFORT', 'STANDARD', 'GUARANTEED'],
        overrides: { limits: [], deny: ['probe'], pointsPerMinute: 1_000_000, pools: null },
      },
    });
  });

  it('bound what the API may cost the tenant, and no other', async () => {
    const list = '{ environments(first: 100) { nodes { id } } }';
    await entitle(small, [], 250);
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await platform.query(small.admin, list)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await platform.query(whole.admin, list)).status).toBe(200);
    await entitle(small, [], null);
  });
});
