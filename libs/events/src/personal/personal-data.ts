/**
 * Personal data of one context: sealed before it is stored, opened for those who may.
 *
 * Goals: what leaves this file for the database, JetStream, parked events and snapshots can be opened with the subject's
 * key alone; a destroyed key makes it `null` everywhere; types without personal data cost one look-up in a map. It
 * refuses to write for a subject that is erased: a repeat, a late command or a restored process doesn't bring back what
 * was asked to be forgotten.
 */
import { createHmac } from 'node:crypto';
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { mapPersonal, type PersonalField, personalTypes } from '@atoll/schema/personal';
import type { EventRegistry } from '@atoll/schema/registry';
import type { DomainEvent } from '../decider.ts';
import { SubjectErased } from '../errors.ts';
import { canonicalJson } from '../write/canonical.ts';
import type { DataKeys } from './data-keys.ts';
import type { DataKey } from './key-cache.ts';
import { combined, decrypt, encrypt, format, isSealed, parse, SealBroken, type Sealed } from './seal.ts';

/** The keys of one append, so that its events can be sealed without waiting. */
export interface Sealing {
  readonly keyIds: readonly string[];
  /** The data as it is stored. `id` and `stream` are those of the event. */
  seal(event: { id: string; stream: string; type: string; data: unknown }): unknown;
}

export interface SnapshotPlace {
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
}

export interface PersonalData {
  /** Types of this context whose events hold personal data. */
  readonly types: ReadonlyMap<string, readonly PersonalField[]>;
  readonly keys: Pick<DataKeys, 'byId'>;
  /** Null where the events hold none. Throws `SubjectErased`. */
  sealing(tenant: string, events: readonly DomainEvent[]): Promise<Sealing | null>;
  /** What a key is destroyed for must not be used from memory any more. */
  forget(tenant: string, subjects: readonly string[]): void;
  forgetAll(): void;
  /** Whether none of the keys is destroyed, as far as is known here: some seconds late at most. */
  areLive(keyIds: readonly string[]): Promise<boolean>;
  /** A text that only this very value of this subject gives; null where the subject's key is gone or never was. */
  fingerprint(tenant: string, subject: string, value: unknown): Promise<string | null>;
  /** The events with their personal values; those of the erased are null. Throws `SealBroken`. */
  open(events: readonly EventRecord[]): Promise<readonly EventRecord[]>;
  /**
   * What is stored of a state that was folded from events opened with these keys (`openedWith`). Plain where there are
   * none. Null where one of them is gone since: keep no snapshot, the state holds what was erased.
   */
  sealSnapshot(
    at: SnapshotPlace,
    keyIds: readonly string[],
    state: unknown,
  ): Promise<{ readonly stored: unknown } | null>;
  /** The state, and the keys it was sealed with. Null where one is gone: fold the events again. Throws `SealBroken`. */
  openSnapshot(
    at: SnapshotPlace,
    stored: unknown,
  ): Promise<{ readonly state: unknown; readonly keyIds: readonly string[] } | null>;
}

const place = (
  context: Context,
  event: Pick<EventRecord, 'stream' | 'id' | 'type'>,
  tenant: string,
  subject: string,
) => ['event', context, tenant, event.stream, event.id, event.type, subject];

/** Goes along with an opened event: copies of it have it, JSON and its keys don't. */
const OPENED_WITH = Symbol('ids of the keys that opened it');

/** Ids of the keys that an event's personal values were opened with; those of the erased aren't among them. */
export function openedWith(event: EventRecord): readonly string[] {
  return (event as Opened)[OPENED_WITH] ?? [];
}

type Opened = EventRecord & { readonly [OPENED_WITH]?: readonly string[] };

/** Replaces each sealed value below `data`; `change` gets where it stands. */
function mapSealed(data: unknown, change: (value: Sealed, path: string) => unknown, path = ''): unknown {
  if (isSealed(data)) return change(data, path);
  const below = (name: string | number, value: unknown) =>
    mapSealed(value, change, path === '' ? `${name}` : `${path}.${name}`);
  if (Array.isArray(data)) return data.map((item: unknown, index) => below(index, item));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, below(name, value)]));
}

/** `keys` are those of the context that owns the events: its own, or got from it. */
export function createOpener(registry: EventRegistry, keys: Pick<DataKeys, 'byId'>) {
  const types = personalTypes(registry);

  function keyIdsOf(events: readonly EventRecord[]): readonly string[] {
    const ids = new Set<string>();
    for (const { type, data } of events) {
      if (!types.has(type)) continue;
      mapSealed(data, (value) => {
        for (const id of parse(value).keyIds) ids.add(id);
        return null;
      });
    }
    return [...ids];
  }

  function openOne(event: EventRecord, found: ReadonlyMap<string, DataKey>): Opened {
    const used = new Set<string>();
    const data = mapSealed(event.data, (value, path) => {
      const { keyIds, box } = parse(value);
      const key = found.get(keyIds[0] ?? '');
      const broken = (reason: string, cause?: unknown) =>
        new SealBroken(
          `${path} of event ${event.context}:${event.position} (${event.type}) can't be opened: ${reason}`,
          { cause },
        );
      if (key === undefined || keyIds.length !== 1) throw broken('it names no key.');
      if (key.status === 'broken') throw broken(`of the key ${key.id}, ${key.reason}.`);
      if (key.tenant !== event.tenant) throw broken('it is sealed with a key of another tenant.');
      if (key.status === 'destroyed') return null;
      try {
        const at = [...place(event.context, event, event.tenant, key.subject), path];
        used.add(key.id);
        return JSON.parse(decrypt(key.key, at, box).toString('utf8'));
      } catch (error) {
        throw error instanceof SealBroken ? broken(error.message) : error;
      }
    });
    return used.size === 0 ? { ...event, data } : { ...event, data, [OPENED_WITH]: [...used] };
  }

  return {
    types,
    async open(events: readonly EventRecord[]): Promise<readonly EventRecord[]> {
      if (types.size === 0 || !events.some(({ type }) => types.has(type))) return events;
      const ids = keyIdsOf(events);
      if (ids.length === 0) return events;
      const found = await keys.byId(ids);
      return events.map((event) => (types.has(event.type) ? openOne(event, found) : event));
    },
  };
}

export function createPersonalData(options: {
  context: Context;
  registry: EventRegistry;
  keys: DataKeys;
}): PersonalData {
  const { context, registry, keys } = options;
  const opener = createOpener(registry, keys);
  const { types } = opener;

  async function sealing(tenant: string, events: readonly DomainEvent[]): Promise<Sealing | null> {
    const subjects = new Set<string>();
    for (const { type, data } of events) {
      const fields = types.get(type);
      // What its schema refuses gets no key: the append is refused.
      if (!fields || registry[type]?.data.safeParse(data).success !== true) continue;
      mapPersonal(fields, data, (value, subject) => {
        subjects.add(subject);
        return value;
      });
    }
    if (subjects.size === 0) return null;
    const found = new Map<string, DataKey & { status: 'live' }>();
    for (const subject of subjects) {
      const key = await keys.ofSubject(tenant, subject);
      if (key.status === 'destroyed') throw new SubjectErased(subject);
      if (key.status === 'broken') throw new SealBroken(`Nothing can be sealed: of the key ${key.id}, ${key.reason}.`);
      found.set(subject, key);
    }
    return {
      keyIds: [...found.values()].map(({ id }) => id),
      seal({ id, stream, type, data }) {
        const fields = types.get(type);
        if (!fields) return data;
        return mapPersonal(fields, data, (value, subject, path) => {
          const key = found.get(subject);
          if (!key) throw new Error(`There is no key for ${path} of ${type}.`);
          const at = [...place(context, { stream, id: id as EventRecord['id'], type }, tenant, subject), path];
          return format([key.id], encrypt(key.key, at, Buffer.from(JSON.stringify(value))));
        });
      },
    };
  }

  /** Those that are left, or null where one is gone. */
  async function liveKeys(ids: readonly string[]): Promise<readonly Buffer[] | null> {
    const found = await keys.byId(ids);
    const live: Buffer[] = [];
    for (const id of ids) {
      const key = found.get(id);
      if (key?.status === 'broken')
        throw new SealBroken(`A snapshot can't be opened: of the key ${id}, ${key.reason}.`);
      if (key?.status !== 'live') return null;
      live.push(key.key);
    }
    return live;
  }
  const snapshotPlace = ({ tenant, stream, version }: SnapshotPlace) => ['snapshot', context, tenant, stream, version];

  return {
    ...opener,
    keys,
    sealing,
    forget(tenant, subjects) {
      keys.forget((key) => key.status !== 'broken' && key.tenant === tenant && subjects.includes(key.subject));
    },
    async areLive(keyIds) {
      const found = await keys.byId(keyIds);
      return keyIds.every((id) => found.get(id)?.status === 'live');
    },
    forgetAll: () => keys.forget(() => true),
    async fingerprint(tenant, subject, value) {
      const key = await keys.find(tenant, subject);
      if (key?.status !== 'live') return null;
      return createHmac('sha256', combined([key.key], 'request'))
        .update(canonicalJson(value))
        .digest('hex');
    },
    async sealSnapshot(at, keyIds, state) {
      const sorted = [...new Set(keyIds)].sort();
      if (sorted.length === 0) return { stored: state };
      const live = await liveKeys(sorted);
      if (live === null) return null;
      const box = encrypt(combined(live, 'snapshot'), snapshotPlace(at), Buffer.from(JSON.stringify(state)));
      return { stored: format(sorted, box) };
    },
    async openSnapshot(at, stored) {
      if (!isSealed(stored)) return { state: stored, keyIds: [] };
      const { keyIds, box } = parse(stored);
      const live = await liveKeys(keyIds);
      if (live === null) return null;
      const text = decrypt(combined(live, 'snapshot'), snapshotPlace(at), box).toString('utf8');
      return { state: JSON.parse(text), keyIds };
    },
  };
}
