import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { EventStore } from './store.ts';
/**
 * Publishes a context's events to its JetStream stream, in position order, as CloudEvents; creates and heals the
 * stream; answers `eventFetchSubject` from PostgreSQL. One process at a time publishes; others stand by.
 */
export interface Relay {
  /** Last position that JetStream has acknowledged. */
  published(): number;
  stop(): Promise<void>;
}
export declare function startRelay(options: { store: EventStore; nc: NatsConnection; log: Logger }): Promise<Relay>;
