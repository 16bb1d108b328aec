/** Mutations of deployments. */
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition, repetition } from './lists.ts';
import { type WishesInput, wishesOf, wishesRepetition } from './placement.ts';
import { type PolicyInput, policyOf } from './rollouts.ts';
import { type StrategyInput, strategyOf } from './strategies.ts';
import { tenantOf } from './tenancy.ts';

interface ReadinessInput {
  readonly protocol: 'TCP' | 'HTTP';
  readonly port: number;
  readonly path: string;
  readonly periodSeconds: number;
}

interface SpecInput {
  readonly image?: string | null;
  readonly command?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[] | null;
  readonly cpuMillis?: number | null;
  readonly memoryMiB?: number | null;
  readonly readiness?: ReadinessInput | null;
}

function readinessOf(probe: ReadinessInput | null | undefined) {
  if (!probe) return null;
  const { protocol: kind, port, path, periodSeconds } = probe;
  return kind === 'HTTP' ? { kind, port, path, periodSeconds } : { kind, port, periodSeconds };
}

const envOf = (env: SpecInput['env']) => Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
const portsOf = (ports: SpecInput['ports']) => (ports ?? []).map(({ port, protocol }) => ({ port, protocol }));

const envRepetition = (env: SpecInput['env']) =>
  repetition(
    (env ?? []).map(({ name }) => name),
    'env',
    'name',
  );

const specFields = {
  renamed: {
    strategy: 'maxSurge',
    'strategy.maxSurge': 'maxSurge',
    'strategy.maxUnavailable': 'maxUnavailable',
    policy: '',
    rollouts: 'rolloutStrategy',
    spec: '',
    'spec.resources': '',
    'spec.readiness.kind': 'readiness.protocol',
  },
  keyed: { labels: 'key', env: 'name', 'placement.nodeLabels': 'key' },
};

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
    const spec = {
      image: input.image,
      command: input.command ?? null,
      env: envOf(input.env),
      ports: portsOf(input.ports),
      resources: { cpuMillis: input.cpuMillis, memoryMiB: input.memoryMiB },
      readiness: readinessOf(input.readiness),
    };
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

/** Only what is given: for `command` and `readiness` null is something to give. */
function changeOf(input: SpecInput): Record<string, unknown> {
  const { image, command, env, ports, cpuMillis, memoryMiB, readiness } = input;
  const resources = { ...(cpuMillis == null ? {} : { cpuMillis }), ...(memoryMiB == null ? {} : { memoryMiB }) };
  return {
    ...(image == null ? {} : { image }),
    ...(command === undefined ? {} : { command }),
    ...(env == null ? {} : { env: envOf(env) }),
    ...(ports == null ? {} : { ports: portsOf(ports) }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(readiness === undefined ? {} : { readiness: readinessOf(readiness) }),
  };
}

const upgradeDeployment = mutation<UpgradeDeploymentInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'UpgradeDeployment',
  rows: { deployment: 'deploymentId', release: 'releaseId' },
  ...specFields,
  order: (input, { viewer }) =>
    envRepetition(input.env) ?? {
      tenant: tenantOf(viewer),
      data: { deploymentId: input.deploymentId, spec: changeOf(input) },
      expectedVersion: input.expectedVersion ?? null,
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
