/**
 * What a rollout asks for at the step that it is at. Pure arithmetic over the state, as Kubernetes counts: what is new is
 * rounded up, what stays is the rest, so both together never need more than one instance above the replicas.
 */
import { type RolloutStrategy, rolling, stepsOf } from '@atoll/schema/deploy/strategies';
import { type Body, isOpen, type RolloutKind } from './deployment.ts';

export interface Stage {
  /** Instances of its release. */
  readonly targets: number;
  /** Others that come back where they are lost … */
  readonly fill: number;
  /** … and that stay at most. */
  readonly keep: number;
  /** Once it is reached; null: until somebody promotes it. */
  readonly pauseSeconds: number | null;
}

/** Null in the last part of a rollout, which every rollout has: up to all replicas, and nothing else. */
export function stageOf(body: Body): Stage | null {
  const { rollout, replicas, strategy: bounds } = body;
  if (!isOpen(rollout) || rollout.step >= stepsOf(rollout.strategy)) return null;
  const { strategy, step } = rollout;
  if (strategy.kind === 'BLUE_GREEN') {
    const all = { targets: replicas, keep: replicas };
    return step === 0
      ? { ...all, fill: replicas, pauseSeconds: strategy.autoPromoteSeconds }
      : { ...all, fill: 0, pauseSeconds: strategy.scaleDownDelaySeconds };
  }
  const now = strategy.kind === 'CANARY' ? strategy.steps[step] : undefined;
  if (now === undefined) return null;
  const asked = now.count ?? Math.ceil((replicas * (now.weightPercent ?? 0)) / 100);
  const targets = Math.min(asked, replicas);
  // As long as a step lasts, something of what is known to be good serves; where there may be one more.
  const others = Math.max(replicas - targets, Math.min(1, bounds.maxSurge, replicas));
  return { targets, fill: others, keep: others, pauseSeconds: now.pauseSeconds };
}

/**
 * How a rollout that begins now replaces. A first one and a way back wait for nobody: without anything good to compare with
 * there is no canary, and a rollback is not tried out first.
 */
export function strategyFor({ plan, releases, stableId }: Body, kind: RolloutKind): RolloutStrategy {
  switch (plan.kind) {
    case 'ROLLING':
    case 'RECREATE':
      return plan;
    case 'CANARY': {
      const good = releases.some(({ id, served, abandoned }) => id === stableId && served && !abandoned);
      return kind === 'UPGRADE' && good ? plan : rolling;
    }
    case 'BLUE_GREEN':
      if (kind === 'INITIAL') return rolling;
      return kind === 'UPGRADE' ? plan : { kind: 'BLUE_GREEN', autoPromoteSeconds: 0, scaleDownDelaySeconds: 0 };
    default:
      return plan satisfies never;
  }
}
