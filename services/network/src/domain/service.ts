/** A virtual address with a name, and which instances are behind it. Stream `service:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { MAX_SERVICES, type ServiceSpec } from '@atoll/schema/network/services';
import type { Labels } from '@atoll/schema/text';
import { releaseAmount, releaseUnique, requireOpen, serviceNameKey, takeAmount, takeUnique } from './claims.ts';

export type ServiceEvent = Extract<
  NetworkEvent,
  { type: 'ServiceCreated' | 'ServiceUpdated' | 'ServiceLabelsSet' | 'ServiceDeleted' }
>;

interface Known {
  readonly serviceId: Id<'service'>;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly spec: ServiceSpec;
  /** Its own, not those that it selects by. */
  readonly labels: Labels;
  readonly version: number;
}
export type ServiceState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active' })
  | { readonly status: 'deleted' };

export type ServiceCommand =
  | ({ readonly kind: 'create' } & Omit<Known, 'version' | 'labels'>)
  | { readonly kind: 'update'; readonly spec: ServiceSpec; readonly seen: number | null }
  | { readonly kind: 'setLabels'; readonly labels: Labels; readonly seen: number | null }
  | { readonly kind: 'delete'; readonly seen: number | null }
  /** Its namespace is going. */
  | { readonly kind: 'purge' };

export const serviceStream = (id: string) => `service:${id}`;
export const serviceNotFound = reject('NOT_FOUND', 'There is no such service.', 'serviceId');

const nothing = accept<ServiceEvent>([]);

/** Equal intent is equal text, in whatever order it was told. */
const canonical = (spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  ports: [...spec.ports].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)),
});

const changed = (version: number) =>
  refuse(
    reject(
      'VERSION_CONFLICT',
      `The service has changed: its version is ${version}. Read it, and decide again.`,
      'expectedVersion',
    ),
  );

export const service: Decider<ServiceState, ServiceCommand, ServiceEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    if (command.kind === 'create') {
      if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The service exists already.'));
      const { kind: _, ...data } = command;
      const { serviceId, namespaceId, name, ipv4, ipv6, spec } = data;
      return accept<ServiceEvent>(
        [{ type: 'ServiceCreated', data: { ...data, spec: canonical(spec) } }],
        [
          requireOpen(namespaceId),
          takeUnique('service-name', serviceNameKey(namespaceId, name), serviceId),
          takeUnique('service', serviceId, serviceId),
          takeAmount('services', namespaceId, serviceId, 1, MAX_SERVICES),
          takeUnique('address', ipv4, serviceId),
          takeUnique('address', ipv6, serviceId),
        ],
      );
    }
    if (state.status === 'deleted' && command.kind === 'purge') return nothing;
    if (state.status !== 'active') return refuse(serviceNotFound);
    const { serviceId, namespaceId, name, ipv4, ipv6 } = state;
    switch (command.kind) {
      case 'update': {
        if (command.seen !== null && command.seen !== state.version) return changed(state.version);
        const spec = canonical(command.spec);
        if (equal(spec, state.spec)) return nothing;
        return accept<ServiceEvent>(
          [{ type: 'ServiceUpdated', data: { serviceId, namespaceId, spec } }],
          [requireOpen(namespaceId)],
        );
      }
      case 'setLabels': {
        if (command.seen !== null && command.seen !== state.version) return changed(state.version);
        if (equal(command.labels, state.labels)) return nothing;
        return accept<ServiceEvent>(
          [{ type: 'ServiceLabelsSet', data: { serviceId, namespaceId, labels: command.labels } }],
          [requireOpen(namespaceId)],
        );
      }
      case 'delete':
      case 'purge':
        if (command.kind === 'delete' && command.seen !== null && command.seen !== state.version) {
          return changed(state.version);
        }
        return accept<ServiceEvent>(
          [{ type: 'ServiceDeleted', data: { serviceId, namespaceId, name, ipv4, ipv6 } }],
          [
            releaseUnique('service-name', serviceNameKey(namespaceId, name), serviceId),
            releaseUnique('service', serviceId, serviceId),
            releaseAmount('services', namespaceId, serviceId),
            releaseUnique('address', ipv4, serviceId),
            releaseUnique('address', ipv6, serviceId),
          ],
        );
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'ServiceCreated':
        return { status: 'active', ...event.data, labels: {}, version: 1 };
      case 'ServiceUpdated':
        return state.status === 'active' ? { ...state, spec: event.data.spec, version: state.version + 1 } : state;
      case 'ServiceLabelsSet':
        return state.status === 'active' ? { ...state, labels: event.data.labels, version: state.version + 1 } : state;
      case 'ServiceDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};
