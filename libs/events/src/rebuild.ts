/**
 * Rebuilds projections beside themselves: a new version of the tables is made and filled from the first event on, while
 * the live one goes on; once it has caught up, it is switched in one transaction, and the old version is dropped.
 *
 * What is asked for stands in a row, so that any process of the service can begin it, go on after another one was killed,
 * and stop where it was cancelled. The new version never goes beyond the live consumers' checkpoints: at the switch both
 * are at the same event, so that nothing that goes with an event elsewhere (logs, wakes) is skipped or told twice.
 */
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { createSessionLock } from './database/session-lock.ts';
import { quoteSchema } from './database/sql.ts';
import { transaction } from './database/transaction.ts';
import { rebuildPosition, rebuildRate, rebuildTarget } from './measures.ts';
import { isOutage } from './outage.ts';
import { buildUp } from './rebuild/build.ts';
import { contextOf, type RebuildableProjection } from './rebuild/rebuildable.ts';
import { clearNext, type RebuildPhase } from './rebuild/rows.ts';
import { applyGiven } from './rebuild/sql-projection.ts';
import { ShapeChanged, switchOver } from './rebuild/switch.ts';
import {
  analyzeTables,
  areMade,
  dropTables,
  ensureSchemas,
  lastSchema,
  makeTables,
  nextSearchPath,
  RebuildImpossible,
  shapeOf,
} from './rebuild/tables.ts';
import { createWriter, RebuildOver, TooManyFailures } from './rebuild/writer.ts';
import { backoff, createBell, pause } from './waiting.ts';

export interface Rebuilds {
  stop(): Promise<void>;
}

const LOOK_MS = 500;
const TELL_MS = 1000;
const LOG_MS = 5000;
const MAX_BACKOFF_MS = 5000;
/** For locks at the switch: first tried shortly, then longer than the server takes to see a deadlock and to end a vacuum. */
const SWITCH_LOCK_MS = [200, 400, 800, 1600, 2500];
/** The switch is tried once less than this is left. */
const NEAR = 500;

interface Row {
  readonly attempt: number;
  readonly phase: RebuildPhase;
  readonly revision: number | null;
  readonly shape: string | null;
  readonly tables: readonly string[];
}

/** Says what can be rebuilt here, and does what is asked for. Every process of a service may: one at a time works. */
export async function startRebuilds(options: {
  pool: Pool;
  schema: string;
  projections: readonly RebuildableProjection[];
  log: Logger;
}): Promise<Rebuilds> {
  const { pool, schema, projections } = options;
  const q = quoteSchema(schema);
  const stopping = new AbortController();

  async function register(): Promise<void> {
    for (const { name, revision, tables, sources } of projections) {
      await pool.query(
        `insert into ${q}.projection (name, revision, tables, consumers) values ($1, $2, $3, $4)
         on conflict (name) do update set revision = $2, tables = $3, consumers = $4`,
        [name, revision, tables, sources.map(({ consumer }) => consumer)],
      );
    }
  }

  async function follow(projection: RebuildableProjection): Promise<void> {
    const log = options.log.child({ projection: projection.name });
    const bell = createBell();
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const row = await readRow(projection.name);
        if (row && (row.phase === 'requested' || row.phase === 'building' || row.phase === 'switched')) {
          await underLock(projection, log);
        }
        failures = 0;
        await bell.wait(LOOK_MS, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (!(error instanceof RebuildOver)) {
          log.warn({ err: error }, 'the rebuild was interrupted; going on');
          await note(projection.name, error).catch(() => {});
        }
        await pause(backoff(failures++, 100, MAX_BACKOFF_MS), stopping.signal);
      }
    }
  }

  async function readRow(name: string): Promise<Row | null> {
    const { rows } = await pool.query<Row>(
      `select attempt, phase, revision, shape, tables from ${q}.rebuild where projection = $1`,
      [name],
    );
    return rows[0] ?? null;
  }

  const note = (name: string, error: unknown) =>
    pool.query(
      `update ${q}.rebuild set note = $2, updated_at = now() where projection = $1 and phase in ('requested', 'building')`,
      [name, error instanceof Error ? error.message : String(error)],
    );

  async function underLock(projection: RebuildableProjection, log: Logger): Promise<void> {
    const lock = createSessionLock(pool, `${schema} rebuild ${projection.name}`);
    try {
      const lost = await lock.acquire();
      if (lost === null) return;
      // What was read before the lock was had may be over.
      const row = await readRow(projection.name);
      if (row) await carryOut(projection, row, AbortSignal.any([lost, stopping.signal]), log);
    } finally {
      rebuildRate.set({ schema, projection: projection.name }, 0);
      await lock.close();
    }
  }

  async function carryOut(
    projection: RebuildableProjection,
    row: Row,
    signal: AbortSignal,
    log: Logger,
  ): Promise<void> {
    try {
      if (row.phase === 'requested' || (row.phase === 'building' && !(await canGoOn(projection, row)))) {
        await prepare(projection, row.attempt);
        failpoint('rebuild.after-prepare');
        log.info({ attempt: row.attempt }, 'rebuilding');
      } else if (row.phase === 'building') {
        log.info({ attempt: row.attempt }, 'going on with the rebuild');
      }
      if (row.phase !== 'switched') await build(projection, row.attempt, signal, log);
      failpoint('rebuild.after-switch');
      if (!signal.aborted) await finish(projection, log);
    } catch (error) {
      if (error instanceof ShapeChanged) {
        log.warn('the live tables were changed; building the new version anew');
        await pool.query(
          `update ${q}.rebuild set phase = 'requested', shape = null where projection = $1 and phase = 'building'`,
          [projection.name],
        );
      } else if (error instanceof RebuildImpossible || error instanceof TooManyFailures) {
        await fail(projection, row.attempt, error, log);
      } else throw error;
    }
  }

  /** What is there was begun by this version of the code, for tables as they still are. */
  const canGoOn = (projection: RebuildableProjection, row: Row): Promise<boolean> =>
    transaction(pool, async (tx) => {
      if (row.revision !== projection.revision || row.tables.join() !== projection.tables.join()) return false;
      if (!(await areMade(tx, schema, projection.tables))) return false;
      return (await shapeOf(tx, schema, projection.tables)) === row.shape;
    });

  async function prepare(projection: RebuildableProjection, attempt: number): Promise<void> {
    await ensureSchemas(pool, schema);
    const { name, revision, tables, sources, seed } = projection;
    await transaction(pool, async (tx) => {
      const { rowCount } = await tx.query(
        `select from ${q}.rebuild where projection = $1 and attempt = $2 and phase in ('requested', 'building') for update`,
        [name, attempt],
      );
      if (rowCount !== 1) throw new RebuildOver(`The rebuild ${attempt} of ${name} is over.`);
      await clearNext(tx, schema, name);
      const shape = await makeTables(tx, schema, tables);
      if (seed !== undefined) {
        await tx.query(`set local search_path to ${nextSearchPath(schema)}`);
        await tx.query(seed);
      }
      await tx.query(`delete from ${q}.rebuild_source where projection = $1`, [name]);
      for (const { consumer, source } of sources) {
        await tx.query(`insert into ${q}.rebuild_source (projection, consumer, context) values ($1, $2, $3)`, [
          name,
          consumer,
          contextOf(source),
        ]);
      }
      await tx.query(
        `update ${q}.rebuild set phase = 'building', revision = $2, shape = $3, tables = $4, started_at = now(),
           note = null, updated_at = now() where projection = $1`,
        [name, revision, shape, tables],
      );
    });
  }

  async function build(projection: RebuildableProjection, attempt: number, signal: AbortSignal, log: Logger) {
    const { name, tables, effect } = projection;
    const apply = effect.kind === 'sql' ? applyGiven(effect.projection) : effect.apply;
    const writer = createWriter({ pool, schema, projection: name, attempt, apply, log });
    const tell = createTeller(projection, log);
    const building = buildUp({ pool, schema, projection, writer, signal, onProgress: tell.progress });
    let tries = 0;
    let analyzed = false;
    while (!signal.aborted) {
      const left = await building.once();
      if (signal.aborted) return;
      await tell.now();
      if (left > NEAR) continue;
      if (!analyzed) {
        analyzed = true;
        try {
          await transaction(pool, (tx) => analyzeTables(tx, schema, tables));
        } catch (error) {
          if (isOutage(error)) throw error;
          // Autovacuum comes to it later. To begin again for its sake would come to the same, without end.
          log.warn({ err: error }, 'the new tables could not be analyzed; going on without');
        }
        continue;
      }
      const lockTimeoutMs = SWITCH_LOCK_MS[Math.min(tries, SWITCH_LOCK_MS.length - 1)] ?? 200;
      try {
        const { sources } = building;
        if (await switchOver({ pool, schema, projection: name, attempt, tables, sources, writer, lockTimeoutMs }))
          return;
      } catch (error) {
        if (error instanceof RebuildOver || error instanceof ShapeChanged) throw error;
        if (!isOutage(error)) throw error;
        log.info({ err: error, tries }, 'the switch has to wait; following the live version meanwhile');
        await note(name, error);
      }
      await pause(backoff(tries++, 50, 2000), signal);
    }
  }

  async function finish(projection: RebuildableProjection, log: Logger): Promise<void> {
    const { name } = projection;
    const row = await readRow(name);
    if (row?.phase !== 'switched') return;
    // Those that were switched: this process may be of a version of the code that has others.
    await transaction(pool, (tx) => dropTables(tx, lastSchema(schema), row.tables));
    await pool.query(
      `update ${q}.rebuild set phase = 'done', ended_at = now(), rate = null, updated_at = now()
       where projection = $1 and phase = 'switched'`,
      [name],
    );
    log.info({ attempt: row.attempt }, 'rebuilt, and the old version dropped');
  }

  async function fail(projection: RebuildableProjection, attempt: number, error: Error, log: Logger): Promise<void> {
    log.error({ err: error }, 'the rebuild failed');
    await transaction(pool, async (tx) => {
      const { rowCount } = await tx.query(
        `update ${q}.rebuild set phase = 'failed', note = $3, rate = null, ended_at = now(), updated_at = now()
         where projection = $1 and attempt = $2 and phase in ('requested', 'building')`,
        [projection.name, attempt, error.message],
      );
      if (rowCount === 1) await clearNext(tx, schema, projection.name);
    });
  }

  /** How far it is: in the row for operators, on /metrics, in the log. */
  function createTeller({ name }: RebuildableProjection, log: Logger) {
    const labels = { schema, projection: name };
    let told = { at: Date.now(), position: -1 };
    let logAt = Date.now() + LOG_MS;
    let position = 0;
    let total = 0;
    async function now(): Promise<void> {
      const at = Date.now();
      const rate = told.position < 0 ? 0 : ((position - told.position) * 1000) / Math.max(1, at - told.at);
      told = { at, position };
      rebuildRate.set(labels, rate);
      await pool.query(
        `update ${q}.rebuild set rate = $2, note = null, updated_at = now() where projection = $1 and phase = 'building'`,
        [name, rate],
      );
      if (at < logAt) return;
      logAt = at + LOG_MS;
      const left = rate > 0 ? Math.round((total - position) / rate) : null;
      log.info({ position, total, eventsPerSecond: Math.round(rate), secondsLeft: left }, 'rebuilding');
    }
    return {
      now,
      async progress(of: { position: number; total: number }): Promise<void> {
        ({ position, total } = of);
        rebuildPosition.set(labels, position);
        rebuildTarget.set(labels, total);
        if (told.position < 0) told = { at: Date.now(), position };
        if (Date.now() - told.at >= TELL_MS) await now();
      },
    };
  }

  await register();
  const following = projections.map(follow);
  return {
    async stop() {
      stopping.abort();
      await Promise.all(following);
    },
  };
}
