import { handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type RemainsScope, remains } from '@atoll/schema/remains';
import { noImageRules } from '@atoll/schema/tenancy/environments';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentDecider } from '../src/domain/environment.ts';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  await platform.agent();
});
afterAll(() => platform.stop());

/** A namespace in an environment of its own, of the same tenant. */
async function environment(tenant: Id<'tenant'>): Promise<{ environmentId: Id<'environment'>; member: Member }> {
  const environmentId = newId('environment');
  await platform.tenancyFact(tenant, `environment:${environmentId}`, {
    type: 'EnvironmentCreated',
    data: { environmentId, name: `env-${environmentId.slice(-6)}`, kind: 'OTHER' },
  });
  const namespaceId = newId('namespace');
  await platform.tenancyFact(tenant, `namespace:${namespaceId}`, {
    type: 'NamespaceCreated',
    data: { namespaceId, environmentId, name: 'shop', labels: {} },
  });
  return { environmentId, member: { tenant, namespaceId } };
}

async function stages() {
  const { tenant } = await platform.tenant();
  const [test, production] = [await environment(tenant), await environment(tenant)];
  await platform.tenancyFact(tenant, `promotion:${tenant}`, {
    type: 'PromotionSet',
    data: { environmentId: test.environmentId, promotesTo: [production.environmentId], before: [] },
  });
  return { tenant, test, production };
}

const setRules = (tenant: Id<'tenant'>, environmentId: Id<'environment'>, rules: Partial<typeof noImageRules>) =>
  platform.tenancyFact(tenant, `environment:${environmentId}`, {
    type: 'ImageRulesSet',
    data: { environmentId, rules: { ...noImageRules, ...rules } },
  });

const push = (name: string) => platform.registry.push('team/web', name);

describe('an environment that takes promoted images only', () => {
  it('takes an image once it has run in one that promotes to it, and obeys a rule that was set just before', async () => {
    const { tenant, test, production } = await stages();
    await setRules(tenant, production.environmentId, { promotedOnly: true });
    const image = await push('promoted-1');
    const there = await platform.input(production.member, { spec: { image } });
    expectRefused(
      await platform.send(tenant, 'CreateDeployment', there),
      'IMAGE_NOT_PROMOTED',
      new RegExp(test.environmentId),
    );

    const { deploymentId } = await platform.do(
      tenant,
      'CreateDeployment',
      await platform.input(test.member, { replicas: 1, spec: { image } }),
    );
    await platform.completed(deploymentId);
    // Right after the fact: it waits for its own table, and isn't refused because that lags.
    await platform.do(tenant, 'CreateDeployment', there);
  });

  it('does not count a rollout of no replicas, nor what another tenant ran', async () => {
    const { tenant, test, production } = await stages();
    const others = await stages();
    await setRules(tenant, production.environmentId, { promotedOnly: true });
    const image = await push('promoted-2');
    const empty = await platform.input(test.member, { replicas: 0, spec: { image } });
    await platform.completed((await platform.do(tenant, 'CreateDeployment', empty)).deploymentId);
    const foreign = await platform.input(others.test.member, { replicas: 1, spec: { image } });
    await platform.completed((await platform.do(others.tenant, 'CreateDeployment', foreign)).deploymentId);
    const there = await platform.input(production.member, { spec: { image } });
    expectRefused(await platform.send(tenant, 'CreateDeployment', there), 'IMAGE_NOT_PROMOTED');
  });
});

describe('an environment that is gone', () => {
  it('is let go of: its rules, and what has run in it; what is told late brings nothing back', async () => {
    const { tenant, test, production } = await stages();
    await setRules(tenant, production.environmentId, { promotedOnly: true });
    const input = await platform.input(test.member, { replicas: 1, spec: { image: await push('gone-1') } });
    await platform.completed((await platform.do(tenant, 'CreateDeployment', input)).deploymentId);
    const left = async (environmentId: Id<'environment'>) => {
      const scope: RemainsScope = { kind: 'environment', environmentId, namespaceIds: [] };
      const { counts } = remains.parse(await platform.do(tenant, 'CountRemains', { scope }));
      return Object.fromEntries(counts.map(({ kind, count }) => [kind, count]));
    };
    expect(await left(test.environmentId)).toMatchObject({ imageRules: 1, provenImages: 1 });
    const whole = remains.parse(await platform.do(tenant, 'CountRemains', { scope: { kind: 'tenant' } }));
    expect(whole.counts).toEqual(expect.arrayContaining([{ kind: 'imageRules', count: 2 }]));

    const { environmentId } = test;
    const gone = { type: 'EnvironmentDeleted', data: { environmentId, name: 'test' } } as const;
    await platform.tenancyFact(tenant, `environment:${environmentId}`, gone);
    await platform.tenancyFact(tenant, `promotion:${tenant}`, {
      type: 'PromotionSet',
      data: { environmentId: production.environmentId, promotesTo: [environmentId], before: [] },
    });
    await platform.until('nothing of it is left', async () => {
      const { imageRules, provenImages } = await left(environmentId);
      return imageRules === 0 && provenImages === 0;
    });
    expect(await left(production.environmentId)).toMatchObject({ imageRules: 1, provenImages: 0 });
  });
});

describe('rules that are tightened', () => {
  it('leave what runs, are obeyed by its next upgrade, and let it go back to what was taken here', async () => {
    const { tenant, production } = await stages();
    const [first, second] = [await push('tight-1'), await push('tight-2')];
    const input = await platform.input(production.member, { replicas: 1, spec: { image: first } });
    const { deploymentId } = await platform.do(tenant, 'CreateDeployment', input);
    await platform.completed(deploymentId);
    await platform.do(tenant, 'UpgradeDeployment', { deploymentId, spec: { image: second } });
    await platform.completed(deploymentId, 2);

    await setRules(tenant, production.environmentId, { promotedOnly: true });
    await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 2 });
    // The image stays as it is, and it is an upgrade.
    const change = { deploymentId, spec: { env: { MODE: 'x' } } };
    expectRefused(await platform.send(tenant, 'UpgradeDeployment', change), 'IMAGE_NOT_PROMOTED');
    await platform.do(tenant, 'RollbackDeployment', { deploymentId, toRelease: 1 });

    const elsewhere = { allowed: [`${platform.registry.host}/else/**`] };
    await setRules(tenant, production.environmentId, elsewhere);
    expectRefused(await platform.send(tenant, 'UpgradeDeployment', change), 'REPOSITORY_NOT_ALLOWED');
    const back = await platform.send(tenant, 'RollbackDeployment', { deploymentId, toRelease: 2 });
    expectRefused(back, 'REPOSITORY_NOT_ALLOWED');
    expect(await platform.types(deploymentId)).not.toContain('DeploymentDeletionRequested');

    // What is asked beforehand is what an upgrade would be told; another tenant's environment is none.
    const judge = {
      environmentId: production.environmentId,
      images: [first, second, first.replace('/team/web', '/else/web')],
    };
    const { refusals } = await platform.do(tenant, 'JudgeImages', judge);
    expect(refusals.map(({ image, code }) => [image, code])).toEqual([
      [first, 'REPOSITORY_NOT_ALLOWED'],
      [second, 'REPOSITORY_NOT_ALLOWED'],
    ]);
    const { tenant: stranger } = await platform.tenant();
    expectRefused(await platform.send(stranger, 'JudgeImages', judge), 'NOT_FOUND');
  });

  it('refuse every upgrade that commits after them, however many are under way', async () => {
    const { tenant, production } = await stages();
    const image = await push('race-1');
    const input = await platform.input(production.member, { replicas: 0, spec: { image } });
    const { deploymentId } = await platform.do(tenant, 'CreateDeployment', input);
    let stop = false;
    let refused = 0;
    const upgrading = Array.from({ length: 4 }, async (_, worker) => {
      for (let i = 0; !stop; i += 1) {
        const spec = { env: { MODE: `${worker}-${i}` } };
        const reply = await platform.send(tenant, 'UpgradeDeployment', { deploymentId, spec });
        if (!reply.ok && reply.error.code === 'REPOSITORY_NOT_ALLOWED') refused += 1;
      }
    });
    await platform.recorded(deploymentId, 'ReleaseCreated', 5);
    // Here, in the deploy context, is the moment from which they hold.
    const outcome = await handleCommand(platform.store, {
      decider: environmentDecider,
      stream: `environment:${production.environmentId}`,
      command: {
        action: 'setRules',
        environmentId: production.environmentId,
        rules: { ...noImageRules, allowed: [] },
      },
      origin: { tenant, actor: 'user:test', cause: null, correlation: 'race', traceparent: null },
    });
    if (!outcome.ok) throw new Error(outcome.rejection.message);
    await platform.until('upgrades are refused', () => refused >= 20);
    stop = true;
    await Promise.all(upgrading);
    const late = (await platform.events(deploymentId)).filter(({ position }) => position > outcome.position);
    expect(late.filter(({ type }) => type === 'ReleaseCreated')).toEqual([]);
  });
});
