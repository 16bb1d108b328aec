/** Whether a tenant's policies open anything: not while it is suspended or to be deleted. Stream `tenant:<id>`. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';

export type ConnectionEvent = Extract<
  NetworkEvent,
  { type: 'TenantIsolated' | 'TenantReconnected' | 'TenantForgotten' }
>;
/** `told`: position in the tenancy context of the newest fact that was followed. */
export type ConnectionState =
  | { readonly status: 'connected' | 'isolated'; readonly told: number }
  | { readonly status: 'forgotten' };

/** `told`: position in the tenancy context of the fact that says so. */
export interface ConnectionCommand {
  readonly kind: 'isolate' | 'reconnect' | 'forget';
  readonly tenantId: Id<'tenant'>;
  readonly told: number;
}

export const connectionStream = (id: string) => `tenant:${id}`;

/**
 * The facts come from several streams of tenancy (the tenant's, those of its deletions), which are followed beside each other:
 * what is older than what was followed already comes too late. So each is written down, also where it changes nothing.
 */
export const connection: Decider<ConnectionState, ConnectionCommand, ConnectionEvent> = {
  initial: { status: 'connected', told: 0 },

  decide(state, { kind, tenantId, told }) {
    if (state.status === 'forgotten') return accept<ConnectionEvent>([]);
    if (kind === 'forget') return accept<ConnectionEvent>([{ type: 'TenantForgotten', data: { tenantId } }]);
    if (told <= state.told) return accept<ConnectionEvent>([]);
    const type = kind === 'isolate' ? 'TenantIsolated' : 'TenantReconnected';
    return accept<ConnectionEvent>([{ type, data: { tenantId, told } }]);
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'TenantIsolated':
        return { status: 'isolated', told: event.data.told };
      case 'TenantReconnected':
        return { status: 'connected', told: event.data.told };
      case 'TenantForgotten':
        return { status: 'forgotten' };
      default:
        return event satisfies never;
    }
  },
};
