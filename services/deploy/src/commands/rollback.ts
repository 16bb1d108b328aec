/** One rollback, asked for by somebody or following a failure: the same checks, the same commit. */
import { type CommandOutcome, loadState } from '@atoll/events/store';
import { imagesOf } from '@atoll/schema/deploy/processes';
import type { RolloutPace } from '@atoll/schema/deploy/rollouts';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { Asking } from '@atoll/service/quota-client';
import { type AdmissionNeeds, admitted } from '../admission.ts';
import type { DeploymentCommand, Granted } from '../domain/commands.ts';
import { deploymentDecider } from '../domain/decide.ts';
import type { Release } from '../domain/deployment.ts';
import { goodReleases, rollbackTarget } from '../domain/rollback.ts';
import { deploymentStream } from '../domain/streams.ts';
import type { Quota } from '../quota.ts';
import { checkImages, type ImageDoor } from '../registry.ts';

export interface RollbackNeeds extends AdmissionNeeds {
  readonly images: ImageDoor;
  readonly quota: Quota;
}

export interface Rollback {
  readonly tenant: Id<'tenant'>;
  readonly deploymentId: Id<'deployment'>;
  readonly toRelease: number | null;
  readonly pace: RolloutPace;
  readonly automatic: boolean;
  /** Only out of a rollout that is under way. */
  readonly abort?: boolean;
  readonly asking: Asking;
  readonly commit: (command: DeploymentCommand, told: (set: string) => void) => Promise<CommandOutcome>;
}

/** How many releases are looked at for one whose image is there: failing ones aren't gone through without end. */
const MOST_LOOKED_AT = 10;

export async function rollBack(needs: RollbackNeeds, rollback: Rollback): Promise<CommandOutcome> {
  const { tenant, deploymentId, pace, automatic, abort = false, asking, commit } = rollback;
  const found = await destination(needs, rollback);
  if (typeof found === 'object' && found !== null) return { ok: false, rejection: found };
  const rolloutId = newId('rollout');
  return admitted(needs, { deploymentId }, undefined, (admission, conflict) => {
    const command = (granted: Granted | null) =>
      ({
        action: 'rollback',
        tenant,
        ...{ granted, admission, toRelease: found, pace, automatic, abort, rolloutId, now: Date.now() },
      }) as const;
    return needs.quota.grow({ deploymentId, command, commit: (granted) => commit(command(granted), conflict) }, asking);
  });
}

/** The number to go to (null: as the decision finds), or why not. By itself, a release whose image is gone is passed over. */
async function destination(needs: RollbackNeeds, rollback: Rollback): Promise<number | null | Rejection> {
  const { deploymentId, tenant, toRelease, automatic } = rollback;
  const loaded = await loadState(needs.store, { decider: deploymentDecider, stream: deploymentStream(deploymentId) });
  // Whatever else is wrong is told by the decision.
  if (loaded.tenant !== tenant || loaded.state.status !== 'ACTIVE') return toRelease;
  const state = loaded.state;
  const target = rollbackTarget(state, toRelease);
  if ('code' in target || target.id === state.target?.id) return toRelease;
  if (!(await isGone(needs.images, target))) return toRelease;
  const others = goodReleases(state)
    .filter((release) => release.id !== target.id)
    .slice(0, MOST_LOOKED_AT);
  const there: Release[] = [];
  for (const release of others) if (!(await isGone(needs.images, release))) there.push(release);
  const [next] = there;
  return automatic && next ? next.number : imageGone(target, there);
}

/** Gone for certain: a registry that doesn't answer holds nobody up, for nodes have what they have run. */
async function isGone(images: ImageDoor, { spec }: Release): Promise<boolean> {
  return (await checkImages(images, imagesOf(spec)))?.code === 'IMAGE_NOT_FOUND';
}

function imageGone({ number, spec }: Release, there: readonly Release[]): Rejection {
  const others =
    there.length === 0
      ? 'No other release that is known to be good has its image still: push it again, or upgrade to one that is there.'
      : `Known to be good, and there: ${there.map((release) => `release ${release.number}`).join(', ')}; name one with toRelease. Or push it again.`;
  return reject(
    'RELEASE_IMAGE_GONE',
    `The image of release ${number} is gone from its registry: ${imagesOf(spec).join(', ')}. ${others}`,
    'toRelease',
  );
}
