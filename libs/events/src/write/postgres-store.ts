/** The event store on PostgreSQL. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Tenant } from '@atoll/schema/ids';
import { personalTypes } from '@atoll/schema/personal';
import type { EventRegistry } from '@atoll/schema/registry';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { MasterKeys } from '@atoll/service/master-keys';
import type { Pool } from 'pg';
import { createGroupRead, type GroupRow } from '../database/group-read.ts';
import { patiently } from '../database/patience.ts';
import { PreparedCall } from '../database/prepared-call.ts';
import { createSessionLock } from '../database/session-lock.ts';
import { type EventRow, quoteSchema, toRecord } from '../database/sql.ts';
import { ForeignStream, InvalidAppend } from '../errors.ts';
import type {
  AppendOutcome,
  AppendRequest,
  ClaimConflict,
  EventStore,
  Idempotency,
  StreamBound,
} from '../event-store.ts';
import { appendSeconds, batchCommands, countAppend } from '../measures.ts';
import { createDataKeys } from '../personal/data-keys.ts';
import { createPersonalData, type PersonalData } from '../personal/personal-data.ts';
import { createVacuum } from '../personal/vacuum.ts';
import { inAppend, inLoad, sawCommit } from '../spans.ts';
import { createSnapshots } from '../state/snapshots.ts';
import { type CacheBounds, createStateCache } from '../state/state-cache.ts';
import { createStates } from '../state/states.ts';
import { upcast } from '../upcast.ts';
import { createBatchWriter, type Procedure, procedures } from './batch-writer.ts';
import { hashOf } from './canonical.ts';
import { type BatchRow, createGroupCommit } from './group-commit.ts';
import { type Personal, type PreparedAppend, prepareAppend, unstorableText } from './prepare.ts';
import { DEFAULT_KEEP_DAYS, startRetention } from './retention.ts';

const MAX_PAGE = 5000;
/** Of one stream's events. */
const STREAM_PAGE = 500;
/** A batch is tried this long while PostgreSQL restarts or fails over. */
const RETRY_MS = 15_000;
/** A statement without an answer for so long is tried on another connection: the way to the server may be silent. */
const ANSWER_MS = 5000;

interface AnswerRow extends GroupRow {
  readonly request_hash: string;
  readonly position: number | string;
  readonly version: number;
  readonly result: unknown;
}

interface PageRequest {
  readonly stream: string;
  readonly fromVersion: number;
  readonly toVersion: number | null;
  readonly size: number;
}

interface StreamAtRow {
  readonly last: number;
  readonly then_version: number;
  readonly tenant: Tenant | null;
  readonly began: string | null;
  readonly ahead: boolean;
}

/** All writing statements end alike: faults are injected where they are sent. */
const statementNames = { write_batch: 'write', write_one: 'one_write', write_events: 'events_write' } as const;

interface ConflictDetail {
  readonly index: number;
  readonly holders: ClaimConflict['holders'];
  readonly held: number | null;
  readonly at?: NonNullable<ClaimConflict['at']>;
}

function toOutcome(context: Context, prepared: PreparedAppend, row: BatchRow): AppendOutcome {
  const { request, events } = prepared;
  const position = row.at_position;
  switch (row.outcome) {
    case 'appended': {
      const { stream, origin } = request;
      return {
        outcome: 'appended',
        position,
        version: row.at_version,
        events: events.map(({ id, type, schemaVersion, data }, index) => ({
          id,
          context,
          type,
          schemaVersion,
          tenant: origin.tenant,
          stream,
          version: row.at_version - events.length + 1 + index,
          position: position - events.length + 1 + index,
          time: row.at_time,
          actor: origin.actor,
          cause: origin.cause,
          correlation: origin.correlation,
          traceparent: origin.traceparent,
          data,
        })),
      };
    }
    case 'replayed':
      // Under the key of its own that an append without events has: this very one, whose first answer was lost.
      if (!request.idempotency) return { outcome: 'appended', position, version: row.at_version, events: [] };
      return { outcome: 'replayed', position, version: row.at_version, result: row.detail };
    case 'version-conflict':
      return { outcome: 'version-conflict', actual: row.at_version };
    case 'claim-conflict': {
      const { index, holders, held, at } = row.detail as ConflictDetail;
      const claim = request.claims[index];
      if (claim === undefined) throw new Error(`append_batch named claim ${index} of ${request.claims.length}.`);
      return { outcome: 'claim-conflict', conflict: { claim, holders, held, ...(at && { at }) } };
    }
    case 'key-reused':
      return { outcome: 'key-reused' };
    case 'foreign-stream':
      throw new ForeignStream(`The stream ${request.stream} belongs to another tenant than ${request.origin.tenant}.`);
    default:
      return row.outcome satisfies never;
  }
}

/** A key that the append was sealed with has been destroyed since. */
const keyIsGone = (prepared: PreparedAppend, row: BatchRow): boolean =>
  row.outcome === 'claim-conflict' && (row.detail as ConflictDetail).index >= prepared.request.claims.length;

function openPersonalData(
  options: Pick<Parameters<typeof createEventStore>[0], 'pool' | 'context' | 'registry' | 'masterKeys'>,
  schema: string,
): PersonalData | null {
  const { pool, context, registry, masterKeys } = options;
  const [type] = personalTypes(registry).keys();
  if (masterKeys) {
    return createPersonalData({ context, registry, keys: createDataKeys({ pool, schema, masters: masterKeys }) });
  }
  if (type === undefined) return null;
  throw new Error(
    `Events of the context ${context} hold personal data (${type}), and there are no master keys to seal it with. ` +
      'Set ATOLL_DATA_KEY_FILE; see docs/operations.md.',
  );
}

export function createEventStore(options: {
  pool: Pool;
  context: Context;
  /** PostgreSQL schema; the engine's tables are in it. Default: the context's name. */
  schema?: string;
  registry: EventRegistry;
  /** Needed where events hold personal data. */
  masterKeys?: MasterKeys;
  /** Of the folded states in memory. */
  cache?: CacheBounds;
  /** A snapshot of a stream for so many events, where its decider has snapshots. Default 200. */
  snapshotEvery?: number;
  /** How long answers under idempotency keys are kept, in days. Default 7. */
  keepAnswersDays?: number;
  /** States are frozen, so that a decider that changes one throws. Default: where NODE_ENV is `test`. */
  freezeStates?: boolean;
  log: Logger;
}): EventStore {
  const { pool, context, registry, log } = options;
  const schema = options.schema ?? context;
  const q = quoteSchema(schema);
  const personal = openPersonalData(options, schema);
  const listeners = new Set<(position: number) => void>();
  const newsListeners = new Set<() => void>();
  let lastSeen = 0;
  const labels = { context };

  const statement = (name: string, text: string) => ({ name: `${schema}_${name}`, text, query_timeout: ANSWER_MS });
  function writing(procedure: Procedure) {
    const { takes, gives } = procedures[procedure];
    const places = Array.from({ length: takes + gives }, (_, index) => (index < takes ? `$${index + 1}` : 'null'));
    return statement(statementNames[procedure], `call ${q}.${procedure}(${places.join(', ')})`);
  }
  const doors = {
    write_batch: writing('write_batch'),
    write_one: writing('write_one'),
    write_events: writing('write_events'),
  };
  const writeBatch = createBatchWriter(async (procedure, values) => {
    const call = new PreparedCall(doors[procedure], values);
    await pool.query(call);
    const [fields] = call.rows;
    if (fields === undefined) throw new Error(`${procedure} gave no answer.`);
    return fields;
  });
  const selectPages = statement('read_pages', `select * from ${q}.read_pages($1, $2, $3, $4)`);
  const selectStreamAt = statement('stream_at', `select * from ${q}.stream_at($1, $2)`);
  const selectAfter = statement('read_after', `select * from ${q}.read_after($1, $2)`);
  const selectLast = statement('last_position', `select ${q}.last_position() as position`);
  const selectAnswers = statement('stored_answers', `select * from ${q}.stored_answers($1, $2)`);

  function call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      log.error({ err: error }, 'a listener to appends threw');
    }
  }
  function announce(position: number): void {
    if (position <= lastSeen) return;
    lastSeen = position;
    for (const listener of listeners) call(() => listener(position));
    for (const listener of newsListeners) call(listener);
  }

  const commits = createGroupCommit({
    retryMs: RETRY_MS,
    log,
    async write(batch, again) {
      failpoint('append.before-commit');
      const rows = await writeBatch(batch, again);
      failpoint('append.after-commit');
      batchCommands.observe(labels, rows.length);
      let last = 0;
      for (const row of rows) if (row.outcome === 'appended') last = Math.max(last, row.at_position);
      announce(last);
      return rows;
    },
  });

  const readPages = createGroupRead(async (asked: readonly PageRequest[]) => {
    const values = [
      asked.map(({ stream }) => stream),
      asked.map(({ fromVersion }) => fromVersion),
      asked.map(({ toVersion }) => toVersion),
      asked.map(({ size }) => size),
    ];
    return (await patiently(() => pool.query<EventRow & GroupRow>({ ...selectPages, values }))).rows;
  }, 20);
  async function readPage(
    stream: string,
    fromVersion: number,
    { toVersion, limit }: StreamBound & { limit: number },
  ): Promise<readonly EventRecord[]> {
    const size = Math.min(limit, STREAM_PAGE);
    const rows = await readPages({ stream, fromVersion, toVersion: toVersion ?? null, size });
    const records = rows.map((row) => toRecord(context, row));
    const opened = personal ? await personal.open(records) : records;
    return opened.map((event) => upcast(registry, event));
  }
  const readAnswers = createGroupRead(async (asked: readonly { tenant: string; key: string }[]) => {
    const values = [asked.map(({ tenant }) => tenant), asked.map(({ key }) => key)];
    return (await patiently(() => pool.query<AnswerRow>({ ...selectAnswers, values }))).rows;
  });

  async function readStored(position: number, limit: number) {
    const page = Math.min(Math.max(1, limit), MAX_PAGE);
    const { rows } = await patiently(() => pool.query<EventRow>({ ...selectAfter, values: [position, page] }));
    return rows.map((row) => toRecord(context, row));
  }

  /** As it is stored: of what is personal in a request, a hash that goes with the subject's key. */
  async function hashOfRequest(tenant: string, { request, personal: part }: Idempotency): Promise<string> {
    if (!part) return hashOf(request);
    if (!personal) throw new InvalidAppend('A request with personal data needs a store with master keys.');
    return `${hashOf(request)}.${(await personal.fingerprint(tenant, part.subject, part.data)) ?? ''}`;
  }
  /** Where the subject is erased, the personal part can't be compared any more: the rest decides. */
  async function isSameRequest(tenant: string, idempotency: Idempotency, stored: string): Promise<boolean> {
    const asked = await hashOfRequest(tenant, idempotency);
    return asked.endsWith('.') ? stored.startsWith(asked) : stored === asked;
  }

  /** What was taken before the store is closed is written, also what still waits for its keys. */
  const sealing = new Set<Promise<unknown>>();
  function prepare(request: AppendRequest): PreparedAppend | Promise<PreparedAppend> {
    if (!personal) {
      if (request.erases) throw new InvalidAppend('Only a store with master keys erases.');
      return prepareAppend(context, registry, request);
    }
    const prepared = seal(personal, request);
    sealing.add(prepared);
    const done = () => sealing.delete(prepared);
    prepared.then(done, done);
    return prepared;
  }
  async function seal(personal: PersonalData, request: AppendRequest): Promise<PreparedAppend> {
    const { origin, idempotency } = request;
    const parts: Personal = {
      sealing: await personal.sealing(origin.tenant, request.events),
      hash: idempotency?.personal ? await hashOfRequest(origin.tenant, idempotency) : null,
    };
    return prepareAppend(context, registry, request, parts);
  }

  const cache = createStateCache(context, options.cache);
  const snapshots = createSnapshots({ pool, context, schema, seal: personal, log });
  const states = createStates({
    cache,
    snapshots,
    readPage: (stream, fromVersion, bound) => inLoad(stream, () => readPage(stream, fromVersion, bound)),
    ...(options.snapshotEvery !== undefined && { every: options.snapshotEvery }),
    personalTypes: personal?.types,
    keysAreLive: personal?.areLive,
    freeze: options.freezeStates ?? process.env.NODE_ENV === 'test',
  });
  const keepDays = options.keepAnswersDays ?? DEFAULT_KEEP_DAYS;
  const retention = startRetention({ pool, context, schema, keepDays, log });

  const keyVacuum = createVacuum({ pool, table: `${q}.subject_key`, log });

  return {
    context,
    registry,
    personal,
    append: (asked) =>
      countAppend(context, () =>
        inAppend(asked, async (request) => {
          const preparing = prepare(request);
          let prepared = preparing instanceof Promise ? await preparing : preparing;
          const began = performance.now();
          let row = await commits.add(prepared);
          if (keyIsGone(prepared, row)) {
            // Destroyed by another process since it was read: the database says now whose it was.
            personal?.forgetAll();
            prepared = await prepare(request);
            row = await commits.add(prepared);
            if (keyIsGone(prepared, row)) throw new Error('A key went twice while an append was sealed with it.');
          }
          appendSeconds.observe(labels, (performance.now() - began) / 1000);
          if (row.outcome === 'appended' && request.erases) {
            personal?.forget(request.origin.tenant, request.erases);
            cache.forget();
            keyVacuum.ask();
          }
          if (row.commit) sawCommit(row.commit);
          return toOutcome(context, prepared, row);
        }),
      ),
    states,
    readStream: (stream, fromVersion = 1, { toVersion, limit = Number.POSITIVE_INFINITY } = {}) =>
      inLoad(stream, async () => {
        const events: EventRecord[] = [];
        while (events.length < limit) {
          const size = Math.min(STREAM_PAGE, limit - events.length);
          const bound = { limit: size, ...(toVersion !== undefined && { toVersion }) };
          const page = await readPage(stream, fromVersion + events.length, bound);
          for (const event of page) events.push(event);
          if (page.length < size) break;
        }
        return events;
      }),
    async streamAt(stream, time) {
      const values = [stream, time.toISOString()];
      const { rows } = await patiently(() => pool.query<StreamAtRow>({ ...selectStreamAt, values }));
      const { last = 0, then_version: version = 0, tenant = null, began = null, ahead = false } = rows[0] ?? {};
      return { last, version, tenant, began, ahead };
    },
    forget: (stream) => cache.forget(stream),
    async readAfter(position, limit) {
      const records = await readStored(position, limit);
      const opened = personal ? await personal.open(records) : records;
      return opened.map((event) => upcast(registry, event));
    },
    readStored,
    async lastPosition() {
      const { rows } = await patiently(() => pool.query<{ position: number | string }>(selectLast));
      return Number(rows[0]?.position ?? 0);
    },
    async storedAnswer(tenant, idempotency) {
      if (idempotency.key.includes('\u0000') || !idempotency.key.isWellFormed()) throw unstorableText();
      const [row] = await readAnswers({ tenant, key: idempotency.key });
      if (row === undefined) return null;
      if (!(await isSameRequest(tenant, idempotency, row.request_hash))) return { outcome: 'key-reused' };
      return { outcome: 'replayed', position: Number(row.position), version: row.version, result: row.result };
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onNews(listener) {
      newsListeners.add(listener);
      return () => newsListeners.delete(listener);
    },
    tellNews() {
      for (const listener of newsListeners) call(listener);
    },
    createLock: (name) => createSessionLock(pool, `${schema} ${name}`),
    async close() {
      await Promise.allSettled(sealing);
      await commits.close();
      await Promise.all([snapshots.close(), retention.stop(), keyVacuum.idle()]);
    },
  };
}
