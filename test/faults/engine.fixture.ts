/** An engine as a process of its own, for what can only be done to a whole process: stopping it, and lying about the time. */
import { testLog } from '@atoll/events/testing/open-store';
import { z } from 'zod';
import { startEngine } from './engine.ts';
import { asking } from './load.ts';

const settings = z
  .object({ ENGINE_NAME: z.string(), ENGINE_DATABASE_URL: z.string(), ENGINE_NATS_URL: z.string() })
  .parse(process.env);
const request = z.object({ id: z.number(), stream: z.string(), command: z.unknown(), key: z.string().nullable() });

const engine = await startEngine({
  name: settings.ENGINE_NAME,
  databaseUrl: settings.ENGINE_DATABASE_URL,
  natsUrl: settings.ENGINE_NATS_URL,
  log: testLog,
});
const ask = asking(engine.store);

process.on('message', (message) => {
  const { id, stream, command, key } = request.parse(message);
  ask({ stream, key, command: command as Parameters<typeof ask>[0]['command'] }).then(
    (answer) => process.send?.({ id, ...answer }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

/** What it leads: told whenever it changes. */
let told = '';
setInterval(() => {
  const leads = JSON.stringify({ published: engine.relay.published(), clock: Date.now() - (Date.now() % 1000) });
  if (leads !== told) process.send?.({ state: JSON.parse(leads) });
  told = leads;
}, 50);
process.send?.({ ready: true });
