/**
 * Failpoints that do something. Only `node --conditions=atoll-faults` loads this module.
 *
 * ATOLL_FAILPOINTS arms them: either the points themselves (see failpoint-spec.ts), or `dir:/some/folder`, where this
 * process reads, and then removes, the file named after its pid at each SIGUSR2. The second way arms a running process,
 * and leaves the one that is started in its place alone. ATOLL_FAILPOINTS_SEED seeds the probabilities.
 */
import { readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Failpoint } from './failpoint-points.ts';
import { type Action, type Armed, parseFailpoints } from './failpoint-spec.ts';

export const failpointsCanBeArmed: boolean = true;

/** Thrown by the action `error`. */
export class FailpointError extends Error {
  override readonly name = 'FailpointError';
}

interface Counted {
  readonly armed: Armed;
  hits: number;
}

let points = new Map<Failpoint, Counted>();
const arm = (armed: readonly Armed[]): void => {
  points = new Map(armed.map((one) => [one.point, { armed: one, hits: 0 }]));
};

/** mulberry32: small, and the same on every machine. */
let state = Number(process.env.ATOLL_FAILPOINTS_SEED ?? 1) >>> 0;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function act(point: Failpoint, action: Action): void {
  // Straight to the descriptor: what is buffered would go with the process.
  writeSync(2, `failpoint ${point}: ${action.kind}\n`);
  switch (action.kind) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'pause':
      process.kill(process.pid, 'SIGSTOP');
      return;
    case 'delay':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms);
      return;
    case 'error':
      throw new FailpointError(`The failpoint ${point} was armed to fail.`);
    default:
      action satisfies never;
  }
}

export function failpoint(point: Failpoint): void {
  const counted = points.get(point);
  if (counted === undefined) return;
  const { action, trigger } = counted.armed;
  counted.hits += 1;
  if (trigger.kind === 'hit' ? counted.hits === trigger.number : random() < trigger.of) act(point, action);
}

const setting = process.env.ATOLL_FAILPOINTS ?? '';
if (setting.startsWith('dir:')) {
  const file = join(setting.slice('dir:'.length), String(process.pid));
  process.on('SIGUSR2', () => {
    arm(parseFailpoints(readFileSync(file, 'utf8')));
    // Tells whoever has armed it that it is.
    rmSync(file);
    writeSync(2, 'failpoints are armed\n');
  });
} else {
  arm(parseFailpoints(setting));
}
