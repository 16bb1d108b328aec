/** Roles, bindings, and who may do what: as they are read. What the tenancy service decides of them is its own tests'. */
import type { CommandEnvelope } from '@atoll/schema/envelope';
import { permissions } from '@atoll/schema/permissions';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
let ids: Scenario;
let theirs: Scenario;
let dora: string;
const memberId = newId('member');
const roleId = newId('role');
const bindingId = newId('binding');
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  ids = await everything(platform, acme, 'ours');
  theirs = await everything(platform, globex, 'theirs');
  const tenantId = acme.id;
  const { environment: environmentId, namespace: namespaceId } = ids;
  const scope = { level: 'namespace', environmentId, namespaceId };
  const held = ['viewer:read', 'deployment:write', 'deployment:read'];
  await platform.append(
    ...([tenantId, 'tenancy', `tenant:${tenantId}`] as const),
    { type: 'RoleCreated', data: { tenantId, roleId, name: 'deployers', description: 'Deploys.', permissions: held } },
    {
      type: 'MemberAdded',
      data: { tenantId, memberId, subject: 'dora', role: null, displayName: null, email: null },
    },
    { type: 'RoleBound', data: { tenantId, bindingId, subjectId: memberId, role: roleId, scope } },
  );
  dora = await platform.issuer.sign({ subject: 'dora', tenant: tenantId }, 3600);
});
afterAll(() => platform.stop());

describe('roles and bindings', () => {
  it('are read with who has them where, each from the other', async () => {
    const { body } = await platform.query(
      acme.admin,
      `{ roles { nodes { id name description permissions holders { nodes { id subjectId level environmentId namespaceId } } } }
         roleBindings { nodes { id role ownRole { name } boundBy } }
         members { nodes { subject role roleBindings { nodes { id } } } } }`,
    );
    expect(body.errors).toBeUndefined();
    expect(body.data.roles.nodes).toEqual([
      {
        ...{ id: roleId, name: 'deployers', description: 'Deploys.' },
        permissions: ['deployment:read', 'deployment:write', 'viewer:read'],
        holders: {
          nodes: [
            {
              ...{ id: bindingId, subjectId: memberId, level: 'NAMESPACE' },
              ...{ environmentId: ids.environment, namespaceId: ids.namespace },
            },
          ],
        },
      },
    ]);
    expect(body.data.roleBindings.nodes).toEqual([
      { id: bindingId, role: null, ownRole: { name: 'deployers' }, boundBy: 'user:test' },
    ]);
    expect(body.data.members.nodes.at(-1)).toEqual({
      ...{ subject: 'dora', role: null, roleBindings: { nodes: [{ id: bindingId }] } },
    });
    const others = await platform.query(globex.admin, '{ roles { nodes { id } } roleBindings { nodes { id } } }');
    expect(others.body.data).toEqual({ roles: { nodes: [] }, roleBindings: { nodes: [] } });
  });

  it('are shown to the viewer, who sees what they may do where', async () => {
    const { body } = await platform.query(
      dora,
      '{ viewer { role permissions grants { role bindingId level namespaceId permissions } } }',
    );
    const held = ['deployment:read', 'deployment:write', 'viewer:read'];
    expect(body.data.viewer).toMatchObject({
      role: 'none',
      grants: [{ role: roleId, bindingId, level: 'NAMESPACE', namespaceId: ids.namespace, permissions: held }],
    });
    expect([...body.data.viewer.permissions].sort()).toEqual(held);
  });

  it('are made of permissions that are all told, with what they allow', async () => {
    const { body } = await platform.query(acme.viewer, '{ permissions { name doc level roles } }');
    expect(body.data.permissions.map(({ name }: { name: string }) => name)).toEqual(permissions);
    expect(body.data.permissions).toContainEqual({
      ...{ name: 'deployment:write', doc: expect.any(String), level: 'NAMESPACE' },
      roles: ['OWNER', 'ADMIN', 'DEVELOPER'],
    });
  });
});

describe('who may do something, and because of what', () => {
  const access = `query ($permission: String!, $id: ID) { access(permission: $permission, resourceId: $id) {
    level environmentId namespaceId subjects { kind name because { role roleId bindingId level namespaceId } } } }`;
  const canI = `query ($permission: String!, $id: ID) { canI(permission: $permission, resourceId: $id) {
    allowed because { role bindingId level } } }`;

  it('is told of a deployment by where it is', async () => {
    const { body } = await platform.query(acme.admin, access, { permission: 'deployment:write', id: ids.deployment });
    expect(body.data.access).toEqual({
      ...{ level: 'NAMESPACE', environmentId: ids.environment, namespaceId: ids.namespace },
      subjects: [
        {
          ...{ kind: 'MEMBER', name: 'acme-admin' },
          because: [{ role: 'admin', roleId: null, bindingId: null, level: 'TENANT', namespaceId: null }],
        },
        {
          ...{ kind: 'MEMBER', name: 'dora' },
          because: [{ role: 'deployers', roleId, bindingId, level: 'NAMESPACE', namespaceId: ids.namespace }],
        },
      ],
    });
    const whole = await platform.query(acme.admin, access, { permission: 'deployment:write' });
    expect(whole.body.data.access.subjects.map(({ name }: { name: string }) => name)).toEqual(['acme-admin']);
  });

  it('is told to each of themselves', async () => {
    const ask = async (token: string, permission: string, id: string | null) =>
      (await platform.query(token, canI, { permission, id })).body.data?.canI;
    expect(await ask(dora, 'deployment:write', ids.deployment)).toEqual({
      ...{ allowed: true, because: [{ role: 'deployers', bindingId, level: 'NAMESPACE' }] },
    });
    expect(await ask(dora, 'deployment:write', null)).toEqual({ allowed: false, because: [] });
    expect(await ask(acme.viewer, 'deployment:write', ids.deployment)).toEqual({ allowed: false, because: [] });
    expect(await ask(acme.admin, 'namespace:create', ids.environment)).toMatchObject({ allowed: true });
  });

  it('is told of nothing that one may not read, another tenant’s least of all: as of what never was', async () => {
    const missing = await platform.query(acme.admin, access, {
      permission: 'deployment:write',
      id: newId('deployment'),
    });
    expect(missing.body.errors[0].extensions.code).toBe('NOT_FOUND');
    const foreign = { permission: 'deployment:write', id: theirs.deployment };
    expect((await platform.query(acme.admin, access, foreign)).text).toBe(missing.text);
    const mine = await platform.query(dora, canI, { permission: 'deployment:write', id: ids.policy });
    const nobodys = await platform.query(dora, canI, { permission: 'deployment:write', id: newId('policy') });
    expect(mine.text).toBe(nobodys.text);
    const unknown = await platform.query(acme.admin, canI, { permission: 'deployment:reed' });
    expect(unknown.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect((await platform.query(acme.viewer, access, { permission: 'viewer:read' })).text).toContain('FORBIDDEN');
  });

  it('is told to the operator of the tenant that they name', async () => {
    const ask = (id: string | null) => platform.query(platform.operator, access, { permission: 'member:create', id });
    expect((await ask(acme.id)).body.data.access.subjects).toHaveLength(1);
    expect((await ask(null)).body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect((await ask(ids.namespace)).body.errors[0].extensions.code).toBe('NOT_FOUND');
  });
});

describe('changes of who may do what', () => {
  it.each([
    ['createRole(input: { name: "r", permissions: ["viewer:read"] })', 'CreateRole', { name: 'r', description: '' }],
    [`deleteRole(input: { roleId: "${roleId}" })`, 'DeleteRole', { roleId }],
    [
      `bindRole(input: { memberId: "${memberId}", role: DEVELOPER })`,
      'BindRole',
      { subjectId: memberId, role: 'developer', environmentId: null, namespaceId: null },
    ],
    [`unbindRole(input: { roleBindingId: "${bindingId}" })`, 'UnbindRole', { bindingId }],
    [`changeMemberRole(input: { memberId: "${memberId}", role: null })`, 'ChangeMemberRole', { role: null }],
    [`removeMember(input: { memberId: "${memberId}" })`, 'RemoveMember', { memberId }],
    ['leaveTenant(input: {})', 'LeaveTenant', {}],
  ])('%s is a command of who asks', async (field, command, data) => {
    const asked: CommandEnvelope[] = [];
    const server = serveJson(platform.nc, { subject: `cmd.tenancy.${command}`, log }, async (body) => {
      asked.push(body as CommandEnvelope);
      return { ok: false, error: { code: 'LAST_OWNER', message: 'No.' } };
    });
    await platform.nc.flush();
    try {
      const { text } = await platform.query(acme.admin, `mutation { ${field} { userErrors { code } } }`);
      expect(text).toContain('LAST_OWNER');
      expect(asked[0]).toMatchObject({ tenant: acme.id, actor: 'user:acme-admin', data });
    } finally {
      await server.stop();
    }
  });

  it('say one of two where one is meant', async () => {
    const bind = (input: string) =>
      platform.query(acme.admin, `mutation { bindRole(input: ${input}) { userErrors { code field } } }`);
    for (const input of [
      '{ role: VIEWER }',
      `{ memberId: "${memberId}" }`,
      `{ memberId: "${memberId}", role: VIEWER, roleId: "${roleId}" }`,
    ]) {
      expect((await bind(input)).text).toContain('INVALID_ARGUMENT');
    }
  });
});
