/** A stage of a tenant. Stream `environment:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { environmentKinds, TenancyEvent } from '@atoll/schema/tenancy/events';
import { environmentKey, requireClaim, takeUnique } from './claims.ts';

export type EnvironmentEvent = Extract<TenancyEvent, { type: 'EnvironmentCreated' }>;
export type EnvironmentState = { readonly status: 'absent' } | { readonly status: 'active' };

export interface EnvironmentCommand {
  readonly kind: 'create';
  readonly tenant: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly name: string;
  readonly environmentKind: (typeof environmentKinds)[number];
}

export const environmentNotFound = reject('NOT_FOUND', 'There is no such environment.', 'environmentId');

export const environmentStream = (id: string) => `environment:${id}`;

export const environment: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initial: { status: 'absent' },

  decide(state, { tenant, environmentId, name, environmentKind }) {
    if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The environment exists already.'));
    return accept<EnvironmentEvent>(
      [{ type: 'EnvironmentCreated', data: { environmentId, name, kind: environmentKind } }],
      [
        requireClaim('tenant', tenant),
        takeUnique('environment-name', `${tenant}/${name}`, environmentId),
        takeUnique('environment', environmentKey(tenant, environmentId), environmentId),
      ],
    );
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'EnvironmentCreated':
        return { status: 'active' };
      default:
        return event.type satisfies never;
    }
  },
};
