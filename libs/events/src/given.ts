import type { Decider, Decision, DomainEvent } from './decider.ts';

/** `given(decider, events).when(command)` → the decision: for tests that read as a sentence. */
export function given<S, C, E extends DomainEvent>(
  decider: Decider<S, C, E>,
  events: readonly E[],
): { when(command: C): Decision<E>; state(): S } {
  const state = () => events.reduce<S>((folded, event) => decider.evolve(folded, event), decider.initial);
  return { when: (command) => decider.decide(state(), command), state };
}
