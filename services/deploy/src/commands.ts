/** The write door: what is checked before a decision, and how each command becomes one. */
import { type CommandOutcome, type EventStore, handleCommand, loadState } from '@atoll/events/store';
import type { deployCommands } from '@atoll/schema/deploy/commands';
import { imagesOf } from '@atoll/schema/deploy/processes';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { Labels } from '@atoll/schema/text';
import type { CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { admitted, judgeImages } from './admission.ts';
import { type Asked, answer, notATenant } from './commands/answer.ts';
import { batchHandlers } from './commands/batches.ts';
import { heardHandlers } from './commands/heard.ts';
import { fitsNoNode, previewPlacement } from './commands/placement.ts';
import { poolHandlers } from './commands/pools.ts';
import { type RollbackNeeds, rollBack } from './commands/rollback.ts';
import { denied, namespaceNotFound } from './denials.ts';
import { deploymentNotFound } from './domain/actions.ts';
import type { DeploymentCommand, Granted } from './domain/commands.ts';
import { deploymentDecider } from './domain/decide.ts';
import { DEPLOYMENT_LABEL, type Deployment } from './domain/deployment.ts';
import { namespaceDecider } from './domain/namespace.ts';
import { deploymentStream, namespaceStream } from './domain/streams.ts';
import { noWorld, type World } from './domain/world.ts';
import { originOf } from './origin.ts';
import { placeAndCommit } from './place-and-commit.ts';
import { checkSpec } from './registry.ts';
import { readRemains } from './remains.ts';
import { countOnSharedNodes } from './shared-nodes.ts';

export type Needs = RollbackNeeds;

export function deployHandlers(needs: Needs): CommandHandlers<typeof deployCommands> {
  const { store, images, quota } = needs;

  /** A command on a deployment that is there, without any placing. */
  const change = (
    id: Id<'deployment'>,
    asked: Asked,
    command: DeploymentCommand,
    result: (state: Deployment) => unknown,
    told?: (set: string) => void,
  ) =>
    handleCommand(store, {
      decider: deploymentDecider,
      stream: deploymentStream(id),
      command,
      origin: originOf(asked.context),
      idempotency: asked.idempotency,
      expectedVersion: asked.context.expectedVersion,
      result,
      onClaimConflict(conflict) {
        told?.(conflict.claim.set);
        return denied(conflict);
      },
      notFound: deploymentNotFound,
    });

  return {
    ...poolHandlers(needs),
    ...heardHandlers(needs),
    ...batchHandlers(needs),

    CreateDeployment: (input, context) =>
      answer(needs, 'CreateDeployment', input, context, async (asked) => {
        const { tenant, idempotency } = asked;
        const refusal =
          faultyLabels(input.labels) ??
          (await missingNamespace(store, tenant, input.namespaceId)) ??
          (await checkSpec(images, input.spec));
        if (refusal !== null) return refused(refusal);
        const ids = {
          deploymentId: newId('deployment'),
          releaseId: newId('release'),
          rolloutId: newId('rollout'),
        };
        const { deploymentId } = ids;
        const { namespaceId, name, spec } = input;
        return admitted(needs, { namespaceId }, imagesOf(spec), (admission, conflict) => {
          const command = (granted: Granted | null, world: World = noWorld) =>
            ({
              action: 'create',
              tenant,
              granted,
              admission,
              ...input,
              policy: defined(input.policy ?? {}),
              ...(input.rollouts ? { plan: input.rollouts } : {}),
              ...ids,
              world,
            }) as const;
          const commit = async (granted: Granted | null) => {
            const { outcome } = await placeAndCommit(needs, {
              deploymentId,
              newStream: true,
              places: input.replicas,
              asking: input,
              command: (world) => command(granted, world),
              origin: originOf(context),
              idempotency,
              result: () => ({ deploymentId }),
              conflict,
            });
            return outcome;
          };
          return quota.grow({ deploymentId, created: { namespaceId, name }, command, commit }, context);
        });
      }),

    UpgradeDeployment: (input, context) =>
      answer(needs, 'UpgradeDeployment', input, context, async (asked) => {
        const { deploymentId, spec } = input;
        const refusal = (await checkSpec(images, spec)) ?? (await fitsNoNode(needs, asked.tenant, deploymentId, spec));
        if (refusal !== null) return refused(refusal);
        const ids = { releaseId: newId('release'), rolloutId: newId('rollout') };
        const { tenant } = asked;
        const given = { ...defined(spec), ...(spec.resources ? { resources: defined(spec.resources) } : {}) };
        const asks = [spec.image, ...(spec.others ?? []).map(({ image }) => image)].filter((one) => one !== undefined);
        return admitted(needs, { deploymentId }, asks, (admission, conflict) => {
          const command = (granted: Granted | null) =>
            ({ action: 'upgrade', tenant, granted, admission, change: given, ...ids, now: Date.now() }) as const;
          const commit = (granted: Granted | null) =>
            change(deploymentId, asked, command(granted), rolloutOf, conflict);
          return quota.grow({ deploymentId, command, commit }, context);
        });
      }),

    RollbackDeployment: (input, context) =>
      answer(needs, 'RollbackDeployment', input, context, (asked) => {
        const { deploymentId, toRelease, pace = 'GRADUAL' } = input;
        const { tenant } = asked;
        return rollBack(needs, {
          ...{ tenant, deploymentId, toRelease, pace, automatic: false, asking: context },
          commit: (command, conflict) => change(deploymentId, asked, command, rolloutOf, conflict),
        });
      }),

    SuspendRollout: ({ deploymentId }, context) =>
      answer(needs, 'SuspendRollout', { deploymentId }, context, (asked) => {
        const command = { action: 'suspend', tenant: asked.tenant, now: Date.now() } as const;
        return change(deploymentId, asked, command, rolloutOf);
      }),

    ResumeRollout: ({ deploymentId }, context) =>
      answer(needs, 'ResumeRollout', { deploymentId }, context, (asked) => {
        const command = { action: 'resume', tenant: asked.tenant, now: Date.now() } as const;
        return change(deploymentId, asked, command, rolloutOf);
      }),

    PromoteRollout: ({ deploymentId, full }, context) =>
      answer(needs, 'PromoteRollout', { deploymentId, full }, context, (asked) => {
        const command = { action: 'promote', tenant: asked.tenant, full, now: Date.now() } as const;
        return change(deploymentId, asked, command, rolloutOf);
      }),

    AbortRollout: (input, context) =>
      answer(needs, 'AbortRollout', input, context, (asked) => {
        const { deploymentId, pace = 'GRADUAL' } = input;
        return rollBack(needs, {
          ...{ tenant: asked.tenant, deploymentId, toRelease: null, pace, automatic: false, abort: true },
          asking: context,
          commit: (command, conflict) => change(deploymentId, asked, command, rolloutOf, conflict),
        });
      }),

    SetRolloutStrategy: ({ deploymentId, strategy }, context) =>
      answer(needs, 'SetRolloutStrategy', { deploymentId, strategy }, context, (asked) => {
        const command = { action: 'strategy', tenant: asked.tenant, strategy } as const;
        return change(deploymentId, asked, command, () => ({ deploymentId }));
      }),

    SetRolloutPolicy: (input, context) =>
      answer(needs, 'SetRolloutPolicy', input, context, (asked) => {
        const { deploymentId, policy } = input;
        const command = { action: 'policy', tenant: asked.tenant, policy: defined(policy) } as const;
        return change(deploymentId, asked, command, () => ({ deploymentId }));
      }),

    ScaleDeployment: ({ deploymentId, replicas }, context) =>
      answer(needs, 'ScaleDeployment', { deploymentId, replicas }, context, ({ tenant, idempotency }) => {
        const command = (granted: Granted | null, world: World = noWorld) =>
          ({ action: 'scale', tenant, granted, replicas, world }) as const;
        const commit = async (granted: Granted | null) => {
          const { outcome } = await placeAndCommit(needs, {
            deploymentId,
            places: replicas,
            command: (world) => command(granted, world),
            origin: originOf(context),
            idempotency,
            expectedVersion: context.expectedVersion,
            result: () => ({ deploymentId }),
          });
          return outcome;
        };
        return quota.grow({ deploymentId, command, commit }, context);
      }),

    SetDeploymentLabels: (input, context) =>
      answer(needs, 'SetDeploymentLabels', input, context, async (asked) => {
        const refusal = faultyLabels(input.labels);
        if (refusal !== null) return refused(refusal);
        const { deploymentId, labels } = input;
        const command = { action: 'label', tenant: asked.tenant, labels } as const;
        return await change(deploymentId, asked, command, () => ({ deploymentId }));
      }),

    SetDeploymentPlacement: ({ deploymentId, placement }, context) =>
      answer(needs, 'SetDeploymentPlacement', { deploymentId, placement }, context, async ({ tenant, idempotency }) => {
        const { state } = await loadState(store, {
          decider: deploymentDecider,
          stream: deploymentStream(deploymentId),
        });
        const namespaceId = state.status === 'ACTIVE' ? state.namespaceId : 'ns_';
        const { outcome } = await placeAndCommit(needs, {
          deploymentId,
          places: 0,
          asking: { namespaceId, placement },
          command: (world) => ({ action: 'place', tenant, placement, world }),
          origin: originOf(context),
          idempotency,
          expectedVersion: context.expectedVersion,
          result: () => ({ deploymentId }),
        });
        return outcome;
      }),

    async PreviewPlacement(input, { tenant }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      const refusal = await missingNamespace(store, tenant, input.namespaceId);
      if (refusal !== null) return { ok: false, rejection: refusal };
      const result = await previewPlacement(needs, tenant, input);
      return 'code' in result ? { ok: false, rejection: result } : { ok: true, result, position, version: 0 };
    },

    DeleteDeployment: ({ deploymentId }, context) =>
      answer(needs, 'DeleteDeployment', { deploymentId }, context, (asked) =>
        change(deploymentId, asked, { action: 'delete', tenant: asked.tenant }, () => ({ deploymentId })),
      ),

    async JudgeImages({ environmentId, images: asked }, { tenant }) {
      const position = await store.lastPosition();
      const judged = await judgeImages(needs, tenant, environmentId, asked);
      if (judged === null) return { ok: false, rejection: environmentNotFound };
      const refusals = judged.map(({ image, refusal: { code, message } }) => ({ image, code, message }));
      return { ok: true, result: { refusals }, position, version: 0 };
    },

    async CountOnSharedNodes({ namespaceIds }, { tenant, deadline }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      if (!(await needs.caughtUp(deadline))) return { ok: false, rejection: notCaughtUp };
      const namespaces = await countOnSharedNodes(needs.pool, tenant, namespaceIds);
      return { ok: true, result: { namespaces }, position, version: 0 };
    },

    async CountRemains({ scope }, { tenant, deadline }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      if (!(await needs.caughtUp(deadline))) return { ok: false, rejection: notCaughtUp };
      return { ok: true, result: await readRemains(needs.pool, tenant, scope), position, version: 0 };
    },
  };

  /** The rollout that it is on now: the new one, or the one that was there where nothing had to change. */
  function rolloutOf(state: Deployment) {
    const there = state.status === 'ACTIVE' ? state : null;
    return { deploymentId: there?.deploymentId, releaseId: there?.target?.id, rolloutId: there?.rollout?.id };
  }
}

/** A field that is there and undefined would wipe out what the release has. */
const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const refused = (rejection: Rejection): CommandOutcome => ({ ok: false, rejection });

const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');
const environmentNotFound = reject('NOT_FOUND', 'There is no such environment.', 'environmentId');

/**
 * Whether it is there for this tenant: another's namespace is one that isn't there. Whether it is open is decided in the
 * commit, by the mark that an open one has.
 */
async function missingNamespace(
  store: EventStore,
  tenant: Id<'tenant'>,
  namespaceId: Id<'namespace'>,
): Promise<Rejection | null> {
  const gate = await loadState(store, { decider: namespaceDecider, stream: namespaceStream(namespaceId) });
  return gate.tenant === tenant ? null : namespaceNotFound;
}

const MOST_LABELS = 31;

/** Every instance carries one more label, and the network service selects by it: nobody else may set it. */
function faultyLabels(labels: Labels): Rejection | null {
  const keys = Object.keys(labels);
  if (keys.some((key) => key.startsWith('atoll.'))) {
    return reject('INVALID_ARGUMENT', `Labels that begin with "atoll." are the platform's own.`, 'labels');
  }
  if (keys.length <= MOST_LABELS) return null;
  const message = `A deployment has at most ${MOST_LABELS} labels; its instances carry ${DEPLOYMENT_LABEL} as well.`;
  return reject('INVALID_ARGUMENT', message, 'labels');
}
