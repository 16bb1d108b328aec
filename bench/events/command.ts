/**
 * Whole commands, 64 at a time: load the stream, fold it, decide, append one event, answer. Beside Emmett's
 * CommandHandler on as many streams of the same length. The streams are taken in turns, so each command finds its
 * stream as the last round through all of them left it.
 */
import { aimed, type Row, rounds, row } from '../results.ts';
import type { Suite } from '../suites/suite.ts';
import type { LoopOutcome } from './closed-loop.ts';
import { startContestant } from './contestant.ts';
import type { Atoll } from './contestants/atoll.ts';
import type { Emmett } from './contestants/emmett.ts';
import { inTurns } from './in-turns.ts';
import { startServers } from './servers.ts';
import { tuneEmmett } from './tune.ts';
import type { Filling } from './workload.ts';

const CONCURRENCY = 64;

const rate = (outcome: Promise<LoopOutcome>) => outcome.then(({ perSecond }) => perSecond);

export const commands: Suite = {
  name: 'events-command',
  bed: false,
  async run({ long }) {
    const seconds = long ? 5 : 2;
    const count = long ? 9 : 3;
    const sets: readonly Filling[] = [
      { kind: 'short', streams: long ? 20_000 : 5_000, length: 5 },
      { kind: 'long', streams: long ? 2_000 : 500, length: 100 },
    ];
    const servers = await startServers();
    const ours = { DATABASE_URL: await servers.database() };
    const theirs = { DATABASE_URL: await servers.database() };
    const atoll = startContestant<Atoll>(new URL('./contestants/atoll.ts', import.meta.url), ours);
    const emmett = startContestant<Emmett>(new URL('./contestants/emmett.ts', import.meta.url), theirs);
    try {
      for (const set of sets) await Promise.all([atoll.ask('fill', set), emmett.ask('fill', set)]);
      const rows: Row[] = [];
      for (const set of sets) {
        const loop = { concurrency: CONCURRENCY, seconds };
        await tuneEmmett(emmett, () => emmett.ask('command', { loop: { ...loop, seconds: 0.7 }, set }));
        await atoll.ask('command', { loop: { ...loop, seconds: 0.7 }, set });
        const latencies: LoopOutcome[] = [];
        const [a = [], e = []] = await inTurns(count, [
          () =>
            rate(
              atoll.ask('command', { loop, set }).then((outcome) => {
                latencies.push(outcome);
                return outcome;
              }),
            ),
          () => rate(emmett.ask('command', { loop, set })),
        ]);
        const what = `commands on streams of ${set.length} events and more, ${CONCURRENCY} at a time`;
        rows.push(aimed(rounds(what, a, 'commands/s', { name: "Emmett's CommandHandler", values: e }), { atLeast: 6 }));
        rows.push(
          rounds(
            'the same: p99',
            latencies.map(({ p99 }) => p99),
            'ms',
          ),
        );
      }
      const memory = await atoll.ask('memory', null);
      rows.push(row('memory of the process afterwards', memory / 2 ** 20, 'MiB'));
      return rows;
    } finally {
      await Promise.all([atoll.stop(), emmett.stop()]);
      await servers.stop();
    }
  },
};
