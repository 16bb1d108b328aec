/**
 * A read model kept live, from JetStream and from the own store: beside a bare callback consumer that does the same work without any guarantee,
 * and beside a loop that only reads the events from the database.
 */
import { aimed, rounds, row } from '../results.ts';
import type { Suite } from '../suites/suite.ts';
import { startContestant } from './contestant.ts';
import type { BareConsumer } from './contestants/bare-consumer.ts';
import type { BareRead } from './contestants/bare-read.ts';
import type { Consume } from './contestants/consume.ts';
import type { RelayTasks } from './contestants/relay.ts';
import { inTurns } from './in-turns.ts';
import { startServers } from './servers.ts';
import { storeEvents } from './stored-events.ts';

export const consuming: Suite = {
  name: 'events-consume',
  bed: false,
  async run({ long, events }) {
    const servers = await startServers();
    const env = { DATABASE_URL: await servers.database(), NATS_URL: servers.nats.url };
    const last = events ?? (long ? 1_000_000 : 100_000);
    await storeEvents(env.DATABASE_URL, { events: last, streams: 10_000 });
    const relay = startContestant<RelayTasks>(new URL('./contestants/relay.ts', import.meta.url), env);
    const ours = startContestant<Consume>(new URL('./contestants/consume.ts', import.meta.url), env);
    const bare = startContestant<BareConsumer>(new URL('./contestants/bare-consumer.ts', import.meta.url), env);
    const reader = startContestant<BareRead>(new URL('./contestants/bare-read.ts', import.meta.url), env);
    try {
      await relay.ask('publish', null);
      await relay.ask('serve', null);
      const made = new Set<string>();
      const memory: number[] = [];
      const live = async (from: 'stream' | 'store') => {
        const { perSecond, totals, rss } = await ours.ask('consume', { last, from });
        made.add(totals);
        memory.push(rss / 2 ** 20);
        return perSecond;
      };
      const [a = [], b = [], c = [], d = []] = await inTurns(long ? 5 : 3, [
        () => live('stream'),
        async () => {
          const { perSecond, totals } = await bare.ask('consume', { last });
          made.add(totals);
          return perSecond;
        },
        () => reader.ask('read', null),
        () => live('store'),
      ]);
      if (made.size !== 1) throw new Error(`They made different read models: ${[...made].join('; ')}`);
      const what = 'a read model kept from JetStream';
      return [
        aimed(rounds(what, a, 'events/s', { name: 'bare callback consumer, same work', values: b }), { atLeast: 0.85 }),
        aimed(rounds(what, a, 'events/s', { name: 'bare loop that only reads', values: c }), { atLeast: 0.5 }),
        aimed(
          rounds('a read model kept from the own store', d, 'events/s', {
            name: 'bare loop that only reads',
            values: c,
          }),
          {
            atLeast: 0.5,
          },
        ),
        row('memory of the consumer after its last round', memory.at(-1) ?? Number.NaN, 'MiB'),
      ];
    } finally {
      await Promise.all([relay.stop(), ours.stop(), bare.stop(), reader.stop()]);
      await servers.stop();
    }
  },
};
