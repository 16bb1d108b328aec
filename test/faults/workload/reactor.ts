/** The service of the ledger: books every event of the accounts in its own context, and publishes what it booked. */
import { startConsumer } from '@atoll/events/consumer';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { type AccountEvent, accountEvents } from './account.ts';
import { type Book, ledger, ledgerEvents, ledgerStream } from './ledger.ts';
import { ACCOUNTS, LEDGER, type RoleContext } from './role.ts';

function bookOf(event: EventRecord): Book {
  const { type, data } = event as EventRecord & AccountEvent;
  return { call: data.call, amount: type === 'Opened' ? 0 : data.amount, of: event.id };
}

export async function runReactor({ pool, nc, log, onStop }: RoleContext): Promise<void> {
  const store = createEventStore({ pool, context: LEDGER, registry: ledgerEvents, log });
  onStop('store', () => store.close());
  const relay = await startRelay({ store, nc, log });
  onStop('relay', () => relay.stop());
  const consumer = await startConsumer({
    name: 'ledger',
    source: { kind: 'stream', nc, context: ACCOUNTS, registry: accountEvents },
    pool,
    schema: LEDGER,
    handler: {
      kind: 'react',
      async react(event) {
        const book = bookOf(event);
        const outcome = await handleCommand(store, {
          decider: ledger,
          stream: ledgerStream(event.stream.slice('account:'.length)),
          command: book,
          origin: {
            tenant: event.tenant,
            actor: 'service:ledger',
            cause: event.id,
            correlation: event.correlation,
            traceparent: event.traceparent,
          },
          idempotency: { key: event.id, request: book },
        });
        if (!outcome.ok) throw new Error(`${event.id} can't be booked: ${outcome.rejection.message}`);
      },
    },
    log,
  });
  onStop('consumer', () => consumer.stop());
}
