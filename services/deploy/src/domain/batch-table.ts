/** The state machine of a batch, whole: every state × everything that can come. `decideBatch` acts by it; docs/batches.md shows it. */
import type { BatchState } from './batch.ts';

export const batchStimuli = [
  'pause',
  'resume',
  'cancel',
  'time for more',
  'one ends, some are left',
  'one fails too many',
  'the last one ends',
] as const;
export type BatchStimulus = (typeof batchStimuli)[number];

export type BatchCell =
  | { readonly kind: 'to'; readonly to: BatchState; readonly text: string }
  /** Nothing happens. */
  | { readonly kind: 'nothing'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string };

const to = (state: BatchState, text: string): BatchCell => ({ kind: 'to', to: state, text });
const nothing = (text: string): BatchCell => ({ kind: 'nothing', text });
const refused = (text: string): BatchCell => ({ kind: 'refused', text });

export const batchTable: Readonly<Record<BatchState, Readonly<Record<BatchStimulus, BatchCell>>>> = {
  RUNNING: {
    pause: to('PAUSED', 'nothing new is begun; what is under way goes on'),
    resume: nothing('it runs'),
    cancel: to('CANCELLED', 'what was not begun never will be; what is under way goes on'),
    'time for more': to('RUNNING', 'more of the wave are begun, or the next wave'),
    'one ends, some are left': to('RUNNING', 'the last one of its wave: the pause begins'),
    'one fails too many': to('STOPPED', 'nothing new is begun; what is under way goes on'),
    'the last one ends': to('COMPLETED', 'done'),
  },
  PAUSED: {
    pause: nothing('it is paused'),
    resume: to('RUNNING', 'it goes on at once'),
    cancel: to('CANCELLED', 'what was not begun never will be; what is under way goes on'),
    'time for more': nothing('it is paused'),
    'one ends, some are left': to('PAUSED', 'told, and no more'),
    'one fails too many': to('STOPPED', 'it is known why it must not go on'),
    'the last one ends': to('COMPLETED', 'nothing is left to pause'),
  },
  STOPPED: {
    pause: nothing('it stands still'),
    resume: to('RUNNING', 'it goes on at once; what has failed so far stops it no more'),
    cancel: to('CANCELLED', 'what was not begun never will be; what is under way goes on'),
    'time for more': nothing('it has stopped'),
    'one ends, some are left': to('STOPPED', 'told, and no more'),
    'one fails too many': to('STOPPED', 'told, and no more'),
    'the last one ends': to('COMPLETED', 'nothing is left'),
  },
  CANCELLED: {
    pause: refused('it is cancelled: nothing new is begun'),
    resume: refused('it is cancelled: start another one'),
    cancel: nothing('it is cancelled'),
    'time for more': nothing('it is cancelled'),
    'one ends, some are left': to('CANCELLED', 'told, and no more'),
    'one fails too many': to('CANCELLED', 'told, and no more'),
    'the last one ends': to('CANCELLED', 'nothing is under way any more'),
  },
  COMPLETED: {
    pause: refused('it is done'),
    resume: refused('it is done: start another one'),
    cancel: refused('it is done: to undo it, start a batch that rolls back'),
    'time for more': nothing('it is done'),
    'one ends, some are left': nothing('it is done'),
    'one fails too many': nothing('it is done'),
    'the last one ends': nothing('it is done'),
  },
};
