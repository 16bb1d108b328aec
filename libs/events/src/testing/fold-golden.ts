/** What today's deciders make of golden streams. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Decider, DomainEvent } from '../decider.ts';
import { byStream, readGolden, readToday } from './golden.ts';

/** A decider that takes the events of its stream's kind from the engine, which has checked them against the registry. */
export interface Folding {
  fold(events: readonly DomainEvent[]): unknown;
}
export const folding = <S, C, E extends DomainEvent>({ initial, evolve }: Decider<S, C, E>): Folding => ({
  fold: (events) => events.reduce<S>((state, event) => evolve(state, event as E), initial),
});

/** By stream: its state, as JSON would show it. Throws where an event can't be read, or no decider is named for it. */
export function foldGolden(options: {
  readonly release: string;
  readonly context: Context;
  readonly registry: EventRegistry;
  /** By kind of stream. */
  readonly deciders: Readonly<Record<string, Folding>>;
}): Readonly<Record<string, unknown>> {
  const { release, context, registry, deciders } = options;
  const events = readGolden(release, context).map((event) => readToday(registry, event));
  const states = [...byStream(events)].map(([stream, ofStream]) => {
    const decider = deciders[stream.slice(0, stream.indexOf(':'))];
    if (decider === undefined) throw new Error(`Nobody folds the stream ${stream}.`);
    return [stream, decider.fold(ofStream)] as const;
  });
  return Object.fromEntries(states);
}

/** For a snapshot file: maps and classes as what they hold. */
export const stateText = (states: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify(states, (_, value: unknown) => (isListing(value) ? value.list() : value), 2)}\n`;

const isListing = (value: unknown): value is { list(): unknown } =>
  typeof value === 'object' && value !== null && 'list' in value && typeof value.list === 'function';
