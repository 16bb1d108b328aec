/** Whether a port can lead to a service: it is the tenant's, of that namespace, and has such a port. */
import { type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import { service, serviceNotFound, serviceStream } from '../domain/service.ts';

/** Null where it can. A deployment is another context's: a port may lead to one that isn't there, and leads nowhere. */
export async function targetFault(
  store: EventStore,
  tenant: Tenant,
  { target, protocol, namespaceId }: NetworkInput<'CreatePortMapping'>,
): Promise<Rejection | null> {
  if (target.kind !== 'SERVICE') return null;
  const found = await loadState(store, { decider: service, stream: serviceStream(target.serviceId) });
  if (found.tenant !== tenant || found.state.status !== 'active' || found.state.namespaceId !== namespaceId) {
    return serviceNotFound;
  }
  const { name, spec } = found.state;
  if (spec.ports.some((one) => one.protocol === protocol && one.port === target.port)) return null;
  const has = spec.ports.map((one) => `${one.protocol} ${one.port}`).join(', ');
  return reject(
    'INVALID_ARGUMENT',
    `The service "${name}" has no port ${protocol} ${target.port}: it has ${has}.`,
    'target.port',
  );
}
