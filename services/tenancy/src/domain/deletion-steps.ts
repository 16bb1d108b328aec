/**
 * What a deletion does next, and how far it is: pure functions of what is left. Workloads, then the network, then
 * namespaces, environments, access, and what the API shows; a step of destruction is begun when those before it are done.
 */
import type { HeldClaim } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import { type Count, type Remains, totalOf } from '@atoll/schema/remains';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { DeletionStep, DeletionStepName } from '@atoll/schema/tenancy/deletion';
import type { Target } from './deletion.ts';

export interface Named<K extends 'environment' | 'namespace'> {
  readonly id: Id<K>;
  readonly name: string;
}

/** A service's answer, or why there is none. */
export type Asked<T> =
  | { readonly ok: true; readonly position: number | null; readonly remains: T }
  | { readonly ok: false; readonly reason: string };

/** All that is left of a tenant or an environment, service by service. */
export interface Left {
  readonly namespaces: readonly Named<'namespace'>[];
  readonly environments: readonly Named<'environment'>[];
  /** What it holds in claims beside its own name and mark, and those of environments and namespaces. */
  readonly held: readonly HeldClaim[];
  /** Where in an environment roles are bound; those of a tenant end with it. */
  readonly bindings: readonly Scope[];
  /** Environments that an environment is promoted to or from, until just before its end; those of a tenant go with theirs. */
  readonly promotions: readonly Id<'environment'>[];
  /** People of a tenant whose personal data can be read. */
  readonly subjects: readonly string[];
  /** Whether the tenant's stream goes on. Of an environment: whether it is among `environments`. */
  readonly target: boolean;
  readonly deploy: Asked<Remains>;
  readonly network: Asked<Remains>;
  readonly read: Asked<readonly Count[]>;
}

export type NextAction =
  | { readonly kind: 'wait' }
  | { readonly kind: 'namespaces' }
  | { readonly kind: 'environments' }
  | { readonly kind: 'access' }
  | { readonly kind: 'tenant' }
  | { readonly kind: 'complete' };

/**
 * What goes with the last fact of what it belongs to: that a tenant is isolated, which images an environment takes and has
 * run. Nothing waits for the end of these but the end.
 */
const lasting: ReadonlySet<string> = new Set(['isolations', 'imageRules', 'provenImages']);
const totalBefore = (counts: readonly Count[]) => totalOf(counts.filter(({ kind }) => !lasting.has(kind)));
const countOf = (asked: Asked<Remains>): number | null => (asked.ok ? totalBefore(asked.remains.counts) : null);
const hasNothing = (asked: Asked<Remains>): boolean => asked.ok && totalOf(asked.remains.counts) === 0;

export function nextAction({ target }: Pick<Target, 'target'>, left: Left): NextAction {
  if (left.namespaces.length > 0) return { kind: 'namespaces' };
  if (countOf(left.deploy) !== 0 || countOf(left.network) !== 0) return { kind: 'wait' };
  // A tenant's environments hold what is bound to them; what an environment holds goes before it.
  if (target === 'TENANT' && left.environments.length > 0) return { kind: 'environments' };
  if (left.held.length > 0 || left.subjects.length > 0 || left.bindings.length > 0) return { kind: 'access' };
  if (left.environments.length > 0) return { kind: 'environments' };
  if (left.target) return { kind: 'tenant' };
  if (!left.read.ok || totalOf(left.read.remains) > 0) return { kind: 'wait' };
  if (!hasNothing(left.deploy) || !hasNothing(left.network)) return { kind: 'wait' };
  return { kind: 'complete' };
}

/** How many things a step has to see gone; null where nobody says. */
const leftOf: Record<Exclude<DeletionStepName, 'CLOSE' | 'RETAIN' | 'VERIFY'>, (left: Left) => number | null> = {
  STOP_WORKLOADS: ({ deploy }) => countOf(deploy),
  RELEASE_NETWORK: ({ network }) => countOf(network),
  DELETE_NAMESPACES: ({ namespaces }) => namespaces.length,
  DELETE_ENVIRONMENTS: ({ environments, promotions }) => environments.length + promotions.length,
  REMOVE_ACCESS: ({ held, subjects, bindings, target }) =>
    held.length + subjects.length + bindings.length + Number(target),
  DELETE_RECORDS: ({ read }) => (read.ok ? totalOf(read.remains) : null),
};

const whyOf = (service: string, asked: Asked<{ readonly waitingFor?: string | null }>): string | null =>
  asked.ok ? (asked.remains.waitingFor ?? null) : `the ${service} service: ${asked.reason}`;

const waits: Partial<Record<DeletionStepName, (left: Left) => string | null>> = {
  STOP_WORKLOADS: ({ deploy }) => whyOf('deploy', deploy),
  RELEASE_NETWORK: ({ network }) => whyOf('network', network),
  DELETE_RECORDS: ({ read }) => (read.ok ? null : `the read models: ${read.reason}`),
};

export const stepNames: Record<Target['target'], readonly DeletionStepName[]> = {
  TENANT: [
    ...(['CLOSE', 'RETAIN', 'STOP_WORKLOADS', 'RELEASE_NETWORK', 'DELETE_NAMESPACES'] as const),
    ...(['DELETE_ENVIRONMENTS', 'REMOVE_ACCESS', 'DELETE_RECORDS', 'VERIFY'] as const),
  ],
  ENVIRONMENT: [
    ...(['CLOSE', 'STOP_WORKLOADS', 'RELEASE_NETWORK', 'DELETE_NAMESPACES', 'REMOVE_ACCESS'] as const),
    ...(['DELETE_ENVIRONMENTS', 'DELETE_RECORDS', 'VERIFY'] as const),
  ],
};

const MOST_TOLD = 1000;
const told = (text: string | null) => (text === null ? null : text.slice(0, MOST_TOLD));

/** The steps as they are now. What had to go is the most that was ever seen: what came in a race is counted, too. */
export function stepsNow(
  { target }: Pick<Target, 'target'>,
  before: readonly DeletionStep[],
  left: Left,
  phase: { readonly retainedUntil: string | null; readonly completed: boolean },
): readonly DeletionStep[] {
  let earlierDone = true;
  return stepNames[target].map((name): DeletionStep => {
    const was = before.find((step) => step.name === name);
    const open = (done: number, total: number, waitingFor: string | null): DeletionStep => {
      const status = earlierDone && phase.retainedUntil === null ? 'RUNNING' : done > 0 ? 'RUNNING' : 'PENDING';
      const waiting = status === 'RUNNING' && earlierDone ? waitingFor : null;
      earlierDone = false;
      return { name, status, done, total, waitingFor: told(waiting) };
    };
    const done = (total: number): DeletionStep => ({ name, status: 'DONE', done: total, total, waitingFor: null });
    if (name === 'CLOSE') return done(1);
    if (name === 'RETAIN') {
      if (phase.retainedUntil === null) return done(1);
      earlierDone = false;
      return { name, status: 'RUNNING', done: 0, total: 1, waitingFor: `until ${phase.retainedUntil}` };
    }
    if (name === 'VERIFY') return phase.completed ? done(1) : open(0, 1, null);
    const count = leftOf[name](left);
    const total = Math.max(was?.total ?? 0, count ?? 0);
    // What nobody can count isn't done; and nothing is while it may still be taken back.
    if (count === 0 && earlierDone && phase.retainedUntil === null) return done(total);
    return open(total - (count ?? total - (was?.done ?? 0)), total, waits[name]?.(left) ?? null);
  });
}

/** The steps of a plan as they are once it is begun. */
export function stepsAtStart(
  { target }: Pick<Target, 'target'>,
  planned: readonly { readonly name: DeletionStepName; readonly counts: readonly Count[] }[],
  purgeAt: string,
): readonly DeletionStep[] {
  return stepNames[target].map((name): DeletionStep => {
    const total = Math.max(
      totalBefore(planned.find((step) => step.name === name)?.counts ?? []),
      name === 'VERIFY' || name === 'CLOSE' || name === 'RETAIN' ? 1 : 0,
    );
    if (name === 'CLOSE') return { name, status: 'DONE', done: total, total, waitingFor: null };
    if (name === 'RETAIN') return { name, status: 'RUNNING', done: 0, total, waitingFor: `until ${purgeAt}` };
    return { name, status: 'PENDING', done: 0, total, waitingFor: null };
  });
}
