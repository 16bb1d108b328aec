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
export { type Loaded, loadState, recallState } from './state/load-state.ts';
export { handleCommand } from './write/handle-command.ts';
export { createEventStore } from './write/postgres-store.ts';
