/** Mutations of rollouts under way, and of what becomes of those that fail. */
import { mutation, type Versioned } from './definition.ts';
import { tenantOf } from './tenancy.ts';

interface OfDeployment extends Versioned {
  readonly deploymentId: string;
}

const standing = (command: 'SuspendRollout' | 'ResumeRollout') =>
  mutation<OfDeployment>({
    touches: ['deploymentId'],
    context: 'deploy',
    command,
    rows: { deployment: 'deploymentId', rollout: 'rolloutId' },
    order: ({ deploymentId, expectedVersion }, { viewer }) => ({
      tenant: tenantOf(viewer),
      data: { deploymentId },
      expectedVersion: expectedVersion ?? null,
    }),
  });

export interface PolicyInput {
  readonly progressDeadlineSeconds?: number | null;
  readonly onFailure?: 'FREEZE' | 'GRADUAL' | 'FAST' | null;
}

/** Only what is given: for the deadline null is something to give. */
export const policyOf = ({ progressDeadlineSeconds, onFailure }: PolicyInput) => ({
  ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
  ...(onFailure == null ? {} : { onFailure }),
});

const setRolloutPolicy = mutation<OfDeployment & PolicyInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'SetRolloutPolicy',
  rows: { deployment: 'deploymentId' },
  renamed: { policy: '' },
  order: ({ deploymentId, expectedVersion, ...policy }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, policy: policyOf(policy) },
    expectedVersion: expectedVersion ?? null,
  }),
});

export const rolloutMutations = {
  suspendRollout: standing('SuspendRollout'),
  resumeRollout: standing('ResumeRollout'),
  setRolloutPolicy,
};
