/** From the database to JetStream, beside a loop of awaited `js.publish` with as many in flight. */
import { aimed, rounds } from '../results.ts';
import type { Suite } from '../suites/suite.ts';
import { startContestant } from './contestant.ts';
import type { PublishLoop } from './contestants/publish-loop.ts';
import type { RelayTasks } from './contestants/relay.ts';
import { inTurns } from './in-turns.ts';
import { startServers } from './servers.ts';
import { storeEvents } from './stored-events.ts';

export const relaying: Suite = {
  name: 'events-relay',
  bed: false,
  async run({ long, events }) {
    const servers = await startServers();
    const env = { DATABASE_URL: await servers.database(), NATS_URL: servers.nats.url };
    const count = events ?? (long ? 500_000 : 60_000);
    await storeEvents(env.DATABASE_URL, { events: count, streams: 10_000 });
    const relay = startContestant<RelayTasks>(new URL('./contestants/relay.ts', import.meta.url), env);
    const loop = startContestant<PublishLoop>(new URL('./contestants/publish-loop.ts', import.meta.url), env);
    try {
      const [ours = [], stored = [], ready = []] = await inTurns(long ? 7 : 3, [
        () => relay.ask('publish', null),
        () => loop.ask('publishStored', null),
        () => loop.ask('publishReady', null),
      ]);
      const what = 'relay: stored events to JetStream, acknowledged';
      return [
        aimed(
          rounds(what, ours, 'events/s', { name: 'js.publish, 512 in flight, of the same pages', values: stored }),
          {
            atLeast: 1.5,
          },
        ),
        rounds(what, ours, 'events/s', { name: 'js.publish, 512 in flight, of messages made before', values: ready }),
      ];
    } finally {
      await Promise.all([relay.stop(), loop.stop()]);
      await servers.stop();
    }
  },
};
