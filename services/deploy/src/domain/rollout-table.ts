/**
 * The state machine of a deployment's newest rollout, whole: every state × everything that can come. `decide` refuses and
 * ignores by it, the model holds every walk to it, and docs/rollouts.md shows it.
 */
import type { ErrorCode } from '@atoll/schema/errors';

/** States of the newest rollout. One that another took over from is SUPERSEDED, and nothing moves it any more. */
export const rolloutStates = ['RUNNING', 'PAUSED', 'SUSPENDED', 'FAILED', 'COMPLETED'] as const;
export type RolloutState = (typeof rolloutStates)[number];

export const stimuli = [
  'upgrade',
  'rollback',
  'suspend',
  'resume',
  'promote',
  'abort',
  'scale',
  'step reached',
  'pause over',
  'falls over',
  'falls over again and again',
  'progress',
  'deadline passed',
  'all as wanted',
] as const;
export type Stimulus = (typeof stimuli)[number];

export type Cell =
  /** Another rollout takes over, in that state; the one before is SUPERSEDED unless it is COMPLETED. */
  | { readonly kind: 'next'; readonly to: RolloutState; readonly text: string }
  | { readonly kind: 'same'; readonly to: RolloutState; readonly text: string }
  /** Nothing happens. */
  | { readonly kind: 'nothing'; readonly text: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly text: string };

const next = (to: RolloutState, text: string): Cell => ({ kind: 'next', to, text });
const same = (to: RolloutState, text: string): Cell => ({ kind: 'same', to, text });
const nothing = (text: string): Cell => ({ kind: 'nothing', text });
const notWaiting = (text: string): Cell => ({ kind: 'refused', code: 'NOTHING_TO_PROMOTE', text });
const noneUnderWay = (text: string): Cell => ({ kind: 'refused', code: 'NO_ROLLOUT_UNDER_WAY', text });

export const rolloutTable: Readonly<Record<RolloutState, Readonly<Record<Stimulus, Cell>>>> = {
  RUNNING: {
    upgrade: next('RUNNING', 'a rollout to the new release takes over'),
    rollback: next('RUNNING', 'a rollout back takes over; back to where it is going already: nothing'),
    suspend: same('SUSPENDED', 'what is there stays, and its clock stands still'),
    resume: nothing('it runs'),
    promote: notWaiting('it waits at no step: once it does, or with suspendRollout to hold it'),
    abort: next('RUNNING', 'a rollout back takes over; that is a rollback already: nothing'),
    scale: same('RUNNING', 'the new number is what it leads to'),
    'step reached': same('PAUSED', 'it waits there; a step without a pause is left at once'),
    'pause over': same('RUNNING', 'of a step without a pause: on to the next one'),
    'falls over': nothing('it has until its deadline'),
    'falls over again and again': nothing('it has until its deadline'),
    progress: same('RUNNING', 'its deadline moves on'),
    'deadline passed': same('FAILED', 'its release is known to be bad; then what the policy says'),
    'all as wanted': same('COMPLETED', 'done'),
  },
  PAUSED: {
    upgrade: next('RUNNING', 'a rollout to the new release takes over'),
    rollback: next('RUNNING', 'a rollout back takes over; back to where it is going already: nothing'),
    suspend: same('SUSPENDED', 'what is there stays; resumed, it waits at its step anew'),
    resume: nothing('it waits at a step: promote it'),
    promote: same('RUNNING', 'on to the next step, or past all of them'),
    abort: next('RUNNING', 'a rollout back takes over; that is a rollback already: nothing'),
    scale: same('PAUSED', 'its step asks for its share of the new number'),
    'step reached': nothing('it is there'),
    'pause over': same('RUNNING', 'on to the next step, all being ready'),
    'falls over': same('RUNNING', 'its step has to be reached once more, with a whole deadline'),
    'falls over again and again': same('FAILED', 'the third time: its release is known to be bad'),
    progress: nothing('it waits'),
    'deadline passed': nothing('while it waits it has none'),
    'all as wanted': same('COMPLETED', 'nothing else is left to wait for'),
  },
  SUSPENDED: {
    upgrade: next('SUSPENDED', 'a rollout to the new release takes over, and waits to be resumed'),
    rollback: next('RUNNING', 'a rollout back takes over at once; back to where it was going: it is resumed'),
    suspend: nothing('it stands still'),
    resume: same('RUNNING', 'it has as long as was left until its deadline'),
    promote: notWaiting('it stands still: resume it first'),
    abort: next('RUNNING', 'a rollout back takes over at once'),
    scale: same('SUSPENDED', 'more are of the last good release; fewer: what is not ready goes first'),
    'step reached': nothing('it stands still'),
    'pause over': nothing('its clock stands still'),
    'falls over': nothing('it stands still'),
    'falls over again and again': nothing('it stands still'),
    progress: nothing('it stands still'),
    'deadline passed': nothing('its clock stands still'),
    'all as wanted': nothing('it is not done before it is resumed'),
  },
  FAILED: {
    upgrade: next('RUNNING', 'a rollout to the new release takes over'),
    rollback: next('RUNNING', 'a rollout back takes over, also by itself; back to where it was going: it is resumed'),
    suspend: noneUnderWay('it stands still already'),
    resume: same('RUNNING', 'it is tried once more, with a whole deadline'),
    promote: notWaiting('it has failed: resume it to try once more, roll back, or upgrade'),
    abort: next('RUNNING', 'a rollout back takes over'),
    scale: same('FAILED', 'more are of the last good release; fewer: what is not ready goes first'),
    'step reached': nothing('it stands still'),
    'pause over': nothing('it stands still'),
    'falls over': nothing('it has failed'),
    'falls over again and again': nothing('it has failed'),
    progress: nothing('it stands still'),
    'deadline passed': nothing('it has failed'),
    'all as wanted': same('COMPLETED', 'it came to its end after all'),
  },
  COMPLETED: {
    upgrade: next('RUNNING', 'a rollout to the new release begins'),
    rollback: next('RUNNING', 'a rollout back begins; back to where it is: nothing'),
    suspend: noneUnderWay('nothing is under way'),
    resume: noneUnderWay('nothing is under way'),
    promote: noneUnderWay('nothing is under way'),
    abort: noneUnderWay('nothing is under way: roll back instead'),
    scale: same('COMPLETED', 'instances come or go; that is no rollout'),
    'step reached': nothing('it is done'),
    'pause over': nothing('it is done'),
    'falls over': nothing('its node starts it again'),
    'falls over again and again': nothing('its node starts it again'),
    progress: nothing('it is done'),
    'deadline passed': nothing('it is done'),
    'all as wanted': nothing('it is done'),
  },
};
