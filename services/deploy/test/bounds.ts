/** What each strategy allows, said once more: for what checks the rollouts from the outside. */
import type { Body } from '../src/domain/deployment.ts';

/** How what is there is replaced now. */
export function modeNow({ rollout, plan }: Pick<Body, 'rollout' | 'plan'>): string {
  const open = rollout !== null && rollout.status !== 'COMPLETED' && rollout.status !== 'SUPERSEDED';
  if (open) return rollout.strategy.kind;
  return plan.kind === 'RECREATE' ? 'RECREATE' : 'ROLLING';
}

/** Instances at most, stopping ones counted. */
export function mostOf(body: Body): number {
  const { replicas, strategy } = body;
  const mode = modeNow(body);
  if (mode === 'RECREATE') return replicas;
  return (mode === 'BLUE_GREEN' ? 2 * replicas : replicas) + strategy.maxSurge;
}

/** Instances of the new release at most, at the step that it is at. */
export function canariesOf({ rollout, replicas }: Pick<Body, 'rollout' | 'replicas'>): number {
  if (rollout?.strategy.kind !== 'CANARY') return replicas;
  const step = rollout.strategy.steps[rollout.step];
  return Math.min(replicas, step?.count ?? Math.ceil((replicas * (step?.weightPercent ?? 100)) / 100));
}
