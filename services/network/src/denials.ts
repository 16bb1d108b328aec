/** What a tenant is told about namespaces that take nothing new. */

import { type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import { creationRefused, namespace, namespaceStream } from './domain/namespace.ts';

const at = ({ code, message }: Rejection, field?: string) => reject(code, message, field);

/** The gate was found open and is closed now: it is being deleted. */
export const beingDeleted = (field?: string) => at(creationRefused.closed, field);

/**
 * Why nothing can be created in the namespace, as its stream tells it now; null where it takes it. Another tenant's
 * namespace and a missing one are the same answer. The claim in the commit decides; this finds the words.
 */
export async function namespaceRefusal(
  store: EventStore,
  tenant: Tenant,
  namespaceId: Id<'namespace'>,
  field: string,
): Promise<Rejection | null> {
  const gate = await loadState(store, { decider: namespace, stream: namespaceStream(namespaceId) });
  if (gate.tenant !== tenant) return at(creationRefused.absent, field);
  const { state } = gate;
  return state.status === 'open' ? null : at(creationRefused[state.status], field);
}
