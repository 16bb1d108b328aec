/** What enforces a node's rule set. */
import type { CountersReply } from '@atoll/schema/node/counters';
import { type DesiredNetwork, emptyRuleSet } from '@atoll/schema/node/network';
import type { RuleIntent } from '../render/intent.ts';

/** The rule set can't be put in force as it is; what was in force before still is, or is put back by `ensure`. */
export class RuleSetRejected extends Error {
  override readonly name = 'RuleSetRejected';
}

export type Counters = Omit<CountersReply, 'nodeId'>;

/** Everything that was there at a moment. */
export interface Glance {
  /** When the reading began, by the clock that only rises. */
  readonly at: number;
  /** Nothing was written since then. */
  isFresh(): boolean;
}

/** `written`: over nothing, by programs that say that they did it; it is for the next look to see it there, which is due at once. */
export type Ensured = 'read back' | 'written';

export interface RuleBackend {
  /**
   * Makes these rules, and nothing else of this node's, the ones in force; idempotent, and checked by reading back before
   * it resolves, but where nothing of this node's was there. Repairs what others changed. Throws RuleSetRejected where the rule set
   * is at fault. `glance`: what is there, where it is fresh; then nothing is read but what was repaired.
   */
  ensure(intent: RuleIntent, glance?: Glance): Promise<Ensured>;
  /** Reads everything, beside whatever is written meanwhile. */
  look(): Promise<Glance>;
  /**
   * As `ensure`, without looking at what is there: only what differs from what this process has seen to be in force is written.
   * Where it hasn't, or where anything goes wrong, it is `ensure`.
   */
  change(intent: RuleIntent): Promise<void>;
  /**
   * Without a rule set: leaves what is in force where it is, as long as it is what an earlier process of this node's left, whole as
   * far as that can be told without knowing it. False where it isn't, or where there is nothing.
   */
  hold(): Promise<boolean>;
  /** Ends connections that `next` forbids and `previous` didn't; no others. Null where it isn't known what was allowed. */
  cut(previous: DesiredNetwork | null, next: DesiredNetwork): Promise<void>;
  /** How often the rules of these policies have decided. */
  counters(policies: ReadonlySet<string>): Promise<Counters>;
  /** How many packets the rules of these policies that log have decided about and not logged, since this process began to count. */
  leftOut(policies: ReadonlySet<string>): Promise<number>;
  /** Removes everything of this node's. */
  clear(): Promise<void>;
}

/** Before anything was ever pulled: everything is denied. */
export const denyAll: RuleIntent = { pools: null, rules: emptyRuleSet };
