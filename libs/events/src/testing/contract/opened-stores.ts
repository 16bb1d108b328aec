import type { EventStore } from '../../store.ts';

/** Two processes' stores over the same log. */
export interface OpenedStores {
  readonly a: EventStore;
  readonly b: EventStore;
  close(): Promise<void>;
}
