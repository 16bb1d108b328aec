/** What an event store is: the types behind `store.ts`. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Rejection } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import type { EventRegistry } from '@atoll/schema/registry';
import type { SessionLock } from './database/session-lock.ts';
import type { Claim, DomainEvent } from './decider.ts';
import type { PersonalData } from './personal/personal-data.ts';
import type { States } from './state/states.ts';

/** What the version of the stream must be for the append to go through. */
export type ExpectedVersion =
  | { readonly kind: 'none' }
  | { readonly kind: 'at'; readonly version: number }
  | { readonly kind: 'any' };

/** Who and why; written on each event. And until when. */
export interface Origin {
  readonly tenant: Tenant;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly traceparent: string | null;
  /** Unix ms; a command that is still waiting then isn't begun. Written nowhere. Default: it may wait. */
  readonly deadline?: number;
}

/** Makes a command repeatable: the same key with the same `request` gets the stored answer. Keys are per tenant. */
export interface Idempotency {
  readonly key: string;
  /** What was asked: compared by hash. Without personal data, which a hash would give away to whoever can guess it. */
  readonly request: unknown;
  /** The personal data of the request: compared by a hash that only the subject's key can make. */
  readonly personal?: { readonly subject: string; readonly data: unknown };
}

export interface AppendRequest {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly DomainEvent[];
  readonly claims: readonly Claim[];
  /** Subjects, of the origin's tenant, whose keys are destroyed in the commit. */
  readonly erases?: readonly string[];
  readonly origin: Origin;
  readonly idempotency?: Idempotency;
  /** Stored under the idempotency key and answered again on a repeat. */
  readonly result?: unknown;
}

export type ClaimConflict = {
  readonly claim: Claim;
  readonly holders: readonly { owner: string; amount: number | null }[];
  readonly held: number | null;
  /** Of a claim on many amounts: the first one that couldn't be had, with the limit that it met. */
  readonly at?: { readonly set: string; readonly key: string; readonly amount: number; readonly limit: number };
};

export type AppendOutcome =
  | {
      readonly outcome: 'appended';
      readonly position: number;
      readonly version: number;
      readonly events: readonly EventRecord[];
    }
  /** The same key with the same request was done before: its answer. */
  | { readonly outcome: 'replayed'; readonly position: number; readonly version: number; readonly result: unknown }
  | { readonly outcome: 'version-conflict'; readonly actual: number }
  | { readonly outcome: 'claim-conflict'; readonly conflict: ClaimConflict }
  | { readonly outcome: 'key-reused' };

/** Up to where a stream is read. */
export interface StreamBound {
  /** The last version; default: all there are. */
  readonly toVersion?: number;
  /** At most so many events; default: all there are. */
  readonly limit?: number;
}

/** Where a stream was at a time. */
export interface StreamAt {
  /** The stream's last version now; 0 where there is no such stream. */
  readonly last: number;
  /** The last version whose time isn't after the one asked for; 0 for none. */
  readonly version: number;
  readonly tenant: Tenant | null;
  /** When its first event was recorded. */
  readonly began: string | null;
  /** The time asked for hasn't come yet, by the clock of the database. */
  readonly ahead: boolean;
}

export interface EventStore {
  readonly context: Context;
  readonly registry: EventRegistry;
  /** What streams fold to: from memory, snapshots and events. */
  readonly states: States;
  /** Null without master keys. */
  readonly personal: PersonalData | null;
  /** Joins the next batch; resolves after its commit. Events are checked against the registry first. */
  append(request: AppendRequest): Promise<AppendOutcome>;
  /**
   * A stream's events from `fromVersion` (default 1), upcast, their personal data opened (null where it is erased). Read
   * in pages; of a long stream ask for a part.
   */
  readStream(stream: string, fromVersion?: number, bound?: StreamBound): Promise<readonly EventRecord[]>;
  /** Which version a stream was at. Of events of the same millisecond all or none are counted in. */
  streamAt(stream: string, time: Date): Promise<StreamAt>;
  /** Events after a position, in order, as `readStream` gives them. At most `limit` (≤ 5000). */
  readAfter(position: number, limit: number): Promise<readonly EventRecord[]>;
  /** As `readAfter`, but as they were written: nothing is upcast or opened, and types that this process doesn't know come, too. */
  readStored(position: number, limit: number): Promise<readonly EventRecord[]>;
  /** The last committed position; 0 for none. */
  lastPosition(): Promise<number>;
  /** The stored answer under an idempotency key, or null. */
  storedAnswer(tenant: Tenant, idempotency: Idempotency): Promise<AppendOutcome | null>;
  /**
   * Drops what is kept in memory of a stream, or of all: the next command reads it anew. For when what was read is no
   * longer to be known, e.g. because a person is erased. Snapshots are for the seal to make unreadable.
   */
  forget(stream?: string): void;
  /** Called after each commit of this process with the new last position; it must not throw. Returns the way to stop. */
  onAppend(listener: (position: number) => void): () => void;
  /** Called when there may be something new, from this process or from another; it must not throw. Returns the way to stop. */
  onNews(listener: () => void): () => void;
  /** Another process of the context was heard to commit. */
  tellNews(): void;
  /** A lock of this context's schema that one process at a time can hold. */
  createLock(name: string): SessionLock;
  close(): Promise<void>;
}

export type CommandOutcome =
  | {
      readonly ok: true;
      readonly result: unknown;
      readonly position: number;
      readonly version: number;
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly rejection: Rejection };
