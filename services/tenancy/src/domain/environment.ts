/** A stage of a tenant. Stream `environment:<id>`. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { environmentKinds, ImageRules } from '@atoll/schema/tenancy/environments';
import { noImageRules } from '@atoll/schema/tenancy/environments';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { Labels } from '@atoll/schema/text';
import { endCapabilityUse, useCapability } from './capability-use.ts';
import { environmentKey, releaseUnique, requireClaim, takeUnique } from './claims.ts';

export type EnvironmentEvent = Extract<
  TenancyEvent,
  {
    type: 'EnvironmentCreated' | 'EnvironmentChanged' | 'ImageRulesSet' | 'EnvironmentLabelsSet' | 'EnvironmentDeleted';
  }
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
      readonly labels: Labels;
    }
  | { readonly status: 'deleted' };

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
  | { readonly kind: 'setLabels'; readonly tenant: Id<'tenant'>; readonly labels: Labels }
  | { readonly kind: 'setImageRules'; readonly tenant: Id<'tenant'>; readonly rules: ImageRules }
  /** Nothing of it is left but what `releases` lets go of: its deletion, or that of its tenant, has seen to that. */
  | {
      readonly kind: 'delete';
      readonly environmentId: Id<'environment'>;
      readonly name: string;
      readonly releases: readonly Claim[];
    };

export const environmentNotFound = reject('NOT_FOUND', 'There is no such environment.', 'environmentId');

export const environmentStream = (id: string) => `environment:${id}`;

const rulesOf = ({ allowed, promotedOnly }: ImageRules): ImageRules => ({
  allowed: allowed && [...new Set(allowed)].sort(),
  promotedOnly,
});

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
    if (command.kind === 'delete') {
      if (state.status === 'absent') return refuse(environmentNotFound);
      if (state.status === 'deleted') return accept<EnvironmentEvent>([]);
      const { environmentId, name, releases } = command;
      return accept<EnvironmentEvent>([{ type: 'EnvironmentDeleted', data: { environmentId, name } }], releases);
    }
    if (state.status !== 'active') return refuse(environmentNotFound);
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
      case 'setLabels': {
        const { labels } = command;
        if (equal(labels, state.labels)) return accept<EnvironmentEvent>([], there);
        return accept<EnvironmentEvent>([{ type: 'EnvironmentLabelsSet', data: { environmentId, labels } }], there);
      }
      case 'setImageRules': {
        const rules = rulesOf(command.rules);
        if (equal(rules, state.rules)) return accept<EnvironmentEvent>([], there);
        const use = equal(rules, noImageRules) ? endCapabilityUse : useCapability;
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
        return { status: 'active', ...event.data, rules: noImageRules, labels: {} };
      case 'EnvironmentChanged':
        return state.status === 'active' ? { ...state, ...event.data } : state;
      case 'ImageRulesSet':
        return state.status === 'active' ? { ...state, rules: event.data.rules } : state;
      case 'EnvironmentLabelsSet':
        return state.status === 'active' ? { ...state, labels: event.data.labels } : state;
      case 'EnvironmentDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};
