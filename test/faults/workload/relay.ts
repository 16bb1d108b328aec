/** Publishes the accounts' events. */
import { startRelay } from '@atoll/events/relay';
import { createEventStore } from '@atoll/events/store';
import { accountEvents } from './account.ts';
import { ACCOUNTS, type RoleContext } from './role.ts';

export async function runRelay({ pool, nc, log, onStop }: RoleContext): Promise<void> {
  const store = createEventStore({ pool, context: ACCOUNTS, registry: accountEvents, log });
  onStop('store', () => store.close());
  const relay = await startRelay({ store, nc, log });
  onStop('relay', () => relay.stop());
}
