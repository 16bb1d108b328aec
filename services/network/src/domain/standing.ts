/**
 * Whether a node has the rules that it should (stream `rules:<node id>`), and whether a policy is in force on each node as it should
 * be (stream `enforcement:<policy id>`). Told once when it begins to lag, when the reason becomes another, and when it is over.
 */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { lagReasons } from '@atoll/schema/network/standing';

export type LagReason = (typeof lagReasons)[number];
type EventOf<T extends NetworkEvent['type']> = Extract<NetworkEvent, { type: T }>;

export type NodeRulesEvent = EventOf<'NodeRulesLagging' | 'NodeRulesCaughtUp'>;
export type NodeRulesState =
  | { readonly status: 'current' }
  | { readonly status: 'lagging'; readonly reason: LagReason; readonly message: string | null };
export type NodeRulesCommand =
  | { readonly kind: 'lag'; readonly told: EventOf<'NodeRulesLagging'>['data'] }
  | { readonly kind: 'catchUp'; readonly told: EventOf<'NodeRulesCaughtUp'>['data'] };

export const nodeRulesStream = (id: string) => `rules:${id}`;

export const nodeRules: Decider<NodeRulesState, NodeRulesCommand, NodeRulesEvent> = {
  initial: { status: 'current' },

  decide(state, { kind, told }) {
    if (kind === 'catchUp') {
      return accept<NodeRulesEvent>(state.status === 'current' ? [] : [{ type: 'NodeRulesCaughtUp', data: told }]);
    }
    const known = state.status === 'lagging' && state.reason === told.reason && state.message === told.message;
    return accept<NodeRulesEvent>(known ? [] : [{ type: 'NodeRulesLagging', data: told }]);
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'NodeRulesLagging':
        return { status: 'lagging', reason: event.data.reason, message: event.data.message };
      case 'NodeRulesCaughtUp':
        return { status: 'current' };
      default:
        return event satisfies never;
    }
  },
};

export type EnforcementEvent = EventOf<'PolicyLagging' | 'PolicyCaughtUp'>;
/** By node, why it lags there; nodes on which it doesn't aren't in it. */
export type EnforcementState = Readonly<Record<Id<'node'>, LagReason>>;
export type EnforcementCommand =
  | { readonly kind: 'lag'; readonly told: EventOf<'PolicyLagging'>['data'] }
  | { readonly kind: 'catchUp'; readonly told: EventOf<'PolicyCaughtUp'>['data'] };

export const enforcementStream = (id: string) => `enforcement:${id}`;

export const enforcement: Decider<EnforcementState, EnforcementCommand, EnforcementEvent> = {
  initial: {},

  decide(state, { kind, told }) {
    const known = state[told.nodeId];
    if (kind === 'catchUp') {
      return accept<EnforcementEvent>(known === undefined ? [] : [{ type: 'PolicyCaughtUp', data: told }]);
    }
    return accept<EnforcementEvent>(known === told.reason ? [] : [{ type: 'PolicyLagging', data: told }]);
  },

  evolve(state, event) {
    const { [event.data.nodeId]: _, ...others } = state;
    switch (event.type) {
      case 'PolicyLagging':
        return { ...others, [event.data.nodeId]: event.data.reason };
      case 'PolicyCaughtUp':
        return others;
      default:
        return event satisfies never;
    }
  },
};
