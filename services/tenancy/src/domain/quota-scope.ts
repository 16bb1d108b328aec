/** The limits that a tenant sets itself for an environment or a namespace. Stream `quota:<its id>`. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { measureNames, type QuotaLimits } from '@atoll/schema/tenancy/quotas';
import { environmentKey, requireClaim } from './claims.ts';
import { limitClaims } from './quota.ts';

type QuotaScopeEvent = Extract<TenancyEvent, { type: 'QuotaSet' }>;

export interface QuotaScopeState {
  readonly limits: QuotaLimits;
}

export interface QuotaScopeCommand {
  readonly tenant: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  /** Null: the environment itself. */
  readonly namespaceId: Id<'namespace'> | null;
  /** What is left out stays; null takes a limit back. */
  readonly limits: QuotaLimits;
}

export const quotaScopeStream = (scopeId: string) => `quota:${scopeId}`;

export const quotaScope: Decider<QuotaScopeState, QuotaScopeCommand, QuotaScopeEvent> = {
  initial: { limits: {} },

  decide(state, { tenant, environmentId, namespaceId, limits }) {
    const changed = measureNames.filter(
      (measure) => limits[measure] !== undefined && limits[measure] !== (state.limits[measure] ?? null),
    );
    if (changed.length === 0) return accept<QuotaScopeEvent>([]);
    const changes: QuotaLimits = Object.fromEntries(changed.map((measure) => [measure, limits[measure]]));
    const all = Object.entries({ ...state.limits, ...changes }).filter(([, limit]) => limit !== null);
    return accept<QuotaScopeEvent>(
      [{ type: 'QuotaSet', data: { environmentId, namespaceId, limits: Object.fromEntries(all) } }],
      [
        requireClaim('tenant', tenant),
        requireClaim('environment', environmentKey(tenant, environmentId)),
        ...limitClaims(namespaceId ?? environmentId, changes),
      ],
    );
  },

  evolve: (_state, event) => ({ limits: event.data.limits }),
};
