/**
 * A context twice over servers of its own, with a proxy before each server, under load that goes straight to the store:
 * what is broken here are the servers and the ways to them, and commands go on where only NATS is gone. For what is done
 * to processes there are the beds of `run/`.
 */
import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore } from '@atoll/events/store';
import { bankEvents } from '@atoll/events/testing/bank';
import { testLog } from '@atoll/events/testing/open-store';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import { expect } from 'vitest';
import { waitFor } from '../platform/waiting.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { CONTEXT, consumerNames, type Engine, effectTable, startEngine } from './engine.ts';
import { judge } from './judge.ts';
import { type Call, type Load, startLoad } from './load.ts';
import { streamTail, waitUntilNone } from './oracle/rest.ts';
import { tell } from './oracle/violation.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { type NatsHandle, type ServerHandle, startNats, startPostgres } from './servers.ts';

export interface Recovery {
  /** From the healing to the answer of a command that was sent after it. */
  readonly commandMs: number;
  /** And until all three consumers have its effect. */
  readonly effectsMs: number;
  /** Commands that were sent and answered well in the second half of the time that it was broken. */
  readonly okWhileBroken: number;
}

export interface Rig {
  readonly postgres: ServerHandle;
  readonly nats: NatsHandle;
  readonly toPostgres: FaultProxy;
  readonly toNats: FaultProxy;
  /** Past the proxies. */
  readonly nc: NatsConnection;
  /** Breaks, holds, heals, measures, and judges everything since the start. */
  endure(fault: CatalogueEntry, holdMs: number): Promise<Recovery>;
  close(): Promise<void>;
}

/** One leads, the other stands by. */
const ENGINES = 2;
const RECOVERY_DEADLINE_MS = 45_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function openRig(
  options: {
    seed?: number;
    postgres?: Parameters<typeof startPostgres>[0];
    nats?: Parameters<typeof startNats>[0];
    /** Of the stream; see `startRelay`. */
    maxBytes?: number;
  } = {},
): Promise<Rig> {
  const seed = options.seed ?? 1;
  const [postgres, nats] = await Promise.all([startPostgres(options.postgres), startNats(options.nats)]);
  const [toPostgres, toNats] = await Promise.all([startProxy(postgres.url, { seed }), startProxy(nats.url, { seed })]);
  const pool = createPool({ url: postgres.url, name: 'judge', max: 2, log: testLog });
  await migrate({ pool, schema: CONTEXT, folders: [engineMigrations], log: testLog });
  await pool.query(effectTable);
  const nc = await connectNats({ url: nats.url, name: 'judge', log: testLog });
  const store = createEventStore({ pool, context: CONTEXT, registry: bankEvents, log: testLog });
  const { maxBytes } = options;
  const urls = { databaseUrl: toPostgres.url, natsUrl: toNats.url, ...(maxBytes === undefined ? {} : { maxBytes }) };
  const engines: Engine[] = [];
  for (let index = 0; index < ENGINES; index++) {
    engines.push(await startEngine({ ...urls, name: `engine-${index}`, log: testLog }));
  }

  const stores = engines.map((engine) => engine.store);

  const calls: Call[] = [];
  let rounds = 0;

  /** The consumers whose checkpoints aren't there. */
  async function without(position: number): Promise<readonly string[]> {
    const { rows } = await pool.query<{ name: string; position: number }>(
      `select name, position from ${CONTEXT}.consumer where name = any($1)`,
      [consumerNames],
    );
    const reached = new Map(rows.map((row) => [row.name, row.position]));
    const behind = consumerNames.filter((name) => (reached.get(name) ?? 0) < position);
    return behind.map((name) => `${name} is at ${reached.get(name) ?? 'nothing'}, before ${position}`);
  }

  async function expectNone(lacking: () => Promise<readonly string[]>): Promise<void> {
    expect(await waitUntilNone(lacking, Date.now() + RECOVERY_DEADLINE_MS)).toEqual([]);
  }
  const effectsOf = (position: number) => expectNone(() => without(position));

  async function firstOk(load: Load, moment: number): Promise<Call> {
    return waitFor('a command goes through', RECOVERY_DEADLINE_MS, () => load.firstOkSince(moment));
  }

  /** All that was written is published, and has its effects, also what the reactions have written meanwhile. */
  const quiet = () =>
    expectNone(async () => {
      const last = await store.lastPosition();
      const behind = await without(last);
      if (behind.length > 0) return behind;
      const published = await streamTail(nc, CONTEXT);
      const now = await store.lastPosition();
      return published === now ? [] : [`the stream ends at ${published} of ${now}`];
    });

  return {
    postgres,
    nats,
    toPostgres,
    toNats,
    nc,
    async endure(fault, holdMs) {
      const load = startLoad({ stores, seed: seed + rounds, first: 100_000 * (rounds + 1) });
      rounds += 1;
      let recovery: Recovery;
      try {
        await firstOk(load, 0);
        await fault.inject();
        await pause(holdMs / 2);
        const half = performance.now();
        await pause(holdMs / 2);
        const okWhileBroken = load.calls.filter((call) => call.outcome.kind === 'ok' && call.beganAt > half).length;
        await fault.heal();
        const healedAt = performance.now();
        const { outcome, endedAt } = await firstOk(load, healedAt);
        if (outcome.kind === 'ok') await effectsOf(outcome.position);
        recovery = { commandMs: endedAt - healedAt, effectsMs: performance.now() - healedAt, okWhileBroken };
      } finally {
        await fault.heal();
        await load.stop();
      }
      calls.push(...load.calls);
      await quiet();
      expect((await judge({ pool, nc, calls })).map(tell), fault.name).toEqual([]);
      const count = (kind: Call['outcome']['kind']) => load.calls.filter(({ outcome }) => outcome.kind === kind).length;
      console.log(
        `${fault.name.padEnd(44)} ${load.calls.length} calls: ${count('ok')} ok, ${count('fail')} fail, ${count('unknown')} unknown; ` +
          `first command ${recovery.commandMs.toFixed(0)} ms, effects ${recovery.effectsMs.toFixed(0)} ms after healing`,
      );
      return recovery;
    },
    async close() {
      for (const engine of engines) await engine.stop();
      await store.close();
      await nc.close();
      await pool.end();
      await toPostgres.stop();
      await toNats.stop();
      await nats.stop();
      await postgres.stop();
    },
  };
}
