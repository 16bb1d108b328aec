import type { Platform } from '@atoll/test/platform/platform';
import type { Generator } from '../load/generator.ts';
import type { Row } from '../results.ts';

export interface Bed {
  /** On the simulated runtime: containers would take the machine that the control plane is measured on. */
  readonly platform: Platform;
  readonly generator: Generator;
}

export interface SuiteOptions {
  /** Up to ten minutes instead of up to one. */
  readonly long: boolean;
  /** How many events where that is what a bench grows with; null for its own number. */
  readonly events: number | null;
}

export type Suite =
  | { readonly name: string; readonly bed: true; run(bed: Bed): Promise<readonly Row[]> }
  /** Starts and stops what it measures by itself. */
  | { readonly name: string; readonly bed: false; run(options: SuiteOptions): Promise<readonly Row[]> };
