/** The example of README.md, between the two lines: readme.int.test.ts holds them equal and runs it. */
import { PLATFORM } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { startConsumer } from '../src/consumer.ts';
import { accept, type Decider, refuse } from '../src/decider.ts';
import { engineMigrations } from '../src/migrations.ts';
import { startRelay } from '../src/relay.ts';
import { createEventStore, handleCommand } from '../src/store.ts';
import { bankEvents } from '../src/testing/bank.ts';

// ---
type Opened = { readonly type: 'Opened'; readonly data: { readonly owner: string } };

const account: Decider<'none' | 'open', { readonly owner: string }, Opened> = {
  initial: 'none',
  decide: (state, { owner }) =>
    state === 'open'
      ? refuse({ code: 'ILLEGAL_STATE', message: 'It is open already.' })
      : accept(
          [{ type: 'Opened', data: { owner } }],
          // Nobody has two accounts, however many processes are asked at once.
          [{ op: 'take', kind: 'unique', set: 'account-of', key: owner, owner }],
        ),
  evolve: () => 'open',
};

export async function example({ pool, nc, log }: { pool: Pool; nc: NatsConnection; log: Logger }) {
  await migrate({ pool, schema: 'deploy', folders: [engineMigrations], log });
  const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
  const relay = await startRelay({ store, nc, log });

  // Another process would have a pool and a schema of its own for what it keeps of foreign facts.
  const owners: string[] = [];
  const consumer = await startConsumer({
    name: 'owners',
    source: { kind: 'stream', nc, context: 'deploy', registry: bankEvents },
    pool,
    schema: 'deploy',
    handler: {
      kind: 'react',
      async react(event) {
        if (event.type === 'Opened') owners.push((event.data as Opened['data']).owner);
      },
    },
    log,
  });

  const outcome = await handleCommand(store, {
    decider: account,
    stream: 'account:1',
    command: { owner: 'ann' },
    origin: { tenant: PLATFORM, actor: 'user:ann', cause: null, correlation: 'c-1', traceparent: null },
    idempotency: { key: 'open-1', request: { owner: 'ann' } },
  });
  if (outcome.ok) await consumer.waitFor(outcome.position, Date.now() + 5000);

  await consumer.stop();
  await relay.stop();
  await store.close();
  return { outcome, owners };
}
