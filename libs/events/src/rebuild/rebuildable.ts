/** What a service says of a projection so that it can be rebuilt. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import type { EventSource } from '../consumer.ts';
import type { SqlProjection } from './sql-projection.ts';

/**
 * Tables that follow from events alone. Whatever writes them names them without schema, and reads nothing but them and
 * the events; rows that others write into them (caches, marks of controllers) are lost in a rebuild.
 */
export interface RebuildableProjection {
  /** Unique in its schema; what operators call it by. */
  readonly name: string;
  /** To be raised when the same events give other rows: a half-built version of the code before is thrown away. */
  readonly revision: number;
  readonly tables: readonly string[];
  /** The live consumers that keep the tables, and where their events come from. The order between them mustn't matter. */
  readonly sources: readonly { readonly consumer: string; readonly source: EventSource }[];
  /** SQL for the rows that are there before the first event. Tables are named without schema. */
  readonly seed?: string;
  /**
   * `fold`: gets up to some thousand events at once, in position order; what a live handler does beside (logs, wakes) isn't
   * for a rebuild. `sql`: see `SqlProjection`; over the own store it runs inside PostgreSQL.
   */
  readonly effect:
    | { readonly kind: 'fold'; apply(tx: PoolClient, events: readonly EventRecord[]): Promise<void> }
    | { readonly kind: 'sql'; readonly projection: SqlProjection };
}

export const registryOf = (source: EventSource): EventRegistry =>
  source.kind === 'store' ? source.store.registry : source.registry;
export const contextOf = (source: EventSource) => (source.kind === 'store' ? source.store.context : source.context);
