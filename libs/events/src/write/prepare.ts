/** From an append request to the JSON that `append_batch` takes: everything that can be refused without the database is. */
import type { Context } from '@atoll/schema/contexts';
import type { Id } from '@atoll/schema/ids';
import type { EventRegistry } from '@atoll/schema/registry';
import { newId } from '@atoll/service/ids';
import { z } from 'zod';
import type { Claim, ClaimedAmount, DomainEvent } from '../decider.ts';
import { InvalidAppend, UnstorableInput } from '../errors.ts';
import type { AppendRequest, ExpectedVersion } from '../event-store.ts';
import type { Sealing } from '../personal/personal-data.ts';
import { hashOf } from './canonical.ts';

/** Of the data of one event, in bytes of JSON. */
const MAX_EVENT_BYTES = 256 * 1024;
/** Of everything that one append carries. */
const MAX_APPEND_BYTES = 4 * 1024 * 1024;
/** Of an event or an append, beside its data: ids, names, origin. About. */
const FRAME_BYTES = 250;
const MAX_EVENTS = 1000;
const MAX_CLAIMS = 1000;

export interface PreparedEvent {
  readonly id: Id<'event'>;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  /** The data as it is stored, and its bytes. */
  readonly json: string;
  readonly bytes: number;
}

export interface PreparedAppend {
  readonly request: AppendRequest;
  readonly events: readonly PreparedEvent[];
  /** What the command has beside its events and its origin, as the database's columns. */
  readonly columns: {
    /** -1 any version, 0 no stream, else the version. */
    readonly expected: number;
    readonly key: string | null;
    readonly hash: string | null;
    /** JSON. */
    readonly result: string | null;
    /** Whether there are claims, those of keys included. */
    readonly claims: boolean;
  };
  /** The command as JSON, without its closing brace, so that more can be added. Made when asked for: few go that way. */
  toJson(): string;
  /** About as many as it takes on its way. */
  readonly bytes: number;
}

/** A tenant's idempotency key, as no stream is called. */
export const keyName = ({ request, columns }: PreparedAppend): string => `key ${request.origin.tenant} ${columns.key}`;

const streamPattern = /^[a-z][A-Za-z]*:[A-Za-z0-9_-]+$/;
const cidr = z.union([z.cidrv4(), z.cidrv6()]);

/** PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair; JSON.stringify writes both, and only both, like this. */
export const unstorableText = () =>
  new UnstorableInput('A text holds U+0000 or half of a surrogate pair, which cannot be stored. Leave it out.');
const unstorableJson = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

const checkJson = (json: string): void => {
  if (json.includes('\\u') && unstorableJson.test(json)) throw unstorableText();
};
const checkText = (text: string | null): void => {
  if (text !== null && (!text.isWellFormed() || text.includes('\u0000'))) throw unstorableText();
};

function prepareEvent(
  context: Context,
  registry: EventRegistry,
  event: DomainEvent,
  stored: (id: Id<'event'>, data: unknown) => unknown,
): PreparedEvent {
  const definition = Object.hasOwn(registry, event.type) ? registry[event.type] : undefined;
  if (definition === undefined) throw new InvalidAppend(`The context ${context} has no event type ${event.type}.`);
  const parsed = definition.data.safeParse(event.data);
  if (!parsed.success) {
    throw new InvalidAppend(`The data of ${event.type} isn't what its schema says:\n${z.prettifyError(parsed.error)}`);
  }
  const id = newId('event');
  const clear = JSON.stringify(parsed.data);
  // Once through JSON, so that what is answered is what is read back, and nobody else has a hand on it.
  const data: unknown = JSON.parse(clear);
  const kept = stored(id, data);
  const json = kept === data ? clear : JSON.stringify(kept);
  checkJson(json);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_EVENT_BYTES) {
    throw new UnstorableInput(
      `The data of ${event.type} has ${bytes} bytes; at most ${MAX_EVENT_BYTES} fit into one event. Split it, or keep ` +
        'the bulk elsewhere and its hash in the event.',
    );
  }
  return { id, type: event.type, schemaVersion: definition.version, data, json, bytes };
}

function checkAmount({ set, key, amount, limit }: Pick<ClaimedAmount, 'set' | 'key' | 'amount'> & { limit: number }) {
  if (Number.isSafeInteger(amount) && amount >= 0 && Number.isSafeInteger(limit)) return;
  throw new InvalidAppend(
    `A claim on ${set} ${key} has the amount ${amount} and the limit ${limit}: the amount ` +
      'must be a whole number from 0, the limit a whole number.',
  );
}

function checkClaim(claim: Claim): void {
  if (claim.op === 'require') return;
  if (claim.op === 'before') {
    if (Number.isNaN(Date.parse(claim.key)))
      throw new InvalidAppend(`The end of ${claim.set} is no time: ${claim.key}`);
    return;
  }
  if (claim.op === 'limit') {
    if (claim.limit === null || (Number.isSafeInteger(claim.limit) && claim.limit >= 0)) return;
    throw new InvalidAppend(`The limit of ${claim.set} ${claim.key} is ${claim.limit}: give a whole number from 0.`);
  }
  if (claim.kind === 'amounts') {
    const keys = new Set(claim.amounts.map(({ set, key }) => `${set} ${key}`));
    if (keys.size < claim.amounts.length) throw new InvalidAppend(`A claim of ${claim.owner} names a key twice.`);
    for (const each of claim.amounts) {
      if (each.limit === null) checkAmount({ ...each, limit: 0 });
      else checkAmount({ ...each, limit: each.limit });
    }
    return;
  }
  if (claim.kind === 'amount' && claim.op === 'take') checkAmount(claim);
  if (claim.kind === 'range') {
    const range = claim.op === 'take' ? claim.range : claim.key;
    if (!cidr.safeParse(range).success) throw new InvalidAppend(`A claim on ${claim.set} has no CIDR: ${range}`);
  }
}

/** Behind the claims of the request: the keys it was sealed with must be there still, and those of the erased go. */
function keyClaims({ origin: { tenant }, erases = [] }: AppendRequest, sealing: Sealing | null): readonly unknown[] {
  return [
    ...(sealing?.keyIds ?? []).map((key) => ({ op: 'use-key', tenant, key })),
    ...erases.map((subject) => ({ op: 'destroy-key', tenant, subject, key: newId('dataKey') })),
  ];
}

function expectedNumber(expected: ExpectedVersion): number {
  switch (expected.kind) {
    case 'any':
      return -1;
    case 'none':
      return 0;
    case 'at':
      if (!Number.isSafeInteger(expected.version) || expected.version < 1) {
        throw new InvalidAppend(`Version ${expected.version} can't be expected: versions are whole numbers from 1.`);
      }
      return expected.version;
    default:
      return expected satisfies never;
  }
}

/** What an append with personal data needs besides: how it is sealed, and the hash of its request. */
export interface Personal {
  readonly sealing: Sealing | null;
  readonly hash: string | null;
}

export function prepareAppend(
  context: Context,
  registry: EventRegistry,
  request: AppendRequest,
  personal: Personal = { sealing: null, hash: null },
): PreparedAppend {
  if (!streamPattern.test(request.stream)) {
    throw new InvalidAppend(`"${request.stream}" is no stream: they are called <kind>:<id>.`);
  }
  if (request.events.length > MAX_EVENTS || request.claims.length > MAX_CLAIMS) {
    throw new InvalidAppend(
      `${request.events.length} events and ${request.claims.length} claims in one append; at most ${MAX_EVENTS} each.`,
    );
  }
  for (const claim of request.claims) checkClaim(claim);
  const { sealing } = personal;
  const { stream } = request;
  const events = request.events.map((event) =>
    prepareEvent(context, registry, event, (id, data) =>
      sealing ? sealing.seal({ id, stream, type: event.type, data }) : data,
    ),
  );
  const { origin, idempotency } = request;
  const claims = [...request.claims, ...keyClaims(request, sealing)];
  const expected = expectedNumber(request.expected);
  // After a lost answer an append is known by its events or its key. One that has neither and yet changes something gets
  // a key of its own: else, sent again, it might take anew what others have given back meanwhile.
  const once = !idempotency && events.length === 0 && claims.length > 0 ? `once:${newId('event')}` : null;
  const key = idempotency?.key ?? once;
  const hash = idempotency ? (personal.hash ?? hashOf(idempotency.request)) : once && '';
  const result = idempotency ? (request.result ?? null) : null;
  const resultJson = idempotency ? (JSON.stringify(result) ?? null) : null;
  const claimsJson = claims.length > 0 ? JSON.stringify(claims) : '[]';
  for (const text of [origin.tenant, origin.actor, origin.cause, origin.correlation, origin.traceparent, key]) {
    checkText(text);
  }
  if (resultJson !== null) checkJson(resultJson);
  if (claims.length > 0) checkJson(claimsJson);
  let bytes = (events.length + 1) * FRAME_BYTES;
  for (const event of events) bytes += event.bytes;
  if (resultJson !== null) bytes += Buffer.byteLength(resultJson);
  bytes += Buffer.byteLength(claimsJson);
  if (key !== null) bytes += key.length;
  if (bytes > MAX_APPEND_BYTES) {
    throw new UnstorableInput(`An append to ${request.stream} has ${bytes} bytes; at most ${MAX_APPEND_BYTES}.`);
  }
  return {
    request,
    events,
    columns: { expected, key, hash, result: resultJson, claims: claims.length > 0 },
    toJson() {
      const head = JSON.stringify({
        stream: request.stream,
        expected,
        tenant: origin.tenant,
        actor: origin.actor,
        cause: origin.cause,
        correlation: origin.correlation,
        traceparent: origin.traceparent,
        ...(key !== null && { key, hash, ...(idempotency && { result }) }),
      });
      const list = events.map(
        ({ id, type, schemaVersion, json }) =>
          `{"id":"${id}","type":"${type}","schemaVersion":${schemaVersion},"data":${json}}`,
      );
      return `${head.slice(0, -1)},"claims":${claimsJson},"events":[${list.join(',')}]`;
    },
    bytes,
  };
}
