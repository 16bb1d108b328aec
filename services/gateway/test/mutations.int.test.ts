import { createHash, randomBytes } from 'node:crypto';
import { formatSecret, secretText } from '@atoll/schema/credentials';
import type { CommandEnvelope } from '@atoll/schema/envelope';
import { reject } from '@atoll/schema/errors';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import { type CommandContext, type CommandHandlers, serveCommands } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let ids: Scenario;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  ids = await everything(platform, acme);
});
afterAll(() => platform.stop());

const serving: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(serving.splice(0).map((service) => service.stop()));
});

type Handlers = CommandHandlers<typeof tenancyCommands>;

/** The tenancy service's side of the wire, with what a test wants it to decide. */
async function tenancy(handlers: Partial<Handlers>): Promise<void> {
  const unexpected = async () => ({ ok: false, rejection: reject('INVALID_ARGUMENT', 'unexpected') }) as const;
  const none = Object.fromEntries(Object.keys(tenancyCommands).map((name) => [name, unexpected]));
  const all = { ...none, ...handlers } as Handlers;
  serving.push(
    serveCommands({
      nc: platform.nc,
      context: 'tenancy',
      registry: tenancyCommands,
      handlers: all,
      ready: async () => {},
      log,
    }),
  );
  await platform.nc.flush();
}

/** Answers any command as it is told to, and keeps what it was asked. */
async function answering(subject: string, answer: (envelope: CommandEnvelope) => unknown): Promise<CommandEnvelope[]> {
  const asked: CommandEnvelope[] = [];
  serving.push(
    serveJson(platform.nc, { subject, log }, async (body) => {
      asked.push(body as CommandEnvelope);
      return answer(body as CommandEnvelope);
    }),
  );
  await platform.nc.flush();
  return asked;
}

/** Commits the environment; the event comes to the read model in its own time. */
const committing =
  (seen: CommandContext[] = []): Handlers['CreateEnvironment'] =>
  async (input, context) => {
    seen.push(context);
    const environmentId = newId('environment');
    const position = await platform.appendOnly(context.tenant, 'tenancy', `environment:${environmentId}`, {
      type: 'EnvironmentCreated',
      data: { environmentId, name: input.name, kind: input.kind },
    });
    return { ok: true, result: { environmentId }, position, version: 1 };
  };

const createEnvironment = `mutation ($input: CreateEnvironmentInput!) {
  createEnvironment(input: $input) { environment { id name kind createdAt } userErrors { code message field } position }
}`;

describe('a mutation', () => {
  it('answers with the resource as the read model has it, at the position of the change', async () => {
    const seen: CommandContext[] = [];
    await tenancy({ CreateEnvironment: committing(seen) });
    const { body } = await platform.query(acme.admin, createEnvironment, {
      input: { name: 'prod', kind: 'PRODUCTION' },
    });
    expect(body).toEqual({
      data: {
        createEnvironment: {
          environment: {
            id: expect.stringMatching(/^env_/),
            name: 'prod',
            kind: 'PRODUCTION',
            createdAt: expect.any(String),
          },
          userErrors: [],
          position: expect.stringMatching(/^tenancy:\d+$/),
        },
      },
    });
    expect(seen[0]).toMatchObject({
      tenant: acme.id,
      actor: 'user:acme-admin',
      expectedVersion: null,
      seen: { deploy: expect.any(Number), network: expect.any(Number) },
    });
    expect(seen[0]?.seen).not.toHaveProperty('tenancy');
    expect((seen[0]?.deadline ?? 0) - Date.now()).toBeGreaterThan(5000);
  });

  it('passes the key on, and makes one up where there is none', async () => {
    const seen: CommandContext[] = [];
    await tenancy({ CreateEnvironment: committing(seen) });
    await platform.query(acme.admin, createEnvironment, { input: { name: 'a', kind: 'TEST', idempotencyKey: 'mine' } });
    await platform.query(acme.admin, createEnvironment, { input: { name: 'b', kind: 'TEST' } });
    await platform.query(acme.admin, createEnvironment, { input: { name: 'c', kind: 'TEST', idempotencyKey: null } });
    expect(seen.map(({ key }) => key)).toEqual([
      'mine',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(3);
    const bad = await platform.query(acme.admin, createEnvironment, {
      input: { name: 'c', kind: 'TEST', idempotencyKey: '' },
    });
    expect(bad.body.data.createEnvironment.userErrors).toEqual([
      { code: 'INVALID_ARGUMENT', message: expect.any(String), field: ['idempotencyKey'] },
    ]);
    expect(seen).toHaveLength(3);
  });

  it('tells the rules of the service as userErrors, in the words of the input', async () => {
    await tenancy({
      CreateEnvironment: async () => ({
        ok: false,
        rejection: reject('NAME_TAKEN', 'There is an environment "x".', 'name'),
      }),
    });
    const { body, status } = await platform.query(acme.admin, createEnvironment, {
      input: { name: 'x', kind: 'TEST' },
    });
    expect(status).toBe(200);
    expect(body.data.createEnvironment).toEqual({
      environment: null,
      userErrors: [{ code: 'NAME_TAKEN', message: 'There is an environment "x".', field: ['name'] }],
      position: null,
    });
    // Refused by the command's own schema, before the handler.
    const { body: malformed } = await platform.query(acme.admin, createEnvironment, {
      input: { name: 'No Good', kind: 'TEST' },
    });
    expect(malformed.data.createEnvironment.userErrors).toMatchObject([{ code: 'INVALID_ARGUMENT', field: ['name'] }]);
  });

  it('runs after the one before it in the document, and not at all after one that threw', async () => {
    const order: string[] = [];
    await tenancy({
      CreateEnvironment: async (input, context) => {
        order.push(`begin ${input.name}`);
        if (input.name === 'broken') throw new Error('disk on fire');
        const answer = await committing()(input, context);
        order.push(`end ${input.name}`);
        return answer;
      },
    });
    const three = (a: string, b: string, c: string) =>
      `mutation { ${[a, b, c].map((name, n) => `m${n}: createEnvironment(input: {name: "${name}", kind: TEST}) { environment { name } }`).join(' ')} }`;
    const { body } = await platform.query(acme.admin, three('one', 'two', 'three'));
    expect(
      Object.values(body.data).map((payload) => (payload as { environment: { name: string } }).environment.name),
    ).toEqual(['one', 'two', 'three']);
    expect(order).toEqual(['begin one', 'end one', 'begin two', 'end two', 'begin three', 'end three']);

    order.length = 0;
    const stopped = await platform.query(acme.admin, three('four', 'broken', 'five'));
    expect(stopped.status).toBe(200);
    expect(stopped.body).toMatchObject({
      data: null,
      errors: [{ path: ['m1'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(stopped.text).not.toContain('fire');
    expect(order).toEqual(['begin four', 'end four', 'begin broken']);
  });

  it('tells "not done" apart from "not known"', async () => {
    const nobody = await platform.query(acme.admin, createEnvironment, { input: { name: 'x', kind: 'TEST' } });
    expect(nobody.body).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'UNAVAILABLE', retry: 'later' }, path: ['createEnvironment'] }],
    });
    await answering('cmd.tenancy.CreateEnvironment', () => ({
      ok: false,
      error: { code: 'UNKNOWN_OUTCOME', message: 'The connection broke.' },
    }));
    const unknown = await platform.query(acme.admin, createEnvironment, { input: { name: 'x', kind: 'TEST' } });
    expect(unknown.body).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'UNKNOWN_OUTCOME', retry: 'same-key' } }],
    });
  });

  it('that is committed and not to be read in time says so, with its position', async () => {
    await tenancy({
      CreateEnvironment: async () => ({
        ok: true,
        result: { environmentId: newId('environment') },
        position: 999_999,
        version: 1,
      }),
    });
    const { body } = await platform.query(acme.admin, createEnvironment, { input: { name: 'late', kind: 'TEST' } });
    expect(body).toMatchObject({
      data: null,
      errors: [
        {
          message: expect.stringContaining('committed at tenancy:999999'),
          extensions: { code: 'DEADLINE_EXCEEDED', position: 'tenancy:999999' },
        },
      ],
    });
  });
});

describe('a service account', () => {
  it('has a secret that is shown, the same for the same key, and stored by its hash alone', async () => {
    const hashes: string[] = [];
    const serviceAccountId = newId('serviceAccount');
    await tenancy({
      CreateServiceAccount: async (input, context) => {
        hashes.push(input.secretHash);
        const position =
          hashes.length > 1
            ? 1
            : await platform.appendOnly(context.tenant, 'tenancy', `tenant:${context.tenant}`, {
                type: 'ServiceAccountCreated',
                data: {
                  tenantId: acme.id,
                  serviceAccountId,
                  name: input.name,
                  role: input.role,
                  secretHash: input.secretHash,
                },
              });
        return { ok: true, result: { serviceAccountId }, position, version: 1 };
      },
    });
    const create = (token: string, input: object) =>
      platform.query(
        token,
        `mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) { clientId clientSecret tokenUrl userErrors { code field } } }`,
        { input: { name: 'robot', role: 'ADMIN', ...input } },
      );
    const first = (await create(acme.admin, { idempotencyKey: 'k1' })).body.data.createServiceAccount;
    const again = (await create(acme.admin, { idempotencyKey: 'k1' })).body.data.createServiceAccount;
    const other = (await create(acme.admin, { idempotencyKey: 'k2' })).body.data.createServiceAccount;
    expect(first).toEqual({
      clientId: serviceAccountId,
      clientSecret: expect.stringMatching(/^ats_[\w-]{43}$/),
      tokenUrl: 'http://gateway.test/oauth/token',
      userErrors: [],
    });
    expect(again).toEqual(first);
    expect(other.clientSecret).not.toBe(first.clientSecret);
    expect(hashes[0]).toBe(createHash('sha256').update(first.clientSecret).digest('hex'));
    // The same request by a key that may do less, or by the operator of that name, asks for another secret.
    const [apiKeyId, keySecret] = [newId('apiKey'), secretText(randomBytes(32))];
    const secretHash = createHash('sha256').update(keySecret).digest('hex');
    const scopes = ['serviceAccount:create'];
    await platform.append(acme.id, 'tenancy', `apiKey:${apiKeyId}`, {
      type: 'ApiKeyCreated',
      data: { tenantId: acme.id, apiKeyId, name: 'k', subject: 'acme-admin', scopes, expiresAt: null, secretHash },
    });
    const namesake = await platform.issuer.sign({ subject: 'acme-admin', operator: true }, 60);
    for (const token of [formatSecret('apiKey', apiKeyId, keySecret), namesake]) {
      const asked = await create(token, { idempotencyKey: 'k1', tenantId: acme.id });
      expect(asked.body.data.createServiceAccount.clientSecret).toMatch(/^ats_/);
      expect(asked.body.data.createServiceAccount.clientSecret).not.toBe(first.clientSecret);
    }
    const answer = await fetch(`${platform.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: first.clientId,
        client_secret: first.clientSecret,
      }),
    });
    const { access_token } = JSON.parse(await answer.text());
    expect((await platform.query(access_token, '{ viewer { subject role } }')).body.data.viewer).toEqual({
      subject: serviceAccountId,
      role: 'admin',
    });

    const asked = hashes.length;
    expect((await create(platform.operator, {})).body.data.createServiceAccount.userErrors).toEqual([
      { code: 'INVALID_ARGUMENT', field: ['tenantId'] },
    ]);
    expect((await create(acme.admin, { tenantId: newId('tenant') })).body.data.createServiceAccount.userErrors).toEqual(
      [{ code: 'NOT_FOUND', field: ['tenantId'] }],
    );
    expect(hashes).toHaveLength(asked);
  });
});

describe('each mutation sends its command, with the input in the words of the command', () => {
  const label = (key: string, value: string) => ({ key, value });
  const done = (result: object) => () => ({ ok: true, result, position: 1, version: 1 });
  const send = async (field: string, input: object, payload = 'userErrors { code message field } position') => {
    const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`;
    const { body } = await platform.query(
      acme.admin,
      `mutation ($input: ${type}!) { ${field}(input: $input) { ${payload} } }`,
      { input },
    );
    expect(body.errors).toBeUndefined();
    return body.data[field];
  };

  it('createDeployment', async () => {
    const asked = await answering('cmd.deploy.CreateDeployment', done({ deploymentId: ids.deployment }));
    const input = {
      ...{
        namespaceId: ids.namespace,
        name: 'web',
        image: 'x',
        replicas: null,
        labels: [label('b', '1'), label('a', '2')],
      },
      ...{
        env: [{ name: 'A', value: '1' }],
        ports: [{ port: 80 }],
        readiness: { port: 80, protocol: 'HTTP', path: '/up' },
        liveness: { protocol: 'EXEC', command: ['/bin/alive'], timeoutSeconds: 5 },
      },
    };
    const payload = await send(
      'createDeployment',
      input,
      'deployment { name instances { nodes { status } } } position',
    );
    expect(payload).toEqual({
      deployment: { name: 'web', instances: { nodes: [{ status: 'READY' }] } },
      position: 'deploy:1',
    });
    const usual = { initialDelaySeconds: 0, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3 };
    expect(asked[0]?.data).toEqual({
      ...{ namespaceId: ids.namespace, name: 'web', labels: { a: '2', b: '1' }, replicas: 1 },
      strategy: { maxSurge: 1, maxUnavailable: 0 },
      policy: { onFailure: 'FREEZE' },
      placement: { apart: [], maxPerNode: null, near: [], nodeLabels: {}, slaClass: null, zoneSkew: null, zones: [] },
      fenced: false,
      spec: {
        ...{ image: 'x', command: null, env: { A: '1' }, ports: [{ port: 80, protocol: 'TCP' }] },
        resources: { cpuMillis: 100, memoryMiB: 64 },
        readiness: { kind: 'HTTP', port: 80, path: '/up', ...usual, successThreshold: 1 },
        liveness: { kind: 'EXEC', command: ['/bin/alive'], ...usual, timeoutSeconds: 5 },
        startup: null,
      },
    });
  });

  it('upgradeDeployment sends only what is given', async () => {
    const asked = await answering(
      'cmd.deploy.UpgradeDeployment',
      done({ deploymentId: ids.deployment, releaseId: ids.release, rolloutId: ids.rollout }),
    );
    const payload = await send(
      'upgradeDeployment',
      { deploymentId: ids.deployment, expectedVersion: 4, image: 'y', command: null, memoryMiB: 128 },
      'deployment { name } release { number } position',
    );
    expect(payload).toEqual({ deployment: { name: 'web' }, release: { number: 1 }, position: 'deploy:1' });
    expect(asked[0]).toMatchObject({
      expectedVersion: 4,
      data: { deploymentId: ids.deployment, spec: { image: 'y', command: null, resources: { memoryMiB: 128 } } },
    });
    const sent = asked[0]?.data as { spec: object } | undefined;
    expect(Object.keys(sent?.spec ?? {}).sort()).toEqual(['command', 'image', 'resources']);
  });

  it('rollback, scale and delete of a deployment', async () => {
    const answer = done({ deploymentId: ids.deployment, releaseId: ids.release, rolloutId: ids.rollout });
    const [rollback, scale, remove] = await Promise.all([
      answering('cmd.deploy.RollbackDeployment', answer),
      answering('cmd.deploy.ScaleDeployment', done({ deploymentId: ids.deployment })),
      answering('cmd.deploy.DeleteDeployment', done({ deploymentId: ids.deployment })),
    ]);
    await send('rollbackDeployment', { deploymentId: ids.deployment });
    await send('rollbackDeployment', { deploymentId: ids.deployment, toRelease: 3, pace: 'FAST' });
    await send('scaleDeployment', { deploymentId: ids.deployment, replicas: 0 });
    await send('deleteDeployment', { deploymentId: ids.deployment, expectedVersion: 9 });
    expect(rollback.map(({ data }) => data)).toEqual([
      { deploymentId: ids.deployment, toRelease: null, pace: 'GRADUAL' },
      { deploymentId: ids.deployment, toRelease: 3, pace: 'FAST' },
    ]);
    expect(scale[0]?.data).toEqual({ deploymentId: ids.deployment, replicas: 0 });
    expect(remove[0]).toMatchObject({ data: { deploymentId: ids.deployment }, expectedVersion: 9 });
  });

  it('subnets and isolation policies', async () => {
    const [subnet, create, update, remove] = await Promise.all([
      answering('cmd.network.CreateSubnet', done({ subnetId: ids.subnet })),
      answering('cmd.network.CreateIsolationPolicy', done({ policyId: ids.policy })),
      answering('cmd.network.UpdateIsolationPolicy', done({ policyId: ids.policy })),
      answering('cmd.network.DeleteIsolationPolicy', done({ policyId: ids.policy })),
    ]);
    expect(await send('createSubnet', { namespaceId: ids.namespace }, 'subnet { ipv4 }')).toEqual({
      subnet: { ipv4: '10.64.3.0/24' },
    });
    expect(subnet[0]?.data).toEqual({
      ...{ namespaceId: ids.namespace, ipv4: null, ipv6: null },
      ...{ ipv4PrefixLength: null, ipv6PrefixLength: null },
    });
    const policy = {
      from: { labels: [label('role', 'client')] },
      toLabels: [],
      ports: [{ from: 80 }, { protocol: 'UDP', from: 1, to: 9 }],
    };
    const definition = {
      ...{ action: 'ALLOW', priority: 500, log: false },
      from: [{ kind: 'INSTANCES', namespaceId: ids.namespace, labels: { role: 'client' } }],
      to: [{ kind: 'INSTANCES', namespaceId: ids.namespace, labels: {} }],
      traffic: [
        { protocol: 'TCP', from: 80, to: 80 },
        { protocol: 'UDP', from: 1, to: 9 },
      ],
    };
    const asked = { definition, schedule: null };
    await send('createIsolationPolicy', { namespaceId: ids.namespace, name: 'web', ...policy });
    expect(create[0]?.data).toEqual({ namespaceId: ids.namespace, name: 'web', ...asked });
    // The policy's own namespace, where no other is named.
    await send('updateIsolationPolicy', { policyId: ids.policy, expectedVersion: 2, ...policy });
    expect(update[0]).toMatchObject({ data: { policyId: ids.policy, ...asked }, expectedVersion: 2 });
    const missing = await send('updateIsolationPolicy', { policyId: newId('policy'), ...policy });
    expect(missing.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['policyId'] }]);
    expect(update).toHaveLength(1);
    expect(await send('deleteIsolationPolicy', { policyId: ids.policy }, 'deletedId position')).toEqual({
      deletedId: ids.policy,
      position: 'network:1',
    });
    expect(remove[0]?.data).toEqual({ policyId: ids.policy });
  });

  it('createTenant, under the platform', async () => {
    const asked = await answering('cmd.tenancy.CreateTenant', done({ tenantId: acme.id }));
    const input = { name: 'initech', admins: ['a'], viewers: ['b', 'c'], limits: { namespaces: 3, instances: null } };
    const { body } = await platform.query(
      platform.operator,
      'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { tenant { id name limits { cpuMillis } } } }',
      { input },
    );
    expect(body.data.createTenant.tenant).toEqual({ id: acme.id, name: 'acme', limits: { cpuMillis: 1000 } });
    expect(asked[0]).toMatchObject({ tenant: 'platform', actor: 'operator:root' });
    expect(asked[0]?.data).toEqual({
      ...{ name: 'initech', limits: { namespaces: 3 } },
      members: [
        { subject: 'a', role: 'admin' },
        { subject: 'b', role: 'viewer' },
        { subject: 'c', role: 'viewer' },
      ],
    });
  });

  it('what is given twice is refused before it is sent', async () => {
    const asked = await answering('cmd.>', done({}));
    const twice = [label('a', '1'), label('b', '2'), label('a', '3')];
    const labels = await send('createNamespace', { environmentId: ids.environment, name: 'x', labels: twice });
    expect(labels.userErrors).toMatchObject([{ code: 'INVALID_ARGUMENT', field: ['labels', '2', 'key'] }]);
    const env = await send('upgradeDeployment', {
      deploymentId: ids.deployment,
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    });
    expect(env.userErrors).toMatchObject([{ field: ['env', '1', 'name'] }]);
    expect(asked).toEqual([]);
  });
});
