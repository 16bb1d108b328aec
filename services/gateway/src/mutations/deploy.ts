/** Mutations of deployments. */
import { reject } from '@atoll/schema/errors';
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { type WishesInput, wishesOf, wishesRepetition } from './placement.ts';
import { probeOf } from './probes.ts';
import {
  envOf,
  envRepetition,
  isRefused,
  type OneProcess,
  type ProcessInput,
  podOf,
  portsOf,
  processOf,
  toldOfProcesses,
} from './processes.ts';
import { type PolicyInput, policyOf } from './rollouts.ts';
import { type StrategyInput, strategyOf } from './strategies.ts';
import { tenantOf } from './tenancy.ts';

interface SpecInput extends OneProcess {
  readonly processes?: readonly ProcessInput[] | null;
}

const specFields = {
  told: toldOfProcesses,
  renamed: {
    strategy: 'maxSurge',
    'strategy.maxSurge': 'maxSurge',
    'strategy.maxUnavailable': 'maxUnavailable',
    policy: '',
    rollouts: 'rolloutStrategy',
    spec: '',
    'spec.resources': '',
    'spec.readiness.kind': 'readiness.protocol',
    'spec.liveness.kind': 'liveness.protocol',
    'spec.startup.kind': 'startup.protocol',
  },
  keyed: { labels: 'key', env: 'name', 'placement.nodeLabels': 'key' },
};

const imageNeeded = reject('INVALID_ARGUMENT', 'Give the image that is to run, or several processes.', 'image');

interface CreateDeploymentInput extends Keyed, SpecInput, PolicyInput {
  readonly namespaceId: string;
  readonly name: string;
  readonly labels?: readonly LabelInput[] | null;
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly rolloutStrategy?: StrategyInput | null;
  readonly placement?: WishesInput | null;
  readonly fenced?: boolean | null;
}

const createDeployment = mutation<CreateDeploymentInput>({
  touches: ['namespaceId'],
  context: 'deploy',
  command: 'CreateDeployment',
  rows: { deployment: 'deploymentId' },
  ...specFields,
  order(input, { viewer }) {
    const { namespaceId, name, labels, replicas, maxSurge, maxUnavailable } = input;
    const twice = labelRepetition(labels, 'labels') ?? envRepetition(input.env) ?? wishesRepetition(input.placement);
    if (twice) return twice;
    if (input.image == null && input.processes == null) return imageNeeded;
    const spec = input.processes == null ? processOf(input) : podOf(input.processes, input);
    if (isRefused(spec)) return spec;
    const strategy = { maxSurge, maxUnavailable };
    const policy = policyOf(input);
    const placement = wishesOf(input.placement);
    const rollouts = input.rolloutStrategy ? { rollouts: strategyOf(input.rolloutStrategy) } : {};
    const data = {
      namespaceId,
      name,
      labels: labelMap(labels),
      replicas,
      strategy,
      policy,
      ...rollouts,
      spec,
      placement,
      fenced: input.fenced ?? false,
    };
    return { tenant: tenantOf(viewer), data, expectedVersion: null };
  },
});

interface UpgradeDeploymentInput extends Versioned, SpecInput {
  readonly deploymentId: string;
}

/** Only what is given: for `command` and probes null is something to give. */
function changeOf(input: SpecInput): Record<string, unknown> {
  const { image, command, env, ports, cpuMillis, memoryMiB, readiness, liveness, startup } = input;
  const resources = { ...(cpuMillis == null ? {} : { cpuMillis }), ...(memoryMiB == null ? {} : { memoryMiB }) };
  return {
    ...(image == null ? {} : { image }),
    ...(command === undefined ? {} : { command }),
    ...(env == null ? {} : { env: envOf(env) }),
    ...(ports == null ? {} : { ports: portsOf(ports) }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(readiness === undefined ? {} : { readiness: probeOf(readiness) }),
    ...(liveness === undefined ? {} : { liveness: probeOf(liveness) }),
    ...(startup === undefined ? {} : { startup: probeOf(startup) }),
  };
}

const upgradeDeployment = mutation<UpgradeDeploymentInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'UpgradeDeployment',
  rows: { deployment: 'deploymentId', release: 'releaseId' },
  ...specFields,
  order(input, { viewer }) {
    const twice = envRepetition(input.env);
    if (twice) return twice;
    const spec = input.processes == null ? changeOf(input) : podOf(input.processes, input);
    if (isRefused(spec)) return spec;
    const { deploymentId, expectedVersion = null } = input;
    return { tenant: tenantOf(viewer), data: { deploymentId, spec }, expectedVersion };
  },
});

interface RollbackDeploymentInput extends Versioned {
  readonly deploymentId: string;
  readonly toRelease?: number | null;
  readonly pace: 'GRADUAL' | 'FAST';
}

const rollbackDeployment = mutation<RollbackDeploymentInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'RollbackDeployment',
  rows: { deployment: 'deploymentId', release: 'releaseId' },
  order: ({ deploymentId, toRelease, pace, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, toRelease: toRelease ?? null, pace },
    expectedVersion: expectedVersion ?? null,
  }),
});

interface ScaleDeploymentInput extends Versioned {
  readonly deploymentId: string;
  readonly replicas: number;
}

const scaleDeployment = mutation<ScaleDeploymentInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'ScaleDeployment',
  rows: { deployment: 'deploymentId' },
  order: ({ deploymentId, replicas, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId, replicas },
    expectedVersion: expectedVersion ?? null,
  }),
});

interface DeleteDeploymentInput extends Versioned {
  readonly deploymentId: string;
}

const deleteDeployment = mutation<DeleteDeploymentInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'DeleteDeployment',
  rows: { deployment: 'deploymentId' },
  order: ({ deploymentId, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { deploymentId },
    expectedVersion: expectedVersion ?? null,
  }),
});

export const deployMutations = {
  createDeployment,
  upgradeDeployment,
  rollbackDeployment,
  scaleDeployment,
  deleteDeployment,
};
