/** The event store on PostgreSQL. */
import type { Context } from '@atoll/schema/contexts';
import { personalTypes } from '@atoll/schema/personal';
import type { EventRegistry } from '@atoll/schema/registry';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { MasterKeys } from '@atoll/service/master-keys';
import type { Pool } from 'pg';
import { hashOf } from './canonical.ts';
import { createDataKeys } from './data-keys.ts';
import { ForeignStream, InvalidAppend } from './errors.ts';
import type { AppendOutcome, AppendRequest, ClaimConflict, EventStore, Idempotency } from './event-store.ts';
import { type BatchRow, createGroupCommit } from './group-commit.ts';
import { createGroupRead, type GroupRow } from './group-read.ts';
import { appendSeconds, batchCommands } from './measures.ts';
import { patiently } from './patience.ts';
import { createPersonalData, type PersonalData } from './personal-data.ts';
import { type Personal, type PreparedAppend, prepareAppend, unstorableText } from './prepare.ts';
import { createSessionLock } from './session-lock.ts';
import { inAppend, inLoad, sawCommit } from './spans.ts';
import { type EventRow, quoteSchema, toRecord } from './sql.ts';
import { upcast } from './upcast.ts';

const MAX_PAGE = 5000;
/** A batch is tried this long while PostgreSQL restarts or fails over. */
const RETRY_MS = 15_000;

interface AnswerRow extends GroupRow {
  readonly request_hash: string;
  readonly position: number | string;
  readonly version: number;
  readonly result: unknown;
}

interface ConflictDetail {
  readonly index: number;
  readonly holders: ClaimConflict['holders'];
  readonly held: number | null;
}

function toOutcome(context: Context, prepared: PreparedAppend, row: BatchRow): AppendOutcome {
  const { request, events } = prepared;
  const position = Number(row.at_position);
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
      return { outcome: 'replayed', position, version: row.at_version, result: row.detail };
    case 'version-conflict':
      return { outcome: 'version-conflict', actual: row.at_version };
    case 'claim-conflict': {
      const { index, holders, held } = row.detail as ConflictDetail;
      const claim = request.claims[index];
      if (claim === undefined) throw new Error(`append_batch named claim ${index} of ${request.claims.length}.`);
      return { outcome: 'claim-conflict', conflict: { claim, holders, held } };
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
  log: Logger;
}): EventStore {
  const { pool, context, registry, log } = options;
  const schema = options.schema ?? context;
  const q = quoteSchema(schema);
  const personal = openPersonalData(options, schema);
  const listeners = new Set<(position: number) => void>();
  let lastSeen = 0;

  const statement = (name: string, text: string) => ({ name: `${schema}_${name}`, text });
  const appendBatch = statement('append', `select * from ${q}.append_batch($1::jsonb)`);
  const selectStreams = statement('read_streams', `select * from ${q}.read_streams($1, $2)`);
  const selectAfter = statement('read_after', `select * from ${q}.read_after($1, $2)`);
  const selectLast = statement('last_position', `select ${q}.last_position() as position`);
  const selectAnswers = statement('stored_answers', `select * from ${q}.stored_answers($1, $2)`);

  function announce(position: number): void {
    if (position <= lastSeen) return;
    lastSeen = position;
    for (const listener of listeners) {
      try {
        listener(position);
      } catch (error) {
        log.error({ err: error }, 'a listener to appends threw');
      }
    }
  }

  const commits = createGroupCommit({
    retryMs: RETRY_MS,
    log,
    async write(batch) {
      failpoint('append.before-commit');
      const { rows } = await pool.query<BatchRow>({ ...appendBatch, values: [batch] });
      failpoint('append.after-commit');
      batchCommands.observe({ context }, rows.length);
      let last = 0;
      for (const row of rows) if (row.outcome === 'appended') last = Math.max(last, Number(row.at_position));
      announce(last);
      return rows;
    },
  });

  const readStreams = createGroupRead(async (asked: readonly { stream: string; fromVersion: number }[]) => {
    const values = [asked.map(({ stream }) => stream), asked.map(({ fromVersion }) => fromVersion)];
    return (await patiently(() => pool.query<EventRow & GroupRow>({ ...selectStreams, values }))).rows;
  });
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

  async function prepare(request: AppendRequest): Promise<PreparedAppend> {
    if (!personal) {
      if (request.erases) throw new InvalidAppend('Only a store with master keys erases.');
      return prepareAppend(context, registry, request);
    }
    const { origin, idempotency } = request;
    const parts: Personal = {
      sealing: await personal.sealing(origin.tenant, request.events),
      hash: idempotency?.personal ? await hashOfRequest(origin.tenant, idempotency) : null,
    };
    return prepareAppend(context, registry, request, parts);
  }

  return {
    context,
    registry,
    personal,
    append: (asked) =>
      inAppend(asked, async (request) => {
        let prepared = await prepare(request);
        const stopTimer = appendSeconds.startTimer({ context });
        let row = await commits.add(prepared);
        if (keyIsGone(prepared, row)) {
          // Destroyed by another process since it was read: the database says now whose it was.
          personal?.forgetAll();
          prepared = await prepare(request);
          row = await commits.add(prepared);
          if (keyIsGone(prepared, row)) throw new Error('A key went twice while an append was sealed with it.');
        }
        stopTimer();
        if (row.outcome === 'appended' && request.erases) personal?.forget(request.origin.tenant, request.erases);
        if (row.commit) sawCommit(row.commit);
        return toOutcome(context, prepared, row);
      }),
    readStream: (stream, fromVersion = 1) =>
      inLoad(stream, async () => {
        const rows = await readStreams({ stream, fromVersion });
        const records = rows.map((row) => toRecord(context, row));
        const opened = personal ? await personal.open(records) : records;
        return opened.map((event) => upcast(registry, event));
      }),
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
    createLock: (name) => createSessionLock(pool, `${schema} ${name}`),
    close: () => commits.close(),
  };
}
