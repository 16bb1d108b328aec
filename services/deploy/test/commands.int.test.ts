/** What the write door refuses, with which code and text; a refusal changes nothing. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { batchCommands } from '@atoll/schema/deploy/batches';
import type { DeployCommand, DeployInput } from '@atoll/schema/deploy/commands';
import type { fencingCommands } from '@atoll/schema/deploy/fencing';
import { noWishes } from '@atoll/schema/deploy/placement';
import type { poolCommands } from '@atoll/schema/deploy/pools';
import { PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;
let member: Member;
let stranger: Member;
/** Takes connections and never answers. */
let mute: Server;
/** Answers with the status that stands in the repository's name, else with `fickle`. */
let odd: Server;
let fickle = 200;
const hostOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  platform = await Platform.start();
  mute = createServer(() => {}).listen(0, '127.0.0.1');
  odd = createServer((request, response) => {
    response
      .writeHead(Number(/status([0-9]+)/.exec(request.url ?? '')?.[1] ?? fickle), { location: 'http://127.0.0.1:1/' })
      .end();
  }).listen(0, '127.0.0.1');
  await Promise.all([mute, odd].filter((server) => !server.listening).map((server) => once(server, 'listening')));
  await platform.service({ registries: [platform.registry.host, hostOf(mute), hostOf(odd), '127.0.0.1:1'] });
  member = await platform.tenant();
  stranger = await platform.tenant();
  await platform.agent();
});
afterAll(async () => {
  mute.closeAllConnections();
  mute.close();
  odd.close();
  await platform.stop();
});

const lastPosition = () => platform.store.lastPosition();
const deployment = async (more?: Parameters<Platform['input']>[1]) => {
  const input = await platform.input(member, more);
  const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', input);
  await platform.completed(deploymentId);
  return { deploymentId, input };
};

describe('another tenant', () => {
  test("'s deployment and one that is not there are answered byte for byte the same, by every command", async () => {
    const { deploymentId } = await deployment();
    const events = await platform.events(deploymentId);
    const missing = newId('deployment');
    const attempts: {
      [N in Exclude<
        DeployCommand,
        | 'CreateDeployment'
        | 'CountRemains'
        | 'CountOnSharedNodes'
        | 'JudgeImages'
        | 'PreviewPlacement'
        | keyof typeof poolCommands
        | keyof typeof fencingCommands
        | keyof typeof batchCommands
      >]: Omit<DeployInput<N>, 'deploymentId'>;
    } = {
      UpgradeDeployment: { spec: { env: { A: 'b' } } },
      RollbackDeployment: { toRelease: null },
      SuspendRollout: {},
      ResumeRollout: {},
      SetRolloutPolicy: { policy: { onFailure: 'FAST' } },
      SetRolloutStrategy: { strategy: { kind: 'RECREATE' } },
      PromoteRollout: { full: false },
      AbortRollout: {},
      ScaleDeployment: { replicas: 0 },
      SetDeploymentLabels: { labels: { team: 'blue' } },
      SetDeploymentPlacement: { placement: { ...noWishes, zones: ['z1'] } },
      DeleteDeployment: {},
    };
    for (const [name, rest] of Object.entries(attempts)) {
      for (const expectedVersion of [undefined, 1, events.length]) {
        const send = (id: string) =>
          platform.send(
            stranger.tenant,
            name as 'UpgradeDeployment',
            { ...rest, deploymentId: id } as DeployInput<'UpgradeDeployment'>,
            expectedVersion === undefined ? {} : { expectedVersion },
          );
        const [foreign, none] = [await send(deploymentId), await send(missing)];
        expectRefused(foreign, 'NOT_FOUND');
        expect(JSON.stringify(foreign), name).toBe(JSON.stringify(none));
      }
    }
    expect(await platform.events(deploymentId)).toEqual(events);
  });

  test("'s namespace is not there to create in", async () => {
    const input = await platform.input(member);
    const foreign = await platform.send(stranger.tenant, 'CreateDeployment', input);
    const none = await platform.send(stranger.tenant, 'CreateDeployment', {
      ...input,
      namespaceId: newId('namespace'),
    });
    expectRefused(foreign, 'NOT_FOUND', /no such namespace/);
    expect(foreign).toEqual(none);
  });

  test('is never the platform itself', async () => {
    expectRefused(await platform.send(PLATFORM, 'CreateDeployment', await platform.input(member)), 'FORBIDDEN');
  });
});

describe('an idempotency key', () => {
  test('gives the first answer again, also when it could not be done any more', async () => {
    const input = await platform.input(member);
    const key = newId('event');
    const first = await platform.send(member.tenant, 'CreateDeployment', input, { key });
    expect(first.ok).toBe(true);
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', input), 'NAME_TAKEN');
    expect(await platform.send(member.tenant, 'CreateDeployment', input, { key })).toEqual(first);
  });
  test('gives it also when the registry has lost the image since', async () => {
    fickle = 200;
    const image = `${hostOf(odd)}/fickle@sha256:${'0'.repeat(64)}`;
    const input = await platform.input(member, { spec: { image } });
    const key = newId('event');
    const first = await platform.send(member.tenant, 'CreateDeployment', input, { key });
    expect(first.ok).toBe(true);
    fickle = 404;
    expect(await platform.send(member.tenant, 'CreateDeployment', input, { key })).toEqual(first);
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', input), 'IMAGE_NOT_FOUND');
  });
  test('with another request is refused', async () => {
    const input = await platform.input(member);
    const key = newId('event');
    await platform.do(member.tenant, 'CreateDeployment', input, { key });
    const other = { ...input, replicas: 1 };
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', other, { key }), 'IDEMPOTENCY_KEY_REUSED');
    const { deploymentId } = await deployment();
    const before = await platform.events(deploymentId);
    const removal = await platform.send(member.tenant, 'DeleteDeployment', { deploymentId }, { key });
    expectRefused(removal, 'IDEMPOTENCY_KEY_REUSED');
    expect(await platform.events(deploymentId)).toEqual(before);
  });
  test('used twenty times at once makes one deployment, and everybody gets its answer', async () => {
    const input = await platform.input(member);
    const key = newId('event');
    const send = () => platform.send(member.tenant, 'CreateDeployment', input, { key });
    const replies = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]?.ok).toBe(true);
  });
  test('of one tenant says nothing about the same key of another', async () => {
    const key = newId('event');
    const mine = await platform.do(member.tenant, 'CreateDeployment', await platform.input(member), { key });
    const theirs = await platform.do(stranger.tenant, 'CreateDeployment', await platform.input(stranger), { key });
    expect(theirs.deploymentId).not.toBe(mine.deploymentId);
  });
});

describe('an expected version', () => {
  test('that is not the newest is refused by every change, and nothing changes', async () => {
    const { deploymentId } = await deployment();
    const events = await platform.events(deploymentId);
    const stale = { expectedVersion: events.length - 1 };
    const { tenant } = member;
    for (const reply of [
      await platform.send(tenant, 'UpgradeDeployment', { deploymentId, spec: { env: {} } }, stale),
      await platform.send(tenant, 'RollbackDeployment', { deploymentId, toRelease: 1 }, stale),
      await platform.send(tenant, 'ScaleDeployment', { deploymentId, replicas: 3 }, stale),
      await platform.send(tenant, 'DeleteDeployment', { deploymentId }, stale),
    ]) {
      expectRefused(reply, 'VERSION_CONFLICT', /Read it again/);
    }
    expect(await platform.events(deploymentId)).toEqual(events);
  });
  test('that is the newest goes through, and the answer carries the next', async () => {
    const { deploymentId } = await deployment();
    const { length } = await platform.events(deploymentId);
    const scale = { deploymentId, replicas: 3 };
    const reply = await platform.send(member.tenant, 'ScaleDeployment', scale, { expectedVersion: length });
    expect(reply).toMatchObject({ ok: true, version: length + 3, result: { deploymentId } });
  });
});

describe('an image', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const attempt = async (image: string, command: 'create' | 'upgrade' = 'create') => {
    const before = await lastPosition();
    const reply =
      command === 'create'
        ? await platform.send(member.tenant, 'CreateDeployment', await platform.input(member, { spec: { image } }))
        : await platform.send(member.tenant, 'UpgradeDeployment', { ...kept, spec: { image } });
    expect(await lastPosition()).toBe(before);
    return reply;
  };
  let kept: { deploymentId: Awaited<ReturnType<typeof deployment>>['deploymentId'] };
  beforeAll(async () => {
    const { deploymentId } = await deployment();
    kept = { deploymentId };
  });

  test.each(['create', 'upgrade'] as const)('on %s, is refused for what is wrong with it', async (command) => {
    const { host } = platform.registry;
    expectRefused(await attempt('not an image', command), 'IMAGE_MALFORMED');
    expectRefused(await attempt(`${host}/team/web:v1`, command), 'IMAGE_DIGEST_REQUIRED', /digest/);
    expectRefused(await attempt(`docker.io/team/web@${digest}`, command), 'REGISTRY_NOT_ALLOWED', /docker\.io/);
    expectRefused(await attempt(`${host}/team/web@${digest}`, command), 'IMAGE_NOT_FOUND', /Push it first/);
    expectRefused(await attempt(`127.0.0.1:1/team/web@${digest}`, command), 'UNAVAILABLE', /doesn't answer/);
  });
  test('of a registry that never answers is refused after three seconds', async () => {
    const begun = performance.now();
    expectRefused(await attempt(`${hostOf(mute)}/team/web@${digest}`), 'UNAVAILABLE', /within 3 s/);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
  test.each([
    [401, 'IMAGE_NOT_FOUND'],
    [403, 'IMAGE_NOT_FOUND'],
    [307, 'UNAVAILABLE'],
    [429, 'UNAVAILABLE'],
    [500, 'UNAVAILABLE'],
  ])('of a registry that answers %i is %s, and nobody follows where it points', async (status, code) => {
    expectRefused(await attempt(`${hostOf(odd)}/status${status}@${digest}`), code, new RegExp(String(status)));
  });
});

describe('creating', () => {
  test('a second of the same name is refused, and free again when the first is gone', async () => {
    const { deploymentId, input } = await deployment();
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', input), 'NAME_TAKEN', /Choose another/);
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    const scaled = await platform.send(member.tenant, 'ScaleDeployment', { deploymentId, replicas: 9 });
    // On a busy machine it may be gone by then.
    expect(scaled.ok ? 'scaled' : scaled.error.code).toMatch(/^(BEING_DELETED|NOT_FOUND)$/);
    await platform.recorded(deploymentId, 'DeploymentDeleted');
    await platform.do(member.tenant, 'CreateDeployment', input);
  });
  test("with the platform's own labels is refused", async () => {
    const labelled = (labels: Record<string, string>) => platform.input(member, { labels });
    const own = await labelled({ 'atoll.deployment': 'other' });
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', own), 'INVALID_ARGUMENT', /atoll\./);
    const many = await labelled(Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`l${n}`, 'x'])));
    expectRefused(await platform.send(member.tenant, 'CreateDeployment', many), 'INVALID_ARGUMENT', /at most 31/);
  });
  test('more than the tenant may hold is refused, saying how much is held; so is a surge beyond it', async () => {
    const small = await platform.tenant({ instances: 3 });
    const input = await platform.input(small);
    const { deploymentId } = await platform.do(small.tenant, 'CreateDeployment', input);
    await platform.completed(deploymentId);
    expectRefused(
      await platform.send(small.tenant, 'CreateDeployment', { ...input, name: 'second' }),
      'QUOTA_EXCEEDED',
      new RegExp(
        `^The tenant holds 2 of at most 3 instances \\(instances\\), and second \\(dep_\\w+\\) would hold 2\\. It is held by ` +
          `${input.name} \\(${deploymentId}\\) 2\\. Make something smaller or delete it .* ask the operator`,
      ),
    );
    await platform.do(small.tenant, 'ScaleDeployment', { deploymentId, replicas: 3 });
    await platform.recorded(deploymentId, 'InstanceReady', 3);
    const surge = await platform.send(small.tenant, 'UpgradeDeployment', { deploymentId, spec: { env: { A: 'b' } } });
    expectRefused(surge, 'QUOTA_EXCEEDED', /surge/);
    await platform.do(small.tenant, 'ScaleDeployment', { deploymentId, replicas: 2 });
    await platform.recorded(deploymentId, 'InstanceStopped');
    await platform.do(small.tenant, 'UpgradeDeployment', { deploymentId, spec: { env: { A: 'b' } } });
    await platform.completed(deploymentId, 2);
  });
  test('for a tenant that is not there finds nothing', async () => {
    const reply = await platform.send(newId('tenant'), 'CreateDeployment', await platform.input(member));
    expectRefused(reply, 'NOT_FOUND', /no such namespace/);
  });
  test('what the contract does not allow is refused with its field', async () => {
    const input = await platform.input(member);
    const reply = await platform.send(member.tenant, 'CreateDeployment', { ...input, replicas: 1001 });
    expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field: 'replicas' } });
  });
});

describe('rolling back', () => {
  test('with nothing to go back to is refused', async () => {
    const { deploymentId } = await deployment();
    const back = (toRelease: number | null) =>
      platform.send(member.tenant, 'RollbackDeployment', { deploymentId, toRelease });
    expectRefused(await back(null), 'NO_EARLIER_RELEASE');
    expectRefused(await back(7), 'NO_EARLIER_RELEASE', /no release 7/);
  });
});
