/** Labels of everything that can have them, and lists by them: for the tenant, strangers, parts of the tenant, the operator. */
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
let ours: Scenario;
let other: Scenario;
let theirs: Scenario;
/** A developer of the namespace of `ours` alone. */
let inNamespace: string;
const blue = { team: 'blue' };

beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  ours = await everything(platform, acme, 'ours');
  other = await everything(platform, acme, 'other');
  theirs = await everything(platform, globex, 'theirs');
  for (const [tenant, ids] of [
    [acme, ours],
    [acme, other],
    [globex, theirs],
  ] as const)
    await label(tenant, ids, blue);
  const memberId = newId('member');
  const { environment: environmentId, namespace: namespaceId } = ours;
  const scope = { level: 'namespace', environmentId, namespaceId };
  const append = (type: string, data: object) =>
    platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, { type, data: { tenantId: acme.id, ...data } });
  await append('MemberAdded', { memberId, subject: 'dora', role: null, displayName: null, email: null });
  await append('RoleBound', { bindingId: newId('binding'), subjectId: memberId, role: 'developer', scope });
  inNamespace = await platform.issuer.sign({ subject: 'dora', tenant: acme.id }, 3600);
});
afterAll(() => platform.stop());

async function label({ id }: TestTenant, ids: Scenario, labels: Record<string, string>): Promise<void> {
  const { environment: environmentId, namespace: namespaceId, deployment: deploymentId, policy: policyId } = ids;
  await platform.append(id, 'tenancy', `environment:${environmentId}`, {
    type: 'EnvironmentLabelsSet',
    data: { environmentId, labels },
  });
  await platform.append(id, 'tenancy', `namespace:${namespaceId}`, {
    type: 'NamespaceLabelsSet',
    data: { namespaceId, environmentId, labels },
  });
  await platform.append(id, 'deploy', `deployment:${deploymentId}`, {
    type: 'DeploymentLabelsSet',
    data: { deploymentId, namespaceId, labels },
  });
  await platform.append(id, 'network', `policy:${policyId}`, {
    type: 'IsolationPolicyLabelsSet',
    data: { policyId, namespaceId, labels },
  });
  await platform.append(id, 'network', `service:${ids.service}`, {
    type: 'ServiceLabelsSet',
    data: { serviceId: ids.service, namespaceId, labels },
  });
}

const lists = `query ($l: [LabelInput!]) {
  environments(labels: $l) { nodes { id labels { key value } } }
  namespaces(labels: $l) { nodes { id labels { key value } } }
  deployments(labels: $l) { nodes { id labels { key value } } }
}`;
const team = (value: string) => ({ l: [{ key: 'team', value }] });

describe('labels that are set', () => {
  it('are shown with the version that they made, and the instances keep those of the deployment that created them', async () => {
    const { body } = await platform.query(
      acme.admin,
      `query ($d: ID!, $p: ID!, $n: ID!) {
        namespace(id: $n) { labels { key value } version }
        isolationPolicy(id: $p) { labels { key value } toLabels { key value } revision }
        deployment(id: $d) { labels { key value } instances(first: 1) { nodes { id } } }
      }`,
      { d: ours.deployment, p: ours.policy, n: ours.namespace },
    );
    const labels = [{ key: 'team', value: 'blue' }];
    expect(body.data).toMatchObject({
      namespace: { labels, version: 2 },
      isolationPolicy: { labels, toLabels: [{ key: 'role', value: 'server' }], revision: 1 },
      deployment: { labels, instances: { nodes: [{ id: ours.instance }] } },
    });
  });
});

describe('a list by labels', () => {
  it("has the tenant's own that have all of the pairs, and no others", async () => {
    const { body, text } = await platform.query(acme.admin, lists, team('blue'));
    expect(body.errors).toBeUndefined();
    for (const id of [ours.environment, ours.namespace, ours.deployment, other.deployment]) expect(text).toContain(id);
    for (const id of Object.values(theirs)) expect(text).not.toContain(id);
    const l = [
      { key: 'team', value: 'blue' },
      { key: 'tier', value: 'front' },
    ];
    const none = { environments: { nodes: [] }, namespaces: { nodes: [] }, deployments: { nodes: [] } };
    for (const asked of [team('red'), { l }]) {
      expect((await platform.query(acme.admin, lists, asked)).body.data).toEqual(none);
    }
  });

  it('has tenants for the operator; a tenant reads its own', async () => {
    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'TenantLabelsSet',
      data: { tenantId: acme.id, labels: blue },
    });
    const labels = [{ key: 'team', value: 'blue' }];
    expect((await platform.query(acme.viewer, '{ tenant { labels { key value } } }')).body.data.tenant).toEqual({
      labels,
    });
    const query = 'query ($l: [LabelInput!]) { tenants(labels: $l) { nodes { id labels { key value } } } }';
    const { body } = await platform.query(platform.operator, query, team('blue'));
    expect(body.data.tenants.nodes).toEqual([{ id: acme.id, labels }]);
    expect((await platform.query(platform.operator, query)).text).toContain(globex.id);
  });

  it('has service accounts, too', async () => {
    const [mine, plain] = [newId('serviceAccount'), newId('serviceAccount')];
    for (const serviceAccountId of [mine, plain]) {
      await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
        type: 'ServiceAccountCreated',
        data: {
          tenantId: acme.id,
          serviceAccountId,
          name: `a${serviceAccountId.slice(4)}`,
          role: null,
          secretHash: 'a'.repeat(64),
        },
      });
    }
    await platform.append(acme.id, 'tenancy', `serviceAccount:${mine}`, {
      type: 'ServiceAccountLabelsSet',
      data: { tenantId: acme.id, serviceAccountId: mine, labels: blue },
    });
    const query = 'query ($l: [LabelInput!]) { serviceAccounts(labels: $l) { nodes { id labels { key value } } } }';
    const labels = [{ key: 'team', value: 'blue' }];
    const ofAcme = await platform.query(acme.admin, query, team('blue'));
    expect(ofAcme.body.data).toEqual({ serviceAccounts: { nodes: [{ id: mine, labels }] } });
    expect((await platform.query(acme.admin, query)).text).toContain(plain);
    expect((await platform.query(globex.admin, query, team('blue'))).body.data.serviceAccounts.nodes).toEqual([]);
  });

  it('of whoever may read a part of the tenant has what is in that part alone', async () => {
    const { text } = await platform.query(inNamespace, lists, team('blue'));
    for (const id of [ours.environment, ours.namespace, ours.deployment]) expect(text).toContain(id);
    for (const id of [...Object.values(other), ...Object.values(theirs)]) expect(text).not.toContain(id);
  });

  it('goes on from a cursor among those that have them, under a parent as at the root', async () => {
    await label(acme, other, { team: 'green', tier: 'front' });
    const page = `query ($l: [LabelInput!], $after: String, $e: ID!) {
      namespaces(first: 1, after: $after, labels: $l) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } }
      environment(id: $e) { namespaces(labels: $l) { nodes { id isolationPolicies(labels: $l) { nodes { id } }
        services(labels: $l) { nodes { id labels { key value } version } } } } }
    }`;
    const asked = { e: ours.environment, ...team('blue') };
    const first = await platform.query(acme.admin, page, asked);
    expect(first.body.data).toMatchObject({
      namespaces: { nodes: [{ id: ours.namespace }], pageInfo: { hasNextPage: false, hasPreviousPage: false } },
      environment: {
        namespaces: {
          nodes: [
            {
              ...{ id: ours.namespace, isolationPolicies: { nodes: [{ id: ours.policy }] } },
              services: { nodes: [{ id: ours.service, labels: [{ key: 'team', value: 'blue' }], version: 2 }] },
            },
          ],
        },
      },
    });
    const all = await platform.query(acme.admin, page, { ...asked, l: [] });
    expect(all.body.data.namespaces.pageInfo).toMatchObject({ hasNextPage: true });
    const after = first.body.data.namespaces.pageInfo.endCursor;
    const second = await platform.query(acme.admin, page, { ...asked, after });
    expect(second.body.data.namespaces).toMatchObject({ nodes: [], pageInfo: { hasPreviousPage: true } });
    const green = await platform.query(acme.admin, page, { ...asked, ...team('green') });
    expect(green.body.data).toMatchObject({
      namespaces: { nodes: [{ id: other.namespace }] },
      environment: { namespaces: { nodes: [] } },
    });
  });

  it('is refused with what to do where no label can be so', async () => {
    const { body } = await platform.query(acme.admin, lists, team('no value'));
    expect(body.errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(body.errors[0].message).toContain('no label can be');
  });
});

describe('setting labels', () => {
  const set = (of: string, id: string, labels: readonly object[]) =>
    `mutation { set${of}Labels(input: { ${id}, labels: [${labels.map((one) => JSON.stringify(one).replaceAll(/"(key|value)"/g, '$1')).join(', ')}] }) { position userErrors { code field } } }`;
  const pair = { key: 'team', value: 'red' };

  it('is asked of the context whose thing it is, with the labels as a map', async () => {
    for (const [of, field, id, subject] of [
      ['Environment', 'environmentId', ours.environment, 'cmd.tenancy.SetEnvironmentLabels'],
      ['Namespace', 'namespaceId', ours.namespace, 'cmd.tenancy.SetNamespaceLabels'],
      ['Deployment', 'deploymentId', ours.deployment, 'cmd.deploy.SetDeploymentLabels'],
      ['IsolationPolicy', 'policyId', ours.policy, 'cmd.network.SetIsolationPolicyLabels'],
      ['Service', 'serviceId', ours.service, 'cmd.network.SetServiceLabels'],
    ] as const) {
      const asked: unknown[] = [];
      const serving = serveJson(platform.nc, { subject, log }, async (body) => {
        asked.push(body);
        return { ok: false, error: { code: 'BEING_DELETED', message: 'It goes.' } };
      });
      await platform.nc.flush();
      const { body } = await platform.query(acme.admin, set(of, `${field}: "${id}"`, [pair]));
      expect(body.data[`set${of}Labels`].userErrors).toMatchObject([{ code: 'BEING_DELETED' }]);
      expect(asked).toMatchObject([{ tenant: acme.id, data: { [field]: id, labels: { team: 'red' } } }]);
      const twice = await platform.query(acme.admin, set(of, `${field}: "${id}"`, [pair, pair]));
      expect(twice.body.data[`set${of}Labels`].userErrors).toEqual([
        { code: 'INVALID_ARGUMENT', field: ['labels', '1', 'key'] },
      ]);
      expect(asked).toHaveLength(1);
      await serving.stop();
    }
  });

  it('is for whoever may change the thing: a developer labels deployments of their namespace, not the namespace', async () => {
    const ofNamespace = await platform.query(inNamespace, set('Namespace', `namespaceId: "${ours.namespace}"`, [pair]));
    expect(JSON.stringify(ofNamespace.body)).toContain('FORBIDDEN');
    const elsewhere = await platform.query(
      inNamespace,
      set('Deployment', `deploymentId: "${other.deployment}"`, [pair]),
    );
    const missing = await platform.query(
      inNamespace,
      set('Deployment', `deploymentId: "${newId('deployment')}"`, [pair]),
    );
    expect(elsewhere.text).toContain('NOT_FOUND');
    expect(elsewhere.text).toBe(missing.text);
  });
});
