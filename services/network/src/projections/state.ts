/** The consumer of the own events: tables and compiled rules, in one transaction with its checkpoint. */
import type { ConsumerHandler } from '@atoll/events/consumer';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { recompile } from './documents.ts';
import { publishPools } from './pools.ts';
import type { NetworkRecord } from './record.ts';
import { serviceTouches } from './service-tables.ts';
import { applyToTables } from './tables.ts';
import type { RulesTouch } from './touch.ts';

export interface Changes {
  readonly types: readonly NetworkEvent['type'][];
  /** Whose rules have changed. */
  readonly nodes: readonly Id<'node'>[];
}

/** `onChanges` is called after the commit. */
export function stateProjection(onChanges: (changes: Changes) => void): ConsumerHandler {
  let nodes: readonly Id<'node'>[] = [];
  return {
    kind: 'project',
    async apply(tx, events) {
      nodes = [];
      const records = events as readonly NetworkRecord[];
      const touches = [];
      for (const record of records) {
        touches.push(...(await serviceTouches(tx, record)));
        touches.push(await applyToTables(tx, record));
      }
      const rules: RulesTouch[] = [];
      let pools: number | null = null;
      for (const touch of touches) {
        if (touch?.kind === 'pools') pools = touch.position;
        else if (touch !== null) rules.push(touch);
      }
      nodes = await recompile(tx, rules);
      if (pools !== null) nodes = [...new Set([...nodes, ...(await publishPools(tx, pools))])];
    },
    afterCommit(events) {
      onChanges({ types: (events as readonly NetworkRecord[]).map((record) => record.type), nodes });
    },
  };
}
