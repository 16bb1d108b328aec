/** Reading a state outside of a command: the same door as `handleCommand`'s, with its cache and snapshots. */
import type { Tenant } from '@atoll/schema/ids';
import type { Decider, DomainEvent } from '../decider.ts';
import type { EventStore } from '../event-store.ts';

/** What a stream folds to, as new as the last commit. */
export interface Loaded<S> {
  /** 0 where there is no such stream; the state is the decider's initial one then. */
  readonly version: number;
  /** Whose it is; null where there is no such stream. */
  readonly tenant: Tenant | null;
  readonly state: S;
}

/** Whoever answers a tenant with it must compare `tenant` first. Throws as reading does. */
export async function loadState<S, C, E extends DomainEvent>(
  store: EventStore,
  options: { decider: Decider<S, C, E>; stream: string },
): Promise<Loaded<S>> {
  const { version, tenant, state } = await store.states.load(options.decider, options.stream);
  return { version, tenant, state };
}

/**
 * As `loadState`, from memory where it is there, and then perhaps older than the stream: for what rests on a claim that the
 * commit judges. Where that refuses, load it and decide again.
 */
export async function recallState<S, C, E extends DomainEvent>(
  store: EventStore,
  options: { decider: Decider<S, C, E>; stream: string },
): Promise<Loaded<S>> {
  const { version, tenant, state } =
    store.states.recall(options.decider, options.stream) ?? (await store.states.load(options.decider, options.stream));
  return { version, tenant, state };
}
