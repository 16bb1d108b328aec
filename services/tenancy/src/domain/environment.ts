/** A stage of a tenant. Stream `environment:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { environmentKinds, ImageRules } from '@atoll/schema/tenancy/environments';
import { noImageRules } from '@atoll/schema/tenancy/environments';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { endCapabilityUse, useCapability } from './capability-use.ts';
import { environmentKey, releaseUnique, requireClaim, takeUnique } from './claims.ts';

export type EnvironmentEvent = Extract<
  TenancyEvent,
  { type: 'EnvironmentCreated' | 'EnvironmentChanged' | 'ImageRulesSet' }
>;
type Kind = (typeof environmentKinds)[number];
export type EnvironmentState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'active';
      readonly environmentId: Id<'environment'>;
      readonly name: string;
      readonly kind: Kind;
      readonly rules: ImageRules;
    };

export type EnvironmentCommand =
  | {
      readonly kind: 'create';
      readonly tenant: Id<'tenant'>;
      readonly environmentId: Id<'environment'>;
      readonly name: string;
      readonly environmentKind: Kind;
    }
  | {
      readonly kind: 'change';
      readonly tenant: Id<'tenant'>;
      readonly name: string | undefined;
      readonly environmentKind: Kind | undefined;
    }
  | { readonly kind: 'setImageRules'; readonly tenant: Id<'tenant'>; readonly rules: ImageRules };

export const environmentNotFound = reject('NOT_FOUND', 'There is no such environment.', 'environmentId');

export const environmentStream = (id: string) => `environment:${id}`;

const rulesOf = ({ allowed, promotedOnly }: ImageRules): ImageRules => ({
  allowed: allowed && [...new Set(allowed)].sort(),
  promotedOnly,
});
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export const environment: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    if (command.kind === 'create') {
      const { tenant, environmentId, name, environmentKind } = command;
      if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The environment exists already.'));
      return accept<EnvironmentEvent>(
        [{ type: 'EnvironmentCreated', data: { environmentId, name, kind: environmentKind } }],
        [
          requireClaim('tenant', tenant),
          takeUnique('environment-name', `${tenant}/${name}`, environmentId),
          takeUnique('environment', environmentKey(tenant, environmentId), environmentId),
        ],
      );
    }
    if (state.status === 'absent') return refuse(environmentNotFound);
    const { environmentId } = state;
    const { tenant } = command;
    const there = [requireClaim('tenant', tenant), requireClaim('environment', environmentKey(tenant, environmentId))];
    switch (command.kind) {
      case 'change': {
        const name = command.name ?? state.name;
        const kind = command.environmentKind ?? state.kind;
        if (name === state.name && kind === state.kind) return accept<EnvironmentEvent>([], there);
        const renamed =
          name === state.name
            ? []
            : [
                releaseUnique('environment-name', `${tenant}/${state.name}`, environmentId),
                takeUnique('environment-name', `${tenant}/${name}`, environmentId),
              ];
        return accept<EnvironmentEvent>(
          [{ type: 'EnvironmentChanged', data: { environmentId, name, kind } }],
          [...there, ...renamed],
        );
      }
      case 'setImageRules': {
        const rules = rulesOf(command.rules);
        if (same(rules, state.rules)) return accept<EnvironmentEvent>([], there);
        const use = same(rules, noImageRules) ? endCapabilityUse : useCapability;
        return accept<EnvironmentEvent>(
          [{ type: 'ImageRulesSet', data: { environmentId, rules } }],
          [...there, use(tenant, 'imageRules', environmentId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'EnvironmentCreated':
        return { status: 'active', ...event.data, rules: noImageRules };
      case 'EnvironmentChanged':
        return state.status === 'absent' ? state : { ...state, ...event.data };
      case 'ImageRulesSet':
        return state.status === 'absent' ? state : { ...state, rules: event.data.rules };
      default:
        return event satisfies never;
    }
  },
};
