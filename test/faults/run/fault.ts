/** A fault as the runner knows it: what is broken, how long it stays so, and what is needed to see that it happened. */

import type { CatalogueEntry } from '../catalogue.ts';
import type { Violation } from '../oracle/violation.ts';
import type { Bed } from './bed.ts';
import type { GroundKind } from './ground.ts';

export interface RunFault extends CatalogueEntry {
  /** How long it is left broken, in ms: from the first to the second, by the seed. */
  readonly hold: readonly [number, number];
  /** Some of the calls of the round are poison to the read model, which parks them. */
  readonly poison?: boolean;
  /** After the healing and before the check: what an operator would have to do. */
  repair?(): Promise<void>;
  /** What only this fault can tell, beside the oracle's rules; after everything has come to rest. */
  judge?(): Promise<readonly Violation[]>;
}

/** The fault could not be brought about: the round proves nothing, and must not pass for one that was survived. */
export class NotInjected extends Error {
  override readonly name = 'NotInjected';
}

/** Makes a fault for a bed. `random` is the fault's own, so that what one draws changes nothing for the next. */
export interface Planned {
  readonly name: string;
  /** What the bed must stand on. Default: plain. */
  readonly ground?: GroundKind;
  make(bed: Bed, random: () => number): RunFault;
}
