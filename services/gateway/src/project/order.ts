/**
 * In which order events are told in the tenants' logs: no effect before its cause. Pure.
 *
 * Each context comes in its own order, but two contexts come at different speeds: an address could be told before the
 * instance that it is for. So an event waits for the event that caused it and, where it tells that a container has
 * started, for the one that tells that its rules are in force. Those after it, of the same tenant and context, wait with
 * it. What it waits for was committed before it, so nothing waits for ever; and where it never comes (it was parked), its
 * effects are told late rather than never.
 */
import type { Context } from '@atoll/schema/contexts';

export interface Candidate {
  readonly eventId: string;
  readonly tenant: string;
  readonly context: Context;
  readonly position: number;
  readonly cause: string | null;
  /** Of InstanceStarted: its instance. */
  readonly startedInstance: string | null;
  /** Of EndpointSecured: its instance. */
  readonly securedInstance: string | null;
  /** Unix time in milliseconds since when it could have been told. */
  readonly since: number;
}

export interface Known {
  /** Of the causes of the candidates: those that are told already. */
  readonly told: ReadonlySet<string>;
  /** Of the started instances of the candidates: those whose rules are known to be in force. */
  readonly secured: ReadonlySet<string>;
}

export const PATIENCE_MS = 5000;

export function inOrder<C extends Candidate>(
  candidates: readonly C[],
  known: Known,
  now: number,
): { readonly tell: readonly C[]; readonly wait: readonly C[] } {
  const queues = queuesOf(candidates);
  const told = new Set(known.told);
  const untoldRules = new Set(candidates.flatMap((c) => c.securedInstance ?? []));
  const tell: C[] = [];

  const isFree = ({ cause, startedInstance }: C) =>
    (cause === null || told.has(cause)) &&
    (startedInstance === null || (known.secured.has(startedInstance) && !untoldRules.has(startedInstance)));
  const take = (queue: C[]) => {
    const [next] = queue;
    if (next === undefined) return;
    queue.shift();
    told.add(next.eventId);
    if (next.securedInstance !== null) untoldRules.delete(next.securedInstance);
    tell.push(next);
  };
  /** As far as it goes; true where anything went. */
  const drain = (queue: C[]): boolean => {
    const before = tell.length;
    for (let next = queue[0]; next !== undefined && isFree(next); next = queue[0]) take(queue);
    return tell.length > before;
  };

  for (;;) {
    while (queues.map(drain).includes(true));
    const overdue = queues
      .filter(([next]) => next !== undefined && now - next.since > PATIENCE_MS)
      .sort(([a], [b]) => (a?.since ?? 0) - (b?.since ?? 0))[0];
    if (overdue === undefined) return { tell, wait: queues.flat() };
    take(overdue);
  }
}

/** One for each tenant and context, in the order of positions. */
function queuesOf<C extends Candidate>(candidates: readonly C[]): C[][] {
  const queues = new Map<string, C[]>();
  for (const candidate of [...candidates].sort((a, b) => a.position - b.position)) {
    const name = `${candidate.tenant} ${candidate.context}`;
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    queue.push(candidate);
  }
  return [...queues.values()];
}
