import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';

/**
 * - `project`: `apply` gets the next events (1 … 5,000, in position order) and writes their effect with `tx`; checkpoint and
 *   effect commit together. The search_path of `tx` is the consumer's schema: tables that may be rebuilt are named without
 *   one. For replicas, local tables, read models.
 * - `react`: `react` gets one event and issues commands; each with an idempotency key derived from the event's id, so that
 *   a repeat after a crash does nothing. The events of a stream come one after the other, different streams at the same
 *   time. The checkpoint moves when all before it are done. A refused command: throw `refusal(…)` of `outage.ts`.
 * An event whose handler fails is put aside at once, later ones of its stream with it; the rest flows on. It is tried again
 * by itself, five times in all with backoff, then it waits for a person. Outages don't count: everything waits for their
 * end.
 */
export type ConsumerHandler =
  | {
      readonly kind: 'project';
      apply(tx: PoolClient, events: readonly EventRecord[]): Promise<void>;
      /** A wake, no more: it is missed where the answer to the commit is lost, or another process has made the commit. */
      afterCommit?(events: readonly EventRecord[]): void;
    }
  | {
      readonly kind: 'react';
      react(event: EventRecord): Promise<void>;
      /** How many events of different streams at once; default 16. 1 where a reaction needs what others of before have done. */
      readonly atOnce?: number;
    };
