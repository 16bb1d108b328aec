/** Viewers who may do something in parts of a tenant alone. */
import type { RoleRef, Scope } from '@atoll/schema/tenancy/access';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { followLog } from './follow.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let ours: Scenario;
let hidden: Scenario;
let theirs: Scenario;
/** A developer of one namespace, and one of its environment. */
let inNamespace: string;
let inEnvironment: string;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  const globex = await platform.tenant('globex');
  ours = await everything(platform, acme, 'ours');
  hidden = await everything(platform, acme, 'hidden');
  theirs = await everything(platform, globex, 'theirs');
  const { environment: environmentId, namespace: namespaceId } = ours;
  inNamespace = await person('dora', { level: 'namespace', environmentId, namespaceId });
  inEnvironment = await person('emil', { level: 'environment', environmentId });
});
afterAll(() => platform.stop());

const append = (type: string, data: object) =>
  platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, { type, data: { tenantId: acme.id, ...data } });

/** A new member without any role but this one, there. */
async function person(subject: string, scope: Scope, role: RoleRef = 'developer'): Promise<string> {
  const memberId = newId('member');
  await append('MemberAdded', { memberId, subject, role: null, displayName: null, email: null });
  await append('RoleBound', { bindingId: newId('binding'), subjectId: memberId, role, scope });
  return platform.issuer.sign({ subject, tenant: acme.id }, 3600);
}

const lists = `{
  environments { nodes { id } } namespaces { nodes { id environment { id } } } deployments { nodes { id } }
  subnets { nodes { id } }
  tenant { id environments(first: 2) { nodes { id namespaces(first: 2) { nodes {
    id subnets(first: 2) { nodes { id } }
    isolationPolicies(first: 2) { nodes { id fromNamespace { id } receipts(first: 2) { nodes { hash } } } }
    deployments(first: 2) { nodes {
      id currentRelease { id } releases(first: 2) { nodes { id } } rollouts(first: 2) { nodes { id } }
      instances(first: 2) { nodes { id } }
    } }
  } } } } }
}`;
const byId = `query ($environment: ID!, $namespace: ID!, $deployment: ID!, $instance: ID!, $policy: ID!, $release: ID!) {
  environment(id: $environment) { id } namespace(id: $namespace) { id } deployment(id: $deployment) { id }
  instance(id: $instance) { id } isolationPolicy(id: $policy) { id }
  a: node(id: $environment) { id } b: node(id: $namespace) { id } c: node(id: $deployment) { id }
  d: node(id: $instance) { id } e: node(id: $policy) { id } f: node(id: $release) { id }
}`;
const nobodys = (): Scenario => ({
  environment: newId('environment'),
  namespace: newId('namespace'),
  subnet: newId('subnet'),
  deployment: newId('deployment'),
  release: newId('release'),
  rollout: newId('rollout'),
  instance: newId('instance'),
  policy: newId('policy'),
  service: newId('service'),
  node: newId('node'),
});

/** What reading each kind of thing asks for. */
const reads = {
  environment: 'environment:read',
  namespace: 'namespace:read',
  subnet: 'namespace:read',
  deployment: 'deployment:read',
  release: 'deployment:read',
  rollout: 'deployment:read',
  instance: 'deployment:read',
  policy: 'policy:read',
  service: 'service:read',
  publicAddress: 'publicAddress:read',
  portMapping: 'publicAddress:read',
} as const;

/** The scenario with a public address and a port of it. */
async function published(scenario: Scenario) {
  const { namespace: namespaceId, deployment: deploymentId } = scenario;
  const [publicAddress, portMapping, rangeId] = [newId('publicAddress'), newId('portMapping'), newId('addressRange')];
  const of = { publicAddressId: publicAddress, namespaceId, address: '203.0.113.7' };
  await platform.append(acme.id, 'network', `publicAddress:${publicAddress}`, {
    type: 'PublicAddressAllocated',
    data: { ...of, name: 'front', rangeId },
  });
  const target = { kind: 'DEPLOYMENT', deploymentId, port: 80 };
  await platform.append(acme.id, 'network', `portMapping:${portMapping}`, {
    type: 'PortMappingCreated',
    data: { ...of, portMappingId: portMapping, protocol: 'TCP', port: 80, target },
  });
  return { ...scenario, publicAddress, portMapping };
}

describe('who may read a part of the tenant', () => {
  it('finds in every list what is in it, and nothing else of the tenant', async () => {
    for (const token of [inNamespace, inEnvironment]) {
      const { text, body } = await platform.query(token, lists);
      expect(body.errors).toBeUndefined();
      for (const id of [ours.environment, ours.namespace, ours.subnet, ours.deployment, ours.release, ours.instance]) {
        expect(text).toContain(id);
      }
      for (const id of [...Object.values(hidden), ...Object.values(theirs)]) expect(text).not.toContain(id);
    }
    const all = await platform.query(acme.admin, lists);
    expect(all.text).toContain(hidden.deployment);
  });

  it('is answered what is elsewhere in the tenant as what never was, byte for byte', async () => {
    for (const token of [inNamespace, inEnvironment]) {
      const missing = await platform.query(token, byId, nobodys());
      expect(missing.text).not.toContain('errors');
      for (const elsewhere of [hidden, theirs]) {
        expect((await platform.query(token, byId, elsewhere)).text).toBe(missing.text);
      }
      expect((await platform.query(token, byId, ours)).text.match(/null/g)).toBeNull();
    }
  });

  it('finds each kind of thing that is in it by its id, and of what is elsewhere none', async () => {
    const [mine, other] = [await published(ours), await published(hidden)];
    const nobody = { ...nobodys(), publicAddress: newId('publicAddress'), portMapping: newId('portMapping') };
    const canI = (kind: keyof typeof reads, ids: typeof nobody, token = inNamespace) =>
      platform.query(
        token,
        'query ($p: String!, $id: ID) { canI(permission: $p, resourceId: $id) { allowed namespaceId } }',
        { p: reads[kind], id: ids[kind] },
      );
    const kinds = Object.keys(reads) as (keyof typeof reads)[];
    for (const kind of kinds) {
      const { body } = await canI(kind, mine);
      const namespaceId = kind === 'environment' ? null : ours.namespace;
      expect({ kind, ...body.data?.canI }).toEqual({ kind, allowed: true, namespaceId });
      const missing = await canI(kind, nobody);
      expect({ kind, code: missing.body.errors[0].extensions.code }).toEqual({ kind, code: 'NOT_FOUND' });
      expect((await canI(kind, other)).text).toBe(missing.text);
      expect((await canI(kind, other, acme.admin)).body.data.canI.allowed).toBe(true);
    }
  });

  it('is told of what is of the whole tenant where the permission is held for that alone', async () => {
    const [memberId, roleId] = [newId('member'), newId('role')];
    await append('MemberAdded', { memberId, subject: 'ivy', role: null, displayName: null, email: null });
    await append('RoleCreated', { roleId, name: 'looker', description: '', permissions: ['viewer:read'] });
    const canI = async (token: string, permission: string, id: string) =>
      (
        await platform.query(
          token,
          'query ($p: String!, $id: ID) { canI(permission: $p, resourceId: $id) { allowed level } }',
          { p: permission, id },
        )
      ).body.data?.canI;
    expect(await canI(acme.admin, 'member:change', memberId)).toEqual({ allowed: true, level: 'TENANT' });
    expect(await canI(acme.admin, 'role:write', roleId)).toEqual({ allowed: true, level: 'TENANT' });
    expect(await canI(inNamespace, 'member:change', memberId)).toBeUndefined();
    expect(await canI(inNamespace, 'role:write', roleId)).toEqual({ allowed: false, level: 'TENANT' });
    expect(await canI(acme.admin, 'member:change', newId('member'))).toBeUndefined();
  });

  it('probes from there alone', async () => {
    const probe = `query ($instance: ID!) { probe(from: $instance, address: "10.64.0.1", port: 80) { outcome } }`;
    const missing = await platform.query(inNamespace, probe, nobodys());
    expect(missing.body.errors[0].extensions.code).toBe('NOT_FOUND');
    for (const elsewhere of [hidden, theirs]) {
      expect((await platform.query(inNamespace, probe, elsewhere)).text).toBe(missing.text);
    }
    // The node's agent would be asked: there is none.
    expect((await platform.query(inNamespace, probe, ours)).body.errors[0].extensions.code).toBe('UNAVAILABLE');
  });

  it('reads the records of the log that are about things there, and follows them', async () => {
    const { body } = await platform.query(inNamespace, '{ events(first: 100) { nodes { type resourceId data } } }');
    const text = JSON.stringify(body.data.events.nodes);
    const types = body.data.events.nodes.map(({ type }: { type: string }) => type);
    for (const type of ['tenancy.NamespaceCreated', 'deploy.InstanceReady', 'network.EndpointSecured']) {
      expect(types).toContain(type);
    }
    expect(types).not.toContain('tenancy.MemberAdded');
    expect(types).not.toContain('tenancy.EnvironmentCreated');
    for (const id of Object.values(hidden)) expect(text).not.toContain(id);
    const wider = await platform.query(inEnvironment, '{ events(first: 100) { nodes { type } } }');
    expect(JSON.stringify(wider.body)).toContain('tenancy.EnvironmentCreated');

    const follower = followLog(platform, inNamespace, '0');
    await follower.until(types.length);
    const late = newId('deployment');
    const created = (deploymentId: string, namespaceId: string) =>
      platform.append(acme.id, 'deploy', `deployment:${deploymentId}`, {
        type: 'DeploymentCreated',
        data: {
          ...{ deploymentId, namespaceId, name: 'late', labels: {}, replicas: 0 },
          strategy: { maxSurge: 1, maxUnavailable: 0 },
        },
      });
    await created(newId('deployment'), hidden.namespace);
    await created(late, ours.namespace);
    await follower.until(types.length + 1);
    expect(follower.told.map(({ type }) => type)).toEqual([...types, 'deploy.DeploymentCreated']);
    expect(follower.told.at(-1)?.resourceId).toBe(late);
    // What says only of which deployment it is, is where the deployment is; after the deployment is gone, too.
    const { namespace: namespaceId } = ours;
    await platform.append(
      ...([acme.id, 'deploy', `deployment:${late}`] as const),
      { type: 'DeploymentScaled', data: { deploymentId: late, replicas: 1, from: 0 } },
      { type: 'DeploymentDeleted', data: { deploymentId: late, namespaceId, name: 'late' } },
    );
    await follower.until(types.length + 3);
    follower.stop();
  });
});

describe('who may change a part of the tenant', () => {
  const scale = `mutation ($id: ID!) { scaleDeployment(input: { deploymentId: $id, replicas: 2 }) { userErrors { code message field } } }`;
  const open = `mutation ($namespace: ID!, $from: ID) { createIsolationPolicy(input: { namespaceId: $namespace, name: "p",
    from: { namespaceId: $from }, toLabels: [], ports: [{ protocol: TCP, from: 80 }] }) { userErrors { code message field } } }`;

  it('changes what is there; what is elsewhere is as if it never was, and no service is asked', async () => {
    const asked: string[] = [];
    const refuse = { ok: false, error: { code: 'ILLEGAL_STATE', message: 'asked' } };
    const servers = ['cmd.deploy.ScaleDeployment', 'cmd.network.CreateIsolationPolicy'].map((subject) =>
      serveJson(platform.nc, { subject, log }, async () => {
        asked.push(subject);
        return refuse;
      }),
    );
    await platform.nc.flush();
    try {
      for (const token of [inNamespace, inEnvironment]) {
        expect((await platform.query(token, scale, { id: ours.deployment })).text).toContain('asked');
        const missing = await platform.query(token, scale, { id: newId('deployment') });
        expect(missing.body.data.scaleDeployment.userErrors).toEqual([
          { code: 'NOT_FOUND', message: 'There is no such deployment.', field: ['deploymentId'] },
        ]);
        for (const { deployment } of [hidden, theirs]) {
          expect((await platform.query(token, scale, { id: deployment })).text).toBe(missing.text);
        }
        // Nor does it learn which namespaces there are by naming them as a source.
        const into = (from: string) => platform.query(token, open, { namespace: ours.namespace, from });
        expect((await into(ours.namespace)).text).toContain('asked');
        const unknown = await into(newId('namespace'));
        expect(unknown.text).toContain('NOT_FOUND');
        for (const { namespace } of [hidden, theirs]) expect((await into(namespace)).text).toBe(unknown.text);
      }
      expect(asked).toHaveLength(4);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  it('is told that something elsewhere is in the way, and not what', async () => {
    const message =
      `The tenant holds 5 of at most 5 instances (instances), and web (${ours.deployment}) would hold 2. It is held by ` +
      `secret-name (${hidden.deployment}) 3, mine (${ours.deployment}) 1, also-secret (${newId('deployment')}) 1.`;
    const server = serveJson(platform.nc, { subject: 'cmd.deploy.ScaleDeployment', log }, async () => ({
      ok: false,
      error: { code: 'QUOTA_EXCEEDED', message },
    }));
    await platform.nc.flush();
    const told = async (token: string): Promise<string> => {
      const { body } = await platform.query(token, scale, { id: ours.deployment });
      return body.data.scaleDeployment.userErrors[0].message;
    };
    try {
      for (const token of [inNamespace, inEnvironment]) {
        expect(await told(token)).toBe(
          `The tenant holds 5 of at most 5 instances (instances), and web (${ours.deployment}) would hold 2. It is held ` +
            `by something elsewhere 3, mine (${ours.deployment}) 1, something elsewhere 1.`,
        );
      }
      expect(await told(acme.admin)).toBe(message);
    } finally {
      await server.stop();
    }
  });

  it('is told what is lacking where they may look and not change', async () => {
    const { environment: environmentId, namespace: namespaceId } = hidden;
    const memberId = newId('member');
    await append('MemberAdded', { memberId, subject: 'fay', role: 'viewer', displayName: null, email: null });
    const scope = { level: 'namespace', environmentId, namespaceId };
    await append('RoleBound', { bindingId: newId('binding'), subjectId: memberId, role: 'developer', scope });
    const fay = await platform.issuer.sign({ subject: 'fay', tenant: acme.id }, 3600);
    const { body, status } = await platform.query(fay, scale, { id: ours.deployment });
    expect(status).toBe(200);
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect(body.errors[0].message).toMatch(/deployment:write.*in that namespace/);
    const created = await platform.query(
      fay,
      'mutation { createEnvironment(input: { name: "x", kind: TEST }) { position } }',
    );
    expect(created.body.errors[0].extensions.code).toBe('FORBIDDEN');
  });

  it('says nothing of what may run in an environment that is not theirs to change', async () => {
    const { environment: environmentId } = ours;
    const memberId = newId('member');
    await append('MemberAdded', { memberId, subject: 'gil', role: 'viewer', displayName: null, email: null });
    const scope = { level: 'environment', environmentId };
    await append('RoleBound', { bindingId: newId('binding'), subjectId: memberId, role: 'admin', scope });
    const gil = await platform.issuer.sign({ subject: 'gil', tenant: acme.id }, 3600);
    const promote = `mutation ($from: ID!, $to: [ID!]!) {
      setPromotion(input: { environmentId: $from, promotesTo: $to }) { userErrors { code } } }`;
    const { body } = await platform.query(gil, promote, { from: environmentId, to: [hidden.environment] });
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect(body.errors[0].message).toMatch(/environment:write.*in that environment/);
  });
});

describe('what was given and is taken back', () => {
  it('is gone with the next request, on open sockets within 5 s, and with the namespace', async () => {
    const { environment: environmentId, namespace: namespaceId } = ours;
    const scope = { level: 'namespace', environmentId, namespaceId } as const;
    const memberId = newId('member');
    const roleId = newId('role');
    const bindingId = newId('binding');
    const role = { roleId, name: 'reader', description: '' };
    const bound = { bindingId, subjectId: memberId, role: roleId, scope };
    await append('MemberAdded', { memberId, subject: 'gus', role: null, displayName: null, email: null });
    await append('RoleCreated', { ...role, permissions: ['viewer:read', 'namespace:read', 'event:read'] });
    await append('RoleBound', bound);
    const gus = await platform.issuer.sign({ subject: 'gus', tenant: acme.id }, 3600);
    const names = async () => (await platform.query(gus, '{ namespaces { nodes { id } } }')).text;
    expect(await names()).toContain(namespaceId);

    const follower = followLog(platform, gus, '0');
    await follower.until(1);
    await append('RoleChanged', { ...role, permissions: ['viewer:read'] });
    expect(await names()).toContain('FORBIDDEN');
    const since = performance.now();
    await eventually('the socket is closed', async () => follower.closes.length > 0);
    expect(performance.now() - since).toBeLessThan(5000);
    expect(follower.closes[0]?.code).toBe(4403);

    await append('RoleChanged', { ...role, permissions: ['viewer:read', 'namespace:read'] });
    expect(await names()).toContain(namespaceId);
    await append('RoleUnbound', bound);
    expect(await names()).toContain('FORBIDDEN');
    await append('RoleBound', { ...bound, bindingId: newId('binding') });
    expect(await names()).toContain(namespaceId);
    await append('MemberRemoved', { memberId, subject: 'gus' });
    expect(await names()).toContain('no member');
  });

  it('a binding for a namespace that is gone gives nothing', async () => {
    const scenario = await everything(platform, acme, 'short');
    const { environment: environmentId, namespace: namespaceId } = scenario;
    const token = await person('hal', { level: 'namespace', environmentId, namespaceId });
    expect((await platform.query(token, '{ viewer { subject } }')).status).toBe(200);
    await platform.append(acme.id, 'tenancy', `namespace:${namespaceId}`, {
      type: 'NamespaceDeleted',
      data: { namespaceId, environmentId, name: 'short' },
    });
    expect((await platform.query(token, '{ viewer { subject } }')).text).toContain('FORBIDDEN');
  });
});
