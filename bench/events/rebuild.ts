/**
 * The rebuild of a read model, beside a loop that only reads the events and beside Emmett's rebuild. `--events N` (1,000,000 by itself in the long form) sets how many there are.
 */
import { aimed, type Row, rounds, row } from '../results.ts';
import { growthOf } from '../statistics.ts';
import type { Suite } from '../suites/suite.ts';
import { startContestant } from './contestant.ts';
import type { BareRead } from './contestants/bare-read.ts';
import type { Emmett } from './contestants/emmett.ts';
import type { RebuildTasks, Rebuilt } from './contestants/rebuild.ts';
import { inTurns } from './in-turns.ts';
import { startServers } from './servers.ts';
import { storeEvents } from './stored-events.ts';

/** Of Emmett's streams. It takes too long for as many events; what counts is events a second. */
const STREAM_LENGTH = 100;
const BATCHES = [100, 1000, 5000];

export const rebuilding: Suite = {
  name: 'events-rebuild',
  bed: false,
  async run({ long, events }) {
    const servers = await startServers();
    const env = { DATABASE_URL: await servers.database() };
    const last = events ?? (long ? 1_000_000 : 100_000);
    await storeEvents(env.DATABASE_URL, { events: last, streams: Math.max(1000, last / 100) });
    const reader = startContestant<BareRead>(new URL('./contestants/bare-read.ts', import.meta.url), env);
    const ours = startContestant<RebuildTasks>(new URL('./contestants/rebuild.ts', import.meta.url), env);
    const emmett = startContestant<Emmett>(new URL('./contestants/emmett.ts', import.meta.url), {
      DATABASE_URL: await servers.database(),
    });
    try {
      const streams = long ? 300 : 50;
      // One after the other: its rebuild skips events whose positions and transactions are in different orders.
      await emmett.ask('fill', { kind: 'account', streams, length: STREAM_LENGTH, atOnce: 1 });
      const made = new Set<string>();
      const keep = ({ perSecond, totals }: Rebuilt): number => {
        made.add(totals);
        return perSecond;
      };
      /** The most that each fold took. One by SQL takes nothing here, and the process gives back meanwhile. */
      const peaks: number[] = [];
      const keepFold = (rebuilt: Rebuilt): number => {
        peaks.push(Math.max(...rebuilt.memory));
        return keep(rebuilt);
      };
      // The live ones first: a rebuild never goes beyond them.
      for (const kind of ['fold', 'sql'] as const) keep(await ours.ask('catchUp', { kind }));

      let batch = { size: 0, perSecond: 0 };
      for (const size of BATCHES) {
        const { perSecond } = await emmett.ask('rebuild', { batch: size });
        if (perSecond > batch.perSecond) batch = { size, perSecond };
      }
      const theirTotals = new Set<string>();
      const emmettBy = async (size: number | null) => {
        const { perSecond, totals } = await emmett.ask('rebuild', { batch: size });
        theirTotals.add(totals);
        return perSecond;
      };
      const [sql = [], fold = [], read = [], theirs = [], tuned = []] = await inTurns(long ? 5 : 3, [
        () => ours.ask('rebuild', { kind: 'sql' }).then(keep),
        () => ours.ask('rebuild', { kind: 'fold' }).then(keepFold),
        () => reader.ask('read', null),
        () => emmettBy(null),
        () => emmettBy(batch.size),
      ]);
      if (
        made.size !== 1 ||
        theirTotals.size !== 1 ||
        ![...theirTotals][0]?.endsWith(`in ${streams * (STREAM_LENGTH - 1)} moves`)
      )
        throw new Error(`They made different read models: ${[...made, ...theirTotals].join('; ')}`);
      const bare = { name: 'bare loop that only reads', values: read };
      const peer = { name: "Emmett's rebuild", values: theirs };
      const tunedPeer = { name: `Emmett's rebuild, batches of ${batch.size}, no pauses`, values: tuned };
      const inSql = `rebuild of ${last} events by SQL over sets, switch included`;
      const inFold = `rebuild of ${last} events by a fold, switch included`;
      const rows: Row[] = [
        aimed(rounds(inSql, sql, 'events/s', bare), { atLeast: 1 }),
        aimed(rounds(inSql, sql, 'events/s', peer), { atLeast: 25 }),
        rounds(inSql, sql, 'events/s', tunedPeer),
        rounds(inFold, fold, 'events/s', bare),
        rounds(inFold, fold, 'events/s', peer),
        row('most memory of the process in the last fold', peaks.at(-1) ?? Number.NaN, 'MiB'),
        aimed(row('its growth over the second half of the folds', growthOf(peaks), ''), { atMost: 0.1 }),
      ];
      return rows;
    } finally {
      await Promise.all([reader.stop(), ours.stop(), emmett.stop()]);
      await servers.stop();
    }
  },
};
