/** What streams fold to: from memory, else from a snapshot, else from the events, and always the later events on top. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { Decider, DomainEvent } from '../decider.ts';
import { openedWith } from '../personal/personal-data.ts';
import { deepFreeze } from './freeze.ts';
import { DEFAULT_EVERY, type Snapshots } from './snapshots.ts';
import type { Folded, StateCache } from './state-cache.ts';

/** Events that are folded at a time: a stream of any length costs the memory of two pages. */
const PAGE = 500;

export interface States {
  /** From memory: perhaps older than the stream. */
  recall<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string): Folded<S> | null;
  /** As the stream is now: what was committed before the call is in it. */
  load<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string): Promise<Folded<S>>;
  /** As the stream was at that version, which it has. */
  at<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string, version: number): Promise<Folded<S>>;
  /** Takes in what was appended to the state that it was decided on. */
  advance<S, C, E extends DomainEvent>(
    decider: Decider<S, C, E>,
    stream: string,
    from: Folded<S>,
    events: readonly EventRecord[],
  ): void;
  /** Resolves once no snapshot waits to be written. */
  idle(): Promise<void>;
}

/** Of a stream that isn't there. */
export const nothing = <S>(decider: { readonly initial: S }): Folded<S> => ({
  version: 0,
  tenant: null,
  eventId: null,
  keyIds: [],
  state: decider.initial,
});

export function createStates(options: {
  cache: StateCache;
  snapshots: Snapshots;
  /** At most `limit` events. */
  readPage: (
    stream: string,
    fromVersion: number,
    bound: { toVersion?: number; limit: number },
  ) => Promise<readonly EventRecord[]>;
  /** A snapshot for so many events. */
  every?: number;
  /** Types of events with personal data. */
  personalTypes?: ReadonlyMap<string, unknown> | undefined;
  /** Whether nobody is erased whose keys these are: a state that holds what was erased is dropped. */
  keysAreLive?: ((keyIds: readonly string[]) => Promise<boolean>) | undefined;
  /** Deciders that change a state throw. Costs time: for tests. */
  freeze: boolean;
}): States {
  const { cache, snapshots, readPage } = options;
  const every = options.every ?? DEFAULT_EVERY;
  const keep = options.freeze ? deepFreeze : <T>(value: T): T => value;

  function fold<S, C, E extends DomainEvent>(
    decider: Decider<S, C, E>,
    from: Folded<S>,
    events: readonly EventRecord[],
  ): Folded<S> {
    const last = events.at(-1);
    if (!last) return from;
    let state = keep(from.state);
    // The store has checked and upcast the data: what its registry says is what the domain's types say.
    const evolve = (event: DomainEvent): S => keep(decider.evolve(state, event as E));
    for (const event of events) state = evolve(event);
    const opened = events.flatMap(openedWith);
    const keyIds = opened.length === 0 ? from.keyIds : [...new Set([...from.keyIds, ...opened])];
    return { version: last.version, tenant: last.tenant, eventId: last.id, keyIds, state };
  }

  /** Null where the stream isn't the one that `base` was folded from. */
  async function foldOnto<S, C, E extends DomainEvent>(
    decider: Decider<S, C, E>,
    stream: string,
    base: Folded<S>,
    toVersion: number | null,
  ): Promise<Folded<S> | null> {
    const bound = { limit: PAGE, ...(toVersion !== null && { toVersion }) };
    let folded = base;
    for (let first = true; ; first = false) {
      // The event that the base ends with is read again: it must be there, and the same.
      const check = first && base.version > 0;
      const page = await readPage(stream, check ? base.version : folded.version + 1, bound);
      if (check && page[0]?.id !== base.eventId) return null;
      folded = fold(decider, folded, check ? page.slice(1) : page);
      if (page.length < PAGE || folded.version === toVersion) return folded;
    }
  }

  async function read<S, C, E extends DomainEvent>(
    decider: Decider<S, C, E>,
    stream: string,
    toVersion: number | null,
  ): Promise<{ folded: Folded<S>; snapshotAt: number }> {
    const { snapshot } = decider;
    const base = snapshot ? await snapshots.read(snapshot, stream, toVersion) : null;
    if (snapshot && base) {
      const folded = await foldOnto(decider, stream, { ...base, state: keep(base.state) }, toVersion);
      if (folded) return { folded, snapshotAt: base.version };
      snapshots.discard(snapshot, stream);
    }
    const folded = await foldOnto(decider, stream, nothing(decider), toVersion);
    return { folded: folded ?? nothing(decider), snapshotAt: 0 };
  }

  return {
    recall(decider, stream) {
      const known = cache.lookUp<typeof decider.initial>(decider, stream);
      // Whether the people in it are erased meanwhile is for the database to say.
      return known && known.keyIds.length > 0 ? null : known;
    },
    async load<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string) {
      const known = cache.get<S>(decider, stream);
      const usable = known && (known.keyIds.length === 0 || (await options.keysAreLive?.(known.keyIds)) === true);
      const newer = usable ? await foldOnto(decider, stream, known, null) : null;
      if (newer) {
        cache.put(decider, stream, newer);
        return newer;
      }
      cache.drop(decider, stream);
      const { folded, snapshotAt } = await read(decider, stream, null);
      if (folded.version > 0) cache.put(decider, stream, folded);
      if (decider.snapshot && folded.version - snapshotAt >= every) {
        snapshots.offer(decider.snapshot, stream, folded);
      }
      return folded;
    },
    async at(decider, stream, version) {
      return (await read(decider, stream, version)).folded;
    },
    advance(decider, stream, from, events) {
      if (events.length === 0) return;
      // Which keys they are sealed with isn't known here.
      if (events.some(({ type }) => options.personalTypes?.has(type))) return cache.drop(decider, stream);
      let folded: Folded<typeof from.state>;
      try {
        folded = fold(decider, from, events);
      } catch (error) {
        // It is done, and must be answered so; whoever reads the stream next will hear of it.
        cache.drop(decider, stream);
        if (options.freeze) throw error;
        return;
      }
      cache.put(decider, stream, folded);
      // By whoever writes past a multiple, so that of many processes one does it.
      const due = Math.floor(folded.version / every) > Math.floor(from.version / every);
      if (decider.snapshot && due) snapshots.offer(decider.snapshot, stream, folded);
    },
    idle: () => snapshots.idle(),
  };
}
