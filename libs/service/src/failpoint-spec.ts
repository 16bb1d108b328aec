/** What ATOLL_FAILPOINTS says: `relay.after-publish=kill@3; append.before-commit=error@0.01; project.before-commit=delay(200)`. */
import { type Failpoint, failpoints } from './failpoint-points.ts';

export const actions = ['kill', 'error', 'delay', 'pause'] as const;

export type Action =
  /** SIGKILL to itself. */
  | { readonly kind: 'kill' }
  /** An error is thrown at the point. */
  | { readonly kind: 'error' }
  /** The whole process stands still, as in a long garbage collection. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** SIGSTOP to itself: whoever armed it sends SIGCONT. */
  | { readonly kind: 'pause' };

export type Trigger =
  | { readonly kind: 'hit'; readonly number: number }
  | { readonly kind: 'probability'; readonly of: number };

export interface Armed {
  readonly point: Failpoint;
  readonly action: Action;
  readonly trigger: Trigger;
}

const LONGEST_DELAY_MS = 60_000;
const entryPattern = /^([a-z-]+\.[a-z-]+)=([a-z]+)(?:\((\d+)\))?(?:@(\d+(?:\.\d+)?))?$/;
const isPoint = (text: string): text is Failpoint => (failpoints as readonly string[]).includes(text);

function parseAction(word: string, ms: string | undefined): Action | string {
  switch (word) {
    case 'kill':
    case 'error':
    case 'pause':
      return ms === undefined ? { kind: word } : `${word} takes no time in parentheses`;
    case 'delay': {
      const time = Number(ms ?? Number.NaN);
      if (time >= 1 && time <= LONGEST_DELAY_MS) return { kind: 'delay', ms: time };
      return `delay needs its time, e.g. delay(200): 1 to ${LONGEST_DELAY_MS} ms`;
    }
    default:
      return `there is no action "${word}"; there are ${actions.join(', ')}`;
  }
}

/** `@3`: at the third hit. `@0.01`: at each hit with that probability. Nothing: at the first. */
function parseTrigger(text: string | undefined): Trigger | string {
  if (text === undefined) return { kind: 'hit', number: 1 };
  const number = Number(text);
  if (text.includes('.')) {
    if (number > 0 && number <= 1) return { kind: 'probability', of: number };
    return `"@${text}" is no probability: above 0, at most 1.0`;
  }
  return number >= 1 ? { kind: 'hit', number } : `"@${text}" is no hit: they count from 1`;
}

/** Throws, naming every entry that isn't one: a fault that isn't injected would pass for one that was survived. */
export function parseFailpoints(text: string): readonly Armed[] {
  const problems: string[] = [];
  const armed: Armed[] = [];
  for (const entry of text.split(';').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, point = '', word = '', ms, at] = entryPattern.exec(entry) ?? [];
    if (point === '') {
      problems.push(`"${entry}" isn't <point>=<action>[@<hit or probability>]`);
      continue;
    }
    const action = parseAction(word, ms);
    const trigger = parseTrigger(at);
    if (!isPoint(point)) problems.push(`"${entry}": there is no failpoint ${point}`);
    else if (typeof action === 'string') problems.push(`"${entry}": ${action}`);
    else if (typeof trigger === 'string') problems.push(`"${entry}": ${trigger}`);
    else armed.push({ point, action, trigger });
  }
  if (problems.length > 0) throw new Error(`ATOLL_FAILPOINTS can't be used: ${problems.join('; ')}.`);
  return armed;
}
