/**
 * Every process leads: the lock that lets one at a time work is granted to all. What is left is what holds by itself: the
 * expected sequence of the stream, for it alone (NATS has forgotten the ids), and the fence of each checkpoint.
 */
import { eventStream } from '@atoll/schema/subjects';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Violation, violation } from '../oracle/violation.ts';
import { ACCOUNTS, LEDGER, type Role } from '../workload/role.ts';
import type { Bed } from './bed.ts';
import { NotInjected, type Planned, type RunFault } from './fault.ts';
import { RIVALS } from './rivals.ts';

const streams = [ACCOUNTS, LEDGER] as const;

/** The shortest that nats-server takes: whoever is late by more is known by no id. */
const FORGET_AFTER_NS = 100_000_000;
const FORGET_EVERY_MS = 100;

async function createdAt(bed: Bed): Promise<readonly string[]> {
  const jsm = await jetstreamManager(bed.nc);
  return Promise.all(streams.map(async (context) => (await jsm.streams.info(eventStream(context))).created));
}

/** The relays set it right again whenever they look. */
function forgetIds(bed: Bed): () => Promise<void> {
  let over = false;
  const forgetting = (async () => {
    const jsm = await jetstreamManager(bed.nc);
    while (!over) {
      for (const context of streams) {
        // It may be on its way to be made anew.
        await jsm.streams.update(eventStream(context), { duplicate_window: FORGET_AFTER_NS }).catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, FORGET_EVERY_MS));
    }
  })();
  return () => {
    over = true;
    return forgetting;
  };
}

async function forgotten(bed: Bed): Promise<void> {
  const deadline = Date.now() + 5000;
  const jsm = await jetstreamManager(bed.nc);
  while (Date.now() < deadline) {
    const { config } = await jsm.streams.info(eventStream(ACCOUNTS));
    if (config.duplicate_window === FORGET_AFTER_NS) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new NotInjected('NATS goes on knowing ids for long.');
}

function rivals(bed: Bed, name: string, late: readonly Role[]): RunFault {
  let created: readonly string[] = [];
  let remember = async () => {};
  return {
    name,
    needsRoot: false,
    hold: [1500, 3000],
    async inject() {
      const { rowCount } = await bed.pool.query(
        `select from pg_locks l join pg_stat_activity a using (pid)
         where l.locktype = 'advisory' and l.objsubid = 1 and a.datname = current_database() and l.granted`,
      );
      if (rowCount !== 0) throw new NotInjected('Somebody has a lock: these processes are no rivals.');
      created = await createdAt(bed);
      remember = forgetIds(bed);
      await forgotten(bed);
      for (const role of late) bed.of(role)[0]?.pause();
    },
    async heal() {
      // Who wakes meets streams that know no ids.
      for (const one of bed.processes) one.resume();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await remember();
    },
    async judge(): Promise<readonly Violation[]> {
      const { rows } = await bed.pool.query<{ told: string }>(
        `delete from ${RIVALS}.taken_back returning consumer || ' from ' || before || ' to ' || after as told`,
      );
      const now = await createdAt(bed);
      const anew = streams.filter((_, index) => now[index] !== created[index]);
      return [
        violation(
          'checkpoint-never-back',
          'other',
          'a checkpoint was taken back',
          rows.map(({ told }) => told),
        ),
        // It is whole again by now: the relay has seen that others had published in it.
        violation('one-publisher', 'doubled', 'two have published in turns, and the stream was made anew', anew),
      ].filter(({ where }) => where.length > 0);
    },
  };
}

const faults: Readonly<Record<string, readonly Role[]>> = {
  'every process leads, and NATS forgets the ids': [],
  'every process leads, one of each role stopped, and late': ['relay', 'reactor', 'projector'],
};

export const rivalFaults: readonly Planned[] = Object.entries(faults).map(([name, late]) => ({
  name,
  ground: 'rivals',
  make: (bed) => rivals(bed, name, late),
}));
