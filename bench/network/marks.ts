/** What the bench's agent tells while it works. */
export type Moment = 'begun' | 'enforced' | 'cut';

export interface Mark {
  readonly moment: Moment;
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  /** Of the agent's process so far, in microseconds. */
  readonly cpu: { readonly user: number; readonly system: number };
}
