/** What a domain is to the engine: plain functions. Types only, so that domain rooms may import it. */
import type { Rejection } from '@atoll/schema/errors';

export interface DomainEvent {
  readonly type: string;
  readonly data: unknown;
}

/**
 * A rule over many streams, decided inside the same commit (and so free of races over any number of processes).
 * Keys are unique within (context, `set`). `owner` is what holds it, told to the one who is refused.
 */
export type Claim =
  /** Nobody else may hold `key`. Taking what one already holds is fine. */
  | { readonly op: 'take'; readonly kind: 'unique'; readonly set: string; readonly key: string; readonly owner: string }
  /** No overlapping range may be held in `set`. `range` is a CIDR. */
  | {
      readonly op: 'take';
      readonly kind: 'range';
      readonly set: string;
      readonly range: string;
      readonly owner: string;
    }
  /** The amounts held under (set, key) must not exceed `limit` after this. Taking again with the same owner replaces its amount. */
  | {
      readonly op: 'take';
      readonly kind: 'amount';
      readonly set: string;
      readonly key: string;
      readonly owner: string;
      readonly amount: number;
      readonly limit: number;
    }
  /**
   * All of it, or nothing. As several claims of kind `amount`, in one statement; an amount of 0 is let go of. The limit
   * is the one that is kept for (set, key) (see `limit` below), where there is none the claim's own, null for none.
   * `anyway`: it is a fact already, and counts whatever the limit says.
   */
  | {
      readonly op: 'take';
      readonly kind: 'amounts';
      /** What the amounts are together, and whose: for texts. */
      readonly set: string;
      readonly key: string;
      readonly owner: string;
      readonly amounts: readonly ClaimedAmount[];
    }
  /** From now on at most so much may be held under (set, key); null: no limit. Refused where more is held. */
  | {
      readonly op: 'limit';
      readonly kind: 'amount';
      readonly set: string;
      readonly key: string;
      readonly limit: number | null;
    }
  /** Refused from the time `key` on, by the clock of the database: RFC 3339. `set`: what ends then. */
  | { readonly op: 'before'; readonly set: string; readonly key: string }
  /** Lets go of what `owner` holds under `key` (of a range: its CIDR). Letting go of what isn't held is fine. */
  | {
      readonly op: 'release';
      readonly kind: 'unique' | 'range' | 'amount';
      readonly set: string;
      readonly key: string;
      readonly owner: string;
    }
  /** `key` must be held by somebody, e.g. the mark of an open namespace; where `owner` is given, by that one. */
  | { readonly op: 'require'; readonly set: string; readonly key: string; readonly owner?: string };

export interface ClaimedAmount {
  readonly set: string;
  readonly key: string;
  readonly amount: number;
  readonly limit: number | null;
  readonly anyway?: boolean;
}

/** A claim as it is held. */
export interface HeldClaim {
  readonly kind: 'unique' | 'amount';
  readonly set: string;
  readonly key: string;
  readonly owner: string;
}

export interface Accepted<E extends DomainEvent> {
  readonly ok: true;
  readonly events: readonly E[];
  readonly claims: readonly Claim[];
  /** Subjects whose personal data is unreadable from this commit on: their keys are destroyed in it. */
  readonly erases?: readonly string[];
}
export interface Refused {
  readonly ok: false;
  readonly rejection: Rejection;
}
export type Decision<E extends DomainEvent> = Accepted<E> | Refused;

export const accept = <E extends DomainEvent>(events: readonly E[], claims: readonly Claim[] = []): Accepted<E> => ({
  ok: true,
  events,
  claims,
});
export const refuse = (rejection: Rejection): Refused => ({ ok: false, rejection });

/**
 * Copies of a decider's states, written now and then, so that a long stream isn't read from its beginning. What a state
 * says of itself as JSON (`toJSON`, where it has one) must be all of it.
 */
export interface SnapshotShape<State> {
  /** Of this decider, and no other of the context, for good. */
  readonly name: string;
  /**
   * Of what `evolve` makes of the events. Raise it with every change of `evolve` or of the state: a snapshot of another
   * version is never read.
   */
  readonly version: number;
  /** From JSON back to the state; throws where it isn't one. A zod schema does. */
  readonly schema: { parse(json: unknown): State };
}

/** `decide` and `evolve` are pure, and leave what they are given as it is. No events is a fine decision: nothing to do. */
export interface Decider<State, Command, E extends DomainEvent> {
  readonly initial: State;
  decide(state: State, command: Command): Decision<E>;
  evolve(state: State, event: E): State;
  /** For streams that grow long. */
  readonly snapshot?: SnapshotShape<State>;
}
