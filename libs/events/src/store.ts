/**
 * The event store of one context: PostgreSQL, group commit. This file is its door: types, `createEventStore`,
 * `handleCommand`.
 */
export type {
  AppendOutcome,
  AppendRequest,
  ClaimConflict,
  CommandOutcome,
  EventStore,
  Idempotency,
  Origin,
} from './event-store.ts';
export { handleCommand } from './handle-command.ts';
export { loadState } from './load-state.ts';
export { createEventStore } from './postgres-store.ts';
