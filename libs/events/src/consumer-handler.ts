import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';

/**
 * - `project`: `apply` gets the next events (1 … 500, in position order) and writes their effect with `tx`; checkpoint and
 *   effect commit together. For replicas, local tables, read models.
 * - `react`: `react` gets one event and issues commands; each with an idempotency key derived from the event's id, so that
 *   a repeat after a crash does nothing. The checkpoint moves after it resolved.
 * An event whose handler keeps failing (5 tries with backoff; connection errors don't count) is parked, later ones of its
 * stream with it; the rest flows on.
 */
export type ConsumerHandler =
  | {
      readonly kind: 'project';
      apply(tx: PoolClient, events: readonly EventRecord[]): Promise<void>;
      /** A wake, no more: it is missed where the answer to the commit is lost, or another process has made the commit. */
      afterCommit?(events: readonly EventRecord[]): void;
    }
  | { readonly kind: 'react'; react(event: EventRecord): Promise<void> };
