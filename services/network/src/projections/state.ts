/** The consumer of the own events: tables and compiled rules, in one transaction with its checkpoint. */
import type { ConsumerHandler } from '@atoll/events/consumer';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { Compilation } from './compilation.ts';
import { nextGeneration, recompile } from './documents.ts';
import { isCompiled } from './intent-refs.ts';
import type { NetworkRecord } from './record.ts';
import { serviceTouches } from './service-tables.ts';
import { applyToTables } from './tables.ts';

export interface Changes {
  readonly types: readonly NetworkEvent['type'][];
  /** Whose rules have changed. */
  readonly nodes: readonly Id<'node'>[];
}

/** `onChanges` is called after the commit. */
export function stateProjection(compilation: Compilation, onChanges: (changes: Changes) => void): ConsumerHandler {
  let nodes: readonly Id<'node'>[] = [];
  return {
    kind: 'project',
    async apply(tx, events) {
      nodes = [];
      const records = events as readonly NetworkRecord[];
      // Before the tables change: a compiler that knows nothing yet is told what they said so far.
      const opened = records.some(isCompiled) ? await compilation.open(tx) : null;
      const generation = nextGeneration(opened?.generation ?? 0, records);
      const touches = [];
      for (const record of records) {
        touches.push(...(await serviceTouches(tx, record)));
        touches.push(await applyToTables(tx, record, generation));
      }
      if (opened === null) return;
      nodes = await recompile(
        tx,
        compilation,
        opened,
        records,
        touches.filter((touch) => touch !== null),
      );
    },
    afterCommit(events) {
      onChanges({ types: (events as readonly NetworkRecord[]).map((record) => record.type), nodes });
    },
  };
}
