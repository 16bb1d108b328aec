import type { Id } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

let tenants = 0;
/** A tenant with an owner, an admin and somebody with nothing, an environment and a namespace. */
async function world() {
  tenants += 1;
  const members = [
    { subject: 'olga', role: 'owner' },
    { subject: 'adam', role: 'admin' },
  ];
  const created = await harness.call('CreateTenant', { name: `access-${tenants}`, members }, { tenant: 'platform' });
  const tenant = resultOf(created).tenantId as Id<'tenant'>;
  const asked = { tenant };
  const nora = resultOf(await harness.call('AddMember', { subject: 'nora', role: null }, asked)).memberId ?? '';
  const env = await harness.call('CreateEnvironment', { name: 'prod', kind: 'PRODUCTION' }, asked);
  const { environmentId = '' } = resultOf(env);
  const ns = await harness.call('CreateNamespace', { environmentId, name: 'shop' }, asked);
  const { namespaceId = '' } = resultOf(ns);
  return { tenant, nora, environmentId, namespaceId };
}
const streamOf = (stream: string) => harness.store.readStream(stream);
const as = (tenant: Id<'tenant'>, subject: string) => ({ tenant, actor: `user:${subject}` });

describe('roles and bindings', () => {
  it('are given for what is there, and end with it', async () => {
    const { tenant, nora: subjectId, namespaceId, environmentId } = await world();
    const bind = (where: object) =>
      harness.call('BindRole', { subjectId, role: 'developer', ...where }, as(tenant, 'adam'));
    const { bindingId } = resultOf(await bind({ namespaceId }));
    resultOf(await bind({ environmentId }));
    expect(codeOf(await bind({ namespaceId }))).toBe('ILLEGAL_STATE');

    resultOf(await harness.call('DeleteNamespace', { namespaceId }, { tenant }));
    expect(codeOf(await bind({ namespaceId }))).toBe('NOT_FOUND');
    const network = await harness.startContext('network', networkEvents);
    await network.append({
      ...{ stream: `namespace:${namespaceId}`, expected: { kind: 'any' }, claims: [] },
      events: [{ type: 'NamespaceDrained', data: { namespaceId } }],
      origin: { tenant, actor: 'service:network', cause: null, correlation: 'c', traceparent: null },
    });
    const deadline = Date.now() + 25_000;
    const unbound = async () => (await streamOf(`tenant:${tenant}`)).filter(({ type }) => type === 'RoleUnbound');
    while ((await unbound()).length === 0 && Date.now() < deadline) await new Promise((go) => setTimeout(go, 20));
    expect(await unbound()).toMatchObject([{ actor: 'service:tenancy', data: { bindingId } }]);
  });

  it('another tenant’s things are as missing ones, byte for byte', async () => {
    const ours = await world();
    const theirs = await world();
    const bind = (subjectId: string, where: object) =>
      harness.call('BindRole', { subjectId, role: 'developer', ...where }, as(ours.tenant, 'adam'));
    const pairs = [
      [bind(ours.nora, { namespaceId: theirs.namespaceId }), bind(ours.nora, { namespaceId: newId('namespace') })],
      [
        bind(ours.nora, { environmentId: theirs.environmentId }),
        bind(ours.nora, { environmentId: newId('environment') }),
      ],
      [bind(theirs.nora, {}), bind(newId('member'), {})],
      ...(['RemoveMember', 'ChangeMemberRole'] as const).map((command) => {
        const ask = (memberId: string) =>
          harness.call(
            command,
            { memberId, ...(command === 'RemoveMember' ? {} : { role: null }) },
            as(ours.tenant, 'adam'),
          );
        return [ask(theirs.nora), ask(newId('member'))] as const;
      }),
    ] as const;
    for (const [foreign, missing] of pairs) {
      expect(codeOf(await missing)).toBe('NOT_FOUND');
      expect(JSON.stringify(await foreign)).toBe(JSON.stringify(await missing));
    }
  });

  it('are refused with what is wrong and where, and nothing is changed', async () => {
    const { tenant } = await world();
    const before = (await streamOf(`tenant:${tenant}`)).length;
    const role = (input: object) =>
      harness.call('CreateRole', { name: 'r', permissions: ['viewer:read'], ...input }, as(tenant, 'olga'));
    for (const [input, field] of [
      [{ name: 'x'.repeat(10_000) }, 'name'],
      [{ name: 'Ünï ☂' }, 'name'],
      [{ name: '' }, 'name'],
      [{ description: 'a\u0000b' }, 'description'],
      [{ description: 'x'.repeat(10_000) }, 'description'],
      [{ permissions: [] }, 'permissions'],
      [{ permissions: ['tenant:create'] }, 'permissions.0'],
      [{ permissions: ['x'.repeat(10_000)] }, 'permissions.0'],
    ] as const) {
      const reply = await role(input);
      expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field } });
      expect(JSON.stringify(reply).length).toBeLessThan(1000);
    }
    expect((await streamOf(`tenant:${tenant}`)).length).toBe(before);
  });

  it('of fifty who race to demote the last two owners, one is left', async () => {
    const { tenant } = await world();
    const bob = resultOf(await harness.call('AddMember', { subject: 'bob', role: 'owner' }, { tenant })).memberId;
    const stream = await streamOf(`tenant:${tenant}`);
    const olga = stream.flatMap(({ data }) => {
      const { subject, memberId } = data as { subject?: string; memberId?: string };
      return subject === 'olga' ? [memberId] : [];
    })[0];
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        harness.call('ChangeMemberRole', { memberId: n % 2 ? bob : olga, role: 'admin' }, { tenant }),
      ),
    );
    const refused = replies.filter((reply) => codeOf(reply) === 'LAST_OWNER');
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK', 'LAST_OWNER']));
    const changes = (await streamOf(`tenant:${tenant}`)).filter(({ type }) => type === 'MemberRoleChanged');
    expect(changes).toHaveLength(1);
  });
});
