/** The event store on PostgreSQL. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRegistry } from '@atoll/schema/registry';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { hashOf } from './canonical.ts';
import { ForeignStream } from './errors.ts';
import type { AppendOutcome, ClaimConflict, EventStore } from './event-store.ts';
import { type BatchRow, createGroupCommit } from './group-commit.ts';
import { createGroupRead, type GroupRow } from './group-read.ts';
import { appendSeconds, batchCommands } from './measures.ts';
import { patiently } from './patience.ts';
import { type PreparedAppend, prepareAppend, unstorableText } from './prepare.ts';
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

export function createEventStore(options: {
  pool: Pool;
  context: Context;
  /** PostgreSQL schema; the engine's tables are in it. Default: the context's name. */
  schema?: string;
  registry: EventRegistry;
  log: Logger;
}): EventStore {
  const { pool, context, registry, log } = options;
  const schema = options.schema ?? context;
  const q = quoteSchema(schema);
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

  return {
    context,
    registry,
    append: (asked) =>
      inAppend(asked, async (request) => {
        const prepared = prepareAppend(context, registry, request);
        const stopTimer = appendSeconds.startTimer({ context });
        const row = await commits.add(prepared);
        stopTimer();
        if (row.commit) sawCommit(row.commit);
        return toOutcome(context, prepared, row);
      }),
    readStream: (stream, fromVersion = 1) =>
      inLoad(stream, async () => {
        const rows = await readStreams({ stream, fromVersion });
        return rows.map((row) => upcast(registry, toRecord(context, row)));
      }),
    async readAfter(position, limit) {
      return (await readStored(position, limit)).map((event) => upcast(registry, event));
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
      if (row.request_hash !== hashOf(idempotency.request)) return { outcome: 'key-reused' };
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
