/** Where a rollback goes. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Body, isOpen, type Release } from './deployment.ts';

/**
 * The other releases that were once rolled out whole, have served, and neither failed nor were rolled back from since:
 * the newest first.
 */
export const goodReleases = (state: Body): readonly Release[] =>
  state.releases
    .filter((release) => release.id !== state.target?.id && release.completed && release.served && !release.abandoned)
    .reverse();

/** The release that a rollback leads to; without a number the newest good one. */
export function rollbackTarget(state: Body, toRelease: number | null): Release | Rejection {
  if (toRelease !== null) return numbered(state, toRelease);
  // A rollback that isn't done yet is repeated: it goes where it goes.
  const { rollout, target } = state;
  const under = rollout?.kind === 'ROLLBACK' && isOpen(rollout) && rollout.status !== 'FAILED';
  if (under && target !== null) return target;
  return (
    goodReleases(state)[0] ??
    reject(
      'NO_EARLIER_RELEASE',
      'There is no other release that was once rolled out completely and neither failed nor was rolled back from. Name one with toRelease, or upgrade.',
    )
  );
}

function numbered(state: Body, number: number): Release | Rejection {
  return (
    state.releases.find((release) => release.number === number) ??
    reject(
      'NO_EARLIER_RELEASE',
      `There is no release ${number}: this deployment has releases 1 to ${state.releases.length}.`,
      'toRelease',
    )
  );
}
