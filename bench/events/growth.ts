/**
 * How the cost grows with what is stored: appends to, and loads of, streams of a store with few and with very many of
 * them, and of very many tenants. The stores take turns; each is compared with the smallest.
 */
import { aimed, type Row, rounds } from '../results.ts';
import type { Suite } from '../suites/suite.ts';
import type { LoopOutcome } from './closed-loop.ts';
import { startContestant } from './contestant.ts';
import type { Atoll } from './contestants/atoll.ts';
import { inTurns } from './in-turns.ts';
import { startServers } from './servers.ts';
import { storeEvents } from './stored-events.ts';

const EVENTS_EACH = 3;
const CONCURRENCY = 64;
/** Flat: no more than a fifth is lost between the smallest and the largest. */
const FLAT = 0.8;

export const growth: Suite = {
  name: 'events-growth',
  bed: false,
  async run({ long }) {
    const sizes = long
      ? [
          { streams: 1000, tenants: 1 },
          { streams: 100_000, tenants: 1 },
          { streams: 1_000_000, tenants: 1 },
          { streams: 100_000, tenants: 10_000 },
        ]
      : [
          { streams: 1000, tenants: 1 },
          { streams: 10_000, tenants: 1 },
          { streams: 100_000, tenants: 1 },
          { streams: 100_000, tenants: 10_000 },
        ];
    const servers = await startServers();
    const stores = [];
    try {
      for (const { streams, tenants } of sizes) {
        const url = await servers.database();
        await storeEvents(url, { events: streams * EVENTS_EACH, streams, tenants });
        const contestant = startContestant<Atoll>(new URL('./contestants/atoll.ts', import.meta.url), {
          DATABASE_URL: url,
        });
        stores.push({ contestant, set: { kind: 'account', streams, tenants } });
      }
      const seconds = long ? 4 : 1;
      const loop = { concurrency: CONCURRENCY, seconds };
      const rows: Row[] = [];
      // Loads first: appends make the streams of a small store longer than those of a large one.
      for (const task of ['load', 'append'] as const) {
        const outcomes: LoopOutcome[][] = stores.map(() => []);
        for (const { contestant, set } of stores) {
          await contestant.ask(task, { loop: { ...loop, seconds: seconds / 2 }, set });
        }
        const rates = await inTurns(
          long ? 7 : 3,
          stores.map(({ contestant, set }, index) => async () => {
            const outcome = await contestant.ask(task, { loop, set });
            outcomes[index]?.push(outcome);
            return outcome.perSecond;
          }),
        );
        const [smallest = []] = rates;
        sizes.forEach(({ streams, tenants }, index) => {
          const of = `${task}s, ${CONCURRENCY} at a time, ${streams} streams, ${tenants} tenant${tenants === 1 ? '' : 's'}`;
          const measured = outcomes[index] ?? [];
          rows.push(
            index === 0
              ? rounds(of, rates[index] ?? [], 'a second')
              : aimed(
                  rounds(of, rates[index] ?? [], 'a second', {
                    name: `${sizes[0]?.streams} streams`,
                    values: smallest,
                  }),
                  { atLeast: FLAT },
                ),
          );
          rows.push(
            rounds(
              `${of}: p50`,
              measured.map(({ p50 }) => p50),
              'ms',
            ),
          );
          rows.push(
            rounds(
              `${of}: p99`,
              measured.map(({ p99 }) => p99),
              'ms',
            ),
          );
        });
      }
      return rows;
    } finally {
      await Promise.all(stores.map(({ contestant }) => contestant.stop()));
      await servers.stop();
    }
  },
};
