/** How rollouts replace, as it is shown. */
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';

/** In the order of the SDL: what is embedded is shown as it is kept. */
export const shownStrategy = (strategy: RolloutStrategy) => ({
  kind: strategy.kind,
  steps:
    strategy.kind === 'CANARY'
      ? strategy.steps.map(({ count, weightPercent, pauseSeconds }) => ({ count, weightPercent, pauseSeconds }))
      : [],
  autoPromoteSeconds: strategy.kind === 'BLUE_GREEN' ? strategy.autoPromoteSeconds : null,
  scaleDownDelaySeconds: strategy.kind === 'BLUE_GREEN' ? strategy.scaleDownDelaySeconds : null,
});

/** Of a rollout that doesn't wait at a step. */
export const noPause = { paused_until: null };
