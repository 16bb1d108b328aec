/**
 * What must not be deleted: a tenant, an environment or a namespace that its admins protect, and tenants of which the
 * operator lets nothing be destroyed. Stream `protection:<id>` of what is protected.
 */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { purgeKey, releasePlace, requireClaim, requireFree, requireStaying, takePlace } from './claims.ts';

export type ProtectionEvent = Extract<TenancyEvent, { type: 'DeletionProtectionChanged' | 'LegalHoldChanged' }>;
export type Protectable = Id<'tenant'> | Id<'environment'> | Id<'namespace'>;

export interface ProtectionState {
  readonly enabled: boolean;
  /** Why nothing of the tenant may be destroyed; null where it may. */
  readonly hold: string | null;
}

export type ProtectionCommand =
  | {
      readonly kind: 'protect';
      readonly tenant: Id<'tenant'>;
      readonly id: Protectable;
      /** The id and what it is in, up to the tenant. */
      readonly path: readonly Protectable[];
      readonly enabled: boolean;
    }
  | { readonly kind: 'hold'; readonly tenant: Id<'tenant'>; readonly reason: string | null };

export const protectionStream = (id: string) => `protection:${id}`;
const HOLDER = 'operator';

export const protection: Decider<ProtectionState, ProtectionCommand, ProtectionEvent> = {
  initial: { enabled: false, hold: null },

  decide(state, command) {
    switch (command.kind) {
      case 'protect': {
        const { tenant, id, path, enabled } = command;
        if (state.enabled === enabled) return accept<ProtectionEvent>([]);
        const place = enabled ? takePlace : releasePlace;
        return accept<ProtectionEvent>(
          [{ type: 'DeletionProtectionChanged', data: { resourceId: id, enabled } }],
          [
            ...(enabled ? path.flatMap((one) => requireStaying(one, `protection:${id}`)) : []),
            requireClaim('tenant', tenant),
            ...path.map((one) => place('deletion-protection', one, id)),
          ],
        );
      }
      case 'hold': {
        const { tenant, reason } = command;
        if (state.hold === reason) return accept<ProtectionEvent>([]);
        return accept<ProtectionEvent>(
          [{ type: 'LegalHoldChanged', data: { tenantId: tenant, reason } }],
          reason === null
            ? [releasePlace('legal-hold', tenant, HOLDER)]
            : [...requireFree('deletion', purgeKey(tenant), HOLDER), takePlace('legal-hold', tenant, HOLDER)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'DeletionProtectionChanged':
        return { ...state, enabled: event.data.enabled };
      case 'LegalHoldChanged':
        return { ...state, hold: event.data.reason };
      default:
        return event satisfies never;
    }
  },
};
