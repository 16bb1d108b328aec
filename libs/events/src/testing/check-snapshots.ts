/** That a decider's snapshots are copies of its states, whatever its stream, and that their version tells how it folds. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Decider, DomainEvent } from '../decider.ts';
import { byStream, goldenReleases, readGolden, readToday } from './golden.ts';

/** A copy, as if it had been written and read. Throws where the decider has no snapshots or can't read its own. */
export function viaSnapshot<S, C, E extends DomainEvent>({ snapshot }: Decider<S, C, E>, state: S): S {
  if (!snapshot) throw new Error('The decider has no snapshots.');
  return snapshot.schema.parse(JSON.parse(JSON.stringify(state)));
}

/**
 * Folds a stream twice: whole, and with a copy via a snapshot after each event. Resolves to the states as JSON, the
 * newest last. Throws, naming the event, where they differ.
 */
export function foldBothWays<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, events: readonly E[]): string[] {
  let whole = decider.initial;
  let copied = decider.initial;
  return events.map((event, index) => {
    whole = decider.evolve(whole, event);
    copied = decider.evolve(viaSnapshot(decider, copied), event);
    const text = JSON.stringify(whole);
    if (JSON.stringify(copied) !== text) {
      throw new Error(`After event ${index + 1} (${event.type}) a snapshot and the later events give another state.`);
    }
    return text;
  });
}

/**
 * What a decider's snapshots hold of the golden streams of all releases, for a file that is named by the snapshot's
 * version: where that file differs and the version is the same, `evolve` has changed, and the version must be raised.
 */
export function snapshotsOfGolden<S, C, E extends DomainEvent>(options: {
  readonly context: Context;
  readonly registry: EventRegistry;
  /** Kind of stream. */
  readonly kind: string;
  readonly decider: Decider<S, C, E>;
}): string {
  const { context, registry, kind, decider } = options;
  const lines = goldenReleases().flatMap((release) => {
    const events = readGolden(release, context).map((event) => readToday(registry, event));
    return [...byStream(events)]
      .filter(([stream]) => stream.startsWith(`${kind}:`))
      .flatMap(([stream, ofStream]) =>
        foldBothWays(decider, ofStream as readonly DomainEvent[] as readonly E[]).map(
          (state, index) => `${release} ${stream} ${index + 1} ${state}`,
        ),
      );
  });
  if (lines.length === 0) throw new Error(`No golden stream is of the kind ${kind}.`);
  return `${lines.join('\n')}\n`;
}
