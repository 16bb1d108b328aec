/**
 * Failpoints: named places in the code where a test of faults can kill, stop, delay or fail this process.
 *
 * This is what everybody gets: nothing, at the price of calling an empty function. `node --conditions=atoll-faults`
 * resolves `@atoll/service/failpoint` to `failpoint-armed.ts` instead (`exports` of this package's package.json); without
 * that flag the armed module is never loaded, and can't be.
 */
import type { Failpoint } from './failpoint-points.ts';

/** Whether this process was started with `--conditions=atoll-faults`. */
export const failpointsCanBeArmed: boolean = false;

/** Marks a place. Does nothing here; where armed, it may throw. */
export function failpoint(_point: Failpoint): void {}
