/** What resources were: equal to a fold of the events, for those who may read them, also of what is gone. */

import { requestRebuild } from '@atoll/events/rebuild/rows';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
});
afterAll(() => platform.stop());

const timelineQuery = `query ($id: ID!, $first: Int, $after: String) {
  timeline(resourceId: $id, first: $first, after: $after) {
    nodes { change kind time type actor before after } pageInfo { hasNextPage endCursor }
  }
}`;
const asOfQuery = `query ($id: ID!, $time: DateTime, $change: Int) {
  asOf(resourceId: $id, time: $time, change: $change) { id kind change time deleted state }
}`;
// biome-ignore lint/suspicious/noExplicitAny: states of many shapes, looked into by the tests
type Found = any;
const timeline = async (token: string, id: string, page: object = { first: 100 }): Promise<Found> =>
  (await platform.query(token, timelineQuery, { id, ...page })).body.data.timeline;
const asOf = async (token: string, id: string, at: object): Promise<Found> =>
  (await platform.query(token, asOfQuery, { id, ...at })).body.data.asOf;

async function aNamespace(tenant: TestTenant, name: string) {
  const environmentId = newId('environment');
  const namespaceId = newId('namespace');
  const on = (stream: string, type: string, data: object) =>
    platform.append(tenant.id, 'tenancy', stream, { type, data });
  await on(`environment:${environmentId}`, 'EnvironmentCreated', { environmentId, name, kind: 'TEST' });
  const at = { namespaceId, environmentId, name };
  await on(`namespace:${namespaceId}`, 'NamespaceCreated', { ...at, labels: { team: 'a' } });
  return {
    ...{ environmentId, namespaceId },
    request: () => on(`namespace:${namespaceId}`, 'NamespaceDeletionRequested', at),
    remove: () => on(`namespace:${namespaceId}`, 'NamespaceDeleted', at),
  };
}

/** A resource from its timeline alone: the fields that changed, folded. */
function folded(entries: readonly Found[]): (Record<string, unknown> | null)[] {
  let state: Record<string, unknown> | null = null;
  return [...entries].reverse().map(({ after }) => {
    state = after === null ? null : { ...state, ...after };
    return state;
  });
}

describe('a resource', () => {
  it('has its timeline, and is at each change and at each time what the changes up to it make of it', async () => {
    const { namespaceId, request, remove } = await aNamespace(acme, 'shop');
    await request();
    await remove();
    const { nodes } = await timeline(acme.admin, namespaceId);
    expect(nodes).toMatchObject([
      { change: 3, type: 'tenancy.NamespaceDeleted', before: { name: 'shop', deleting: true }, after: null },
      { change: 2, type: 'tenancy.NamespaceDeletionRequested', before: { deleting: false }, after: { deleting: true } },
      { change: 1, type: 'tenancy.NamespaceCreated', before: null, actor: 'user:test' },
    ]);
    const states = folded(nodes);
    for (const [index, state] of states.entries()) {
      const change = index + 1;
      const { time } = nodes.find((node: Found) => node.change === change);
      const found = await asOf(acme.admin, namespaceId, { change });
      expect(found).toMatchObject({ id: namespaceId, kind: 'namespace', change, time, deleted: state === null, state });
      // At its time, or at that of a later one of the same millisecond.
      const at = await asOf(acme.admin, namespaceId, { time });
      expect(at).toMatchObject({ time, state: states[at.change - 1] });
    }
    // It is gone, and what it was is still told.
    expect((await platform.query(acme.admin, '{ namespaces { nodes { name } } }')).text).not.toContain('shop');
    expect(states[1]).toMatchObject({ name: 'shop', deleting: true, labels: [{ key: 'team', value: 'a' }] });
    expect(await asOf(acme.admin, namespaceId, { time: '2020-01-01T00:00:00Z' })).toBeNull();
    expect(await asOf(acme.admin, namespaceId, { change: 4 })).toBeNull();
  });

  it('is the same after the read models were rebuilt', async () => {
    const all = 'select * from read.resource_change order by id, kind, change';
    const { rows: before } = await platform.database.owner.query(all);
    expect(before.length).toBeGreaterThan(5);
    await platform.database.owner.query('delete from read.resource_change where change = 1');
    expect(await requestRebuild({ pool: platform.database.owner, schema: 'read' }, 'read-models')).toMatchObject({
      outcome: 'requested',
    });
    await eventually('the history is rebuilt', async () => {
      const { rows } = await platform.database.owner.query('select phase from read.rebuild');
      return rows[0]?.phase === 'done';
    });
    const { rows: after } = await platform.database.owner.query(all);
    expect(after).toEqual(before);
  });

  it('of a tenant or a member, too, and personal data was never in it', async () => {
    const memberId = newId('member');
    const subject = 'ada';
    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'MemberAdded',
      data: { tenantId: acme.id, memberId, subject, role: 'viewer', displayName: 'Ada L.', email: 'ada@example.test' },
    });
    const { body } = await platform.query(acme.admin, `{ members(first: 100) { nodes { id displayName } } }`);
    expect(body.data.members.nodes).toContainEqual({ id: memberId, displayName: 'Ada L.' });
    const found = await asOf(acme.admin, memberId, { change: 1 });
    expect(found.state).toMatchObject({ subject: 'ada', role: 'viewer', displayName: null, email: null });

    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'TenantSuspended',
      data: { tenantId: acme.id, reason: 'unpaid' },
    });
    const { nodes } = await timeline(acme.admin, acme.id);
    expect(nodes[0]).toMatchObject({
      type: 'tenancy.TenantSuspended',
      before: { status: 'ACTIVE', suspension: null },
      after: { status: 'SUSPENDED', suspension: { reason: 'unpaid' } },
    });
    expect((await asOf(acme.admin, acme.id, { change: 1 })).state).toMatchObject({ name: 'acme', status: 'ACTIVE' });
    const { rows } = await platform.database.owner.query(
      `select string_agg(to_jsonb(r)::text, '') as all from read.resource_change r`,
    );
    expect(rows[0].all).not.toMatch(/Ada L|ada@/);
  });

  it('of the limits of an environment: who has changed them, and what they were', async () => {
    const { environmentId } = await aNamespace(globex, 'limited');
    const set = (limits: object) =>
      platform.append(globex.id, 'tenancy', `quota:${environmentId}`, {
        type: 'QuotaSet',
        data: { environmentId, namespaceId: null, limits },
      });
    await set({ cpuMillis: 1000 });
    await set({ cpuMillis: 2000 });
    const query = `query ($id: ID!) {
      timeline(resourceId: $id, kind: "quota_limit") { nodes { change actor before after } }
      asOf(resourceId: $id, kind: "quota_limit", change: 1) { state }
    }`;
    const { body } = await platform.query(globex.admin, query, { id: environmentId });
    expect(body.data.timeline.nodes).toMatchObject([
      { change: 2, before: { limits: { cpuMillis: 1000 } }, after: { limits: { cpuMillis: 2000 } } },
      { change: 1, before: null, after: { limits: { cpuMillis: 1000 } } },
    ]);
    expect(body.data.asOf.state).toEqual({ limits: { cpuMillis: 1000 } });
    const { text } = await platform.query(acme.admin, query, { id: environmentId });
    expect(text).toBe((await platform.query(acme.admin, query, { id: newId('environment') })).text);
  });

  it('comes by pages', async () => {
    const { namespaceId, request } = await aNamespace(globex, 'pages');
    await request();
    const first = await timeline(globex.admin, namespaceId, { first: 1 });
    expect(first).toMatchObject({ nodes: [{ change: 2 }], pageInfo: { hasNextPage: true, endCursor: '2' } });
    const second = await timeline(globex.admin, namespaceId, { first: 1, after: '2' });
    expect(second).toMatchObject({ nodes: [{ change: 1 }], pageInfo: { hasNextPage: false } });
  });
});

describe('of a foreign resource', () => {
  it('there is as much to see as of one that never was, byte for byte', async () => {
    const { namespaceId } = await aNamespace(globex, 'theirs');
    const ask = async (id: string, token: string) => [
      (await platform.query(token, timelineQuery, { id })).text,
      (await platform.query(token, asOfQuery, { id, change: 1 })).text,
      (await platform.query(token, asOfQuery, { id, time: new Date().toISOString() })).text,
    ];
    const missing = await ask(newId('namespace'), acme.admin);
    expect(await ask(namespaceId, acme.admin)).toEqual(missing);
    expect(await ask('no id at all', acme.admin)).toEqual(missing);
    // The operator has no hand in what a tenant runs.
    expect(await ask(namespaceId, platform.operator)).toEqual(missing);
    expect(await ask(namespaceId, globex.admin)).not.toEqual(missing);
    // Nor does a viewer read members, by whichever way.
    const { rows } = await platform.database.owner.query(`select id from read.member where tenant_id = $1`, [
      globex.id,
    ]);
    const member = rows[0].id;
    expect(await ask(member, globex.viewer)).toEqual(await ask(newId('member'), globex.viewer));
    expect(await ask(member, globex.admin)).not.toEqual(missing);
  });

  it('and a question that makes no sense is told so', async () => {
    const id = newId('namespace');
    for (const at of [{}, { time: new Date().toISOString(), change: 1 }, { change: 0 }, { time: 'yesterday' }]) {
      const { body } = await platform.query(globex.admin, asOfQuery, { id, ...at });
      expect(body.errors[0].extensions.code, JSON.stringify(at)).toBe('BAD_USER_INPUT');
    }
    const { body } = await platform.query(globex.admin, asOfQuery, { id, time: '2999-01-01T00:00:00Z' });
    expect(body.errors[0].message).toContain('still to come');
  });
});
