/** What a call came to, as its caller knows it, whoever makes the calls. */

export type Outcome =
  | { readonly kind: 'ok'; readonly position: number }
  | { readonly kind: 'fail'; readonly code: string }
  /** The caller was told nothing, or that it isn't known. */
  | { readonly kind: 'unknown'; readonly code: string };

/** As much of a call as is judged. */
export interface Called {
  /** Stands in the event that it writes. */
  readonly id: string;
  readonly tenant: string;
  /** Null: nobody can repeat it. */
  readonly key: string | null;
  readonly outcome: Outcome;
}

/** An attempt whose outcome isn't known may still be carried out later: after it, no refusal is final. */
export function combine(before: Outcome | null, now: Outcome): Outcome {
  if (before === null || now.kind === 'ok' || before.kind === 'fail') return now;
  return before;
}
