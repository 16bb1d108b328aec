/**
 * Appends of one event each: 64 at a time beside Emmett and beside pgbench with 64 rows in each statement, and one at a
 * time beside a single INSERT.
 */
import { aimed, type Row, rounds } from '../results.ts';
import type { Suite } from '../suites/suite.ts';
import type { LoopOutcome } from './closed-loop.ts';
import { startContestant } from './contestant.ts';
import type { Atoll } from './contestants/atoll.ts';
import type { Emmett } from './contestants/emmett.ts';
import type { Insert } from './contestants/insert.ts';
import { inTurns } from './in-turns.ts';
import { openPgbench } from './pgbench.ts';
import { startServers } from './servers.ts';
import { tuneEmmett } from './tune.ts';

const CONCURRENCY = 64;
const set = { kind: 'account', streams: 10_000 };

export const appends: Suite = {
  name: 'events-append',
  bed: false,
  async run({ long }) {
    const seconds = long ? 6 : 2;
    const count = long ? 9 : 3;
    const servers = await startServers();
    const [ours, theirs, floors] = [await servers.database(), await servers.database(), await servers.database()];
    const atoll = startContestant<Atoll>(new URL('./contestants/atoll.ts', import.meta.url), { DATABASE_URL: ours });
    const emmett = startContestant<Emmett>(new URL('./contestants/emmett.ts', import.meta.url), {
      DATABASE_URL: theirs,
    });
    const insert = startContestant<Insert>(new URL('./contestants/insert.ts', import.meta.url), {
      DATABASE_URL: floors,
    });
    const pgbench = await openPgbench(await servers.database(), CONCURRENCY, set.streams);
    try {
      const loop = { concurrency: CONCURRENCY, seconds };
      await tuneEmmett(emmett, () => emmett.ask('append', { loop: { ...loop, seconds: 1 }, set }));
      await atoll.ask('append', { loop: { ...loop, seconds: 1 }, set });
      const rate = (outcome: Promise<LoopOutcome>) => outcome.then(({ perSecond }) => perSecond);
      const many = await inTurns(count, [
        () => rate(atoll.ask('append', { loop, set })),
        () => rate(emmett.ask('append', { loop, set })),
        () => pgbench.run({ kind: 'literal', seconds }),
        () => pgbench.run({ kind: 'prepared', seconds }),
      ]);
      const single = { concurrency: 1, seconds };
      const median = (outcome: Promise<LoopOutcome>) => outcome.then(({ p50 }) => p50);
      const one = await inTurns(count, [
        () => median(atoll.ask('append', { loop: single, set })),
        () => median(insert.ask('insert', { seconds, set })),
      ]);
      const [a = [], e = [], floor = [], harder = []] = many;
      const [mine = [], bare = []] = one;
      const what = `appends of one event, ${CONCURRENCY} at a time`;
      const rows: Row[] = [
        aimed(rounds(what, a, 'events/s', { name: 'Emmett', values: e }), { atLeast: 10 }),
        aimed(rounds(what, a, 'events/s', { name: `pgbench, ${CONCURRENCY} rows a statement`, values: floor }), {
          atLeast: 0.7,
        }),
        rounds(what, a, 'events/s', { name: 'the same, prepared, with no row to send', values: harder }),
        aimed(
          rounds('append of one event, one at a time: p50', mine, 'ms', { name: 'a single INSERT', values: bare }),
          { atMost: 1.15 },
        ),
      ];
      return rows;
    } finally {
      await Promise.all([atoll.stop(), emmett.stop(), insert.stop(), pgbench.close()]);
      await servers.stop();
    }
  },
};
