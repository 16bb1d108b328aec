/**
 * States of the past: what a stream was at any of its versions, or at any time.
 *
 * At a time: with every event that was recorded at or before it. Times have milliseconds, and events of one commit share
 * theirs; so of several at the same millisecond all are in, and a version tells them apart.
 */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import type { Decider, DomainEvent } from '../decider.ts';
import type { EventStore } from '../event-store.ts';

/** `time`: RFC 3339, e.g. `2026-11-23T12:00:00.000Z`, with an offset or Z. */
export type Moment = { readonly version: number } | { readonly time: string };

export type StateAsOf<S> =
  | { readonly ok: true; readonly state: S; readonly version: number }
  | { readonly ok: false; readonly rejection: Rejection };

const rfc3339 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

/** Null for what is no time, e.g. of a 30th of February, which Date would take for the 2nd of March. */
function parseTime(text: string): Date | null {
  const [, day] = rfc3339.exec(text) ?? [];
  if (day === undefined || new Date(day).toJSON()?.slice(0, 10) !== day) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}

const refused = (message: string, field: 'version' | 'time') =>
  ({ ok: false, rejection: reject('INVALID_ARGUMENT', message, field) }) as const;

/** Refusals say what can be asked for instead. Another tenant's stream and one that isn't there are the same answer. */
export async function stateAsOf<S, C, E extends DomainEvent>(
  store: EventStore,
  options: {
    decider: Decider<S, C, E>;
    stream: string;
    tenant: Tenant;
    at: Moment;
    /** What is answered where there is no such stream. */
    notFound?: Rejection;
  },
): Promise<StateAsOf<S>> {
  const { decider, stream, tenant, at } = options;
  if ('version' in at && !(Number.isSafeInteger(at.version) && at.version >= 1)) {
    return refused(`${at.version} is no version: they are whole numbers from 1.`, 'version');
  }
  const time = 'time' in at ? parseTime(at.time) : new Date();
  if (time === null) {
    return refused('The time must be of the form 2026-11-23T12:00:00.000Z, to the millisecond at most.', 'time');
  }
  const there = await store.streamAt(stream, time);
  if (there.tenant !== tenant) {
    return { ok: false, rejection: options.notFound ?? reject('NOT_FOUND', 'There is no such resource.') };
  }
  if ('version' in at) {
    if (at.version > there.last) {
      return refused(`There is no version ${at.version} yet: it is at version ${there.last}.`, 'version');
    }
  } else if (there.ahead) {
    return refused(`${at.time} is still to come: what will be true then can't be told.`, 'time');
  } else if (there.version === 0) {
    return refused(`It wasn't there yet at ${at.time}: it began at ${there.began}.`, 'time');
  }
  const version = 'version' in at ? at.version : there.version;
  const { state } = await store.states.at(decider, stream, version);
  return { ok: true, state, version };
}
