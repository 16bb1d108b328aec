/** Whether a tenant's policies open anything: not while it is suspended or to be deleted. Stream `tenant:<id>`. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';

export type ConnectionEvent = Extract<
  NetworkEvent,
  { type: 'TenantIsolated' | 'TenantReconnected' | 'TenantForgotten' }
>;
export type ConnectionState = 'connected' | 'isolated' | 'forgotten';

export interface ConnectionCommand {
  readonly kind: 'isolate' | 'reconnect' | 'forget';
  readonly tenantId: Id<'tenant'>;
}

export const connectionStream = (id: string) => `tenant:${id}`;

const wanted = { isolate: 'isolated', reconnect: 'connected', forget: 'forgotten' } as const;
const told = { isolate: 'TenantIsolated', reconnect: 'TenantReconnected', forget: 'TenantForgotten' } as const;

export const connection: Decider<ConnectionState, ConnectionCommand, ConnectionEvent> = {
  initial: 'connected',

  decide: (state, { kind, tenantId }) =>
    accept<ConnectionEvent>(
      state === wanted[kind] || state === 'forgotten' ? [] : [{ type: told[kind], data: { tenantId } }],
    ),

  evolve(_state, event) {
    switch (event.type) {
      case 'TenantIsolated':
        return 'isolated';
      case 'TenantReconnected':
        return 'connected';
      case 'TenantForgotten':
        return 'forgotten';
      default:
        return event satisfies never;
    }
  },
};
