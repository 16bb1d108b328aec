/** Mutations of how rollouts replace, and of those that wait at a step. */
import { mutation, type Versioned } from './definition.ts';
import { tenantOf } from './tenancy.ts';

interface StepInput {
  readonly count?: number | null;
  readonly weightPercent?: number | null;
  readonly pauseSeconds?: number | null;
}
export interface StrategyInput {
  readonly kind: 'ROLLING' | 'RECREATE' | 'CANARY' | 'BLUE_GREEN';
  readonly steps?: readonly StepInput[] | null;
  readonly autoPromoteSeconds?: number | null;
  readonly scaleDownDelaySeconds?: number | null;
}

const DEFAULT_SCALE_DOWN_DELAY_SECONDS = 30;

const stepOf = ({ count, weightPercent, pauseSeconds }: StepInput) => ({
  ...{ count: count ?? null, weightPercent: weightPercent ?? null, pauseSeconds: pauseSeconds ?? null },
});

/** As the command has it; what belongs to another kind is given on, and refused there. */
export function strategyOf({ kind, steps, autoPromoteSeconds, scaleDownDelaySeconds }: StrategyInput) {
  const given = {
    ...(steps == null ? {} : { steps: steps.map(stepOf) }),
    ...(autoPromoteSeconds == null ? {} : { autoPromoteSeconds }),
    ...(scaleDownDelaySeconds == null ? {} : { scaleDownDelaySeconds }),
  };
  if (kind === 'CANARY') return { kind, steps: [], ...given };
  if (kind !== 'BLUE_GREEN') return { kind, ...given };
  return { kind, autoPromoteSeconds: null, scaleDownDelaySeconds: DEFAULT_SCALE_DOWN_DELAY_SECONDS, ...given };
}

interface OfDeployment extends Versioned {
  readonly deploymentId: string;
}

const setRolloutStrategy = mutation<OfDeployment & { readonly strategy: StrategyInput }>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'SetRolloutStrategy',
  rows: { deployment: 'deploymentId' },
  order: ({ deploymentId, strategy, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, strategy: strategyOf(strategy) },
    expectedVersion: expectedVersion ?? null,
  }),
});

const promoteRollout = mutation<OfDeployment & { readonly full: boolean }>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'PromoteRollout',
  rows: { deployment: 'deploymentId', rollout: 'rolloutId' },
  order: ({ deploymentId, full, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, full },
    expectedVersion: expectedVersion ?? null,
  }),
});

const abortRollout = mutation<OfDeployment & { readonly pace: 'GRADUAL' | 'FAST' }>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'AbortRollout',
  rows: { deployment: 'deploymentId', rollout: 'rolloutId' },
  order: ({ deploymentId, pace, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, pace },
    expectedVersion: expectedVersion ?? null,
  }),
});

export const strategyMutations = { setRolloutStrategy, promoteRollout, abortRollout };
