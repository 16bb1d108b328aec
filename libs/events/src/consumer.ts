/** Consumers: per-stream order, every event's effect exactly once. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool, PoolClient } from 'pg';
import type { EventStore } from './store.ts';

/** Where events come from: a context's own store, or another context's stream (gaps are fetched from its owner). */
export type EventSource =
  | { readonly kind: 'store'; readonly store: EventStore }
  | {
      readonly kind: 'stream';
      readonly nc: NatsConnection;
      readonly context: Context;
      readonly registry: EventRegistry;
    };

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
      afterCommit?(events: readonly EventRecord[]): void;
    }
  | { readonly kind: 'react'; react(event: EventRecord): Promise<void> };

export interface Consumer {
  /** The position up to which effects are durable. */
  position(): number;
  /** Resolves once effects up to `position` are durable; false at the deadline (Unix ms). */
  waitFor(position: number, deadline: number): Promise<boolean>;
  stop(): Promise<void>;
}

/** `name` is the checkpoint's key in `<schema>.consumer`; only one process at a time runs it (session advisory lock), others stand by. */
export declare function startConsumer(options: {
  name: string;
  source: EventSource;
  pool: Pool;
  schema: string;
  handler: ConsumerHandler;
  log: Logger;
}): Promise<Consumer>;
