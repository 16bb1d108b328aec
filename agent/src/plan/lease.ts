/**
 * The lease by which a node runs what is fenced. Given with the answer to a report, it counts from when that was sent, by a clock
 * that nobody sets and that goes on while the machine sleeps; so it is over here before the control plane counts the node as lost.
 * Pure.
 */

/** Milliseconds since the machine was booted. */
type Uptime = number;

export interface Grant {
  readonly sentAt: Uptime;
  readonly leaseMs: number;
  /** It is for a document of this generation, or a newer one. */
  readonly generation: number;
}

export interface Lease {
  /** Holds until then, and is gone before it where stopping takes time. */
  readonly until: Uptime;
  readonly leaseMs: number;
}

export interface Leases {
  readonly held: Lease | null;
  /** Given for a document that this node doesn't have yet. */
  readonly pending: Grant | null;
}
export const noLease: Leases = { held: null, pending: null };

const until = ({ sentAt, leaseMs }: Grant): Uptime => sentAt + leaseMs;

export const given = (leases: Leases, grant: Grant, generation: number): Leases =>
  // One that was given for another document may be of the time after this node was counted as lost: what is held goes on to its end.
  fetched({ ...leases, pending: grant }, generation);

/** The node has a document of that generation. */
export function fetched(leases: Leases, generation: number): Leases {
  const { held, pending } = leases;
  if (pending === null || generation < pending.generation) return leases;
  const next = { until: until(pending), leaseMs: pending.leaseMs };
  return { held: held !== null && held.until > next.until ? held : next, pending: null };
}

/** The last part of a lease is for ending in peace. */
const endingPart = 1 / 3;

/** HELD: it may run. ENDING: it has to end, within so many ms. OVER: it has ended. */
export type LeaseState =
  | { readonly is: 'HELD' }
  | { readonly is: 'ENDING'; readonly leftMs: number }
  | { readonly is: 'OVER' };

export function stateOf({ held }: Leases, now: Uptime): LeaseState {
  if (held === null || now >= held.until) return { is: 'OVER' };
  return now < held.until - held.leaseMs * endingPart ? { is: 'HELD' } : { is: 'ENDING', leftMs: held.until - now };
}

/** When its state changes by itself; null: never. */
export function changesAt({ held }: Leases, now: Uptime): Uptime | null {
  if (held === null) return null;
  const ending = held.until - held.leaseMs * endingPart;
  return [ending, held.until].find((at) => at > now) ?? null;
}
