import type { Decider, Decision, DomainEvent } from './decider.ts';
import { deepFreeze } from './state/freeze.ts';

/**
 * `given(decider, events).when(command)` → the decision: for tests that read as a sentence. States are frozen: a decider
 * that changes one throws.
 */
export function given<S, C, E extends DomainEvent>(
  decider: Decider<S, C, E>,
  events: readonly E[],
): { when(command: C): Decision<E>; state(): S } {
  const state = () =>
    events.reduce<S>((folded, event) => deepFreeze(decider.evolve(folded, event)), deepFreeze(decider.initial));
  return { when: (command) => decider.decide(state(), command), state };
}
