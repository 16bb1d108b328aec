/** Plain values for pure tests: ids that can be read, a spec, nodes. */

import { noWishes } from '@atoll/schema/deploy/placement';
import { alone, type ReleaseSpec, type Resources, releaseSpec } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import type { DeploymentCommand, Granted } from '../src/domain/commands.ts';
import type { Deployment, DeploymentEvent } from '../src/domain/deployment.ts';
import { evolve } from '../src/domain/evolve.ts';
import type { Instance } from '../src/domain/instance.ts';
import type { World } from '../src/domain/world.ts';
import { defaultPoolView, type NodeView } from '../src/placement/node-view.ts';
import type { Placer } from '../src/placement/placer.ts';

export const tenant: Id<'tenant'> = 'ten_a';
export const deploymentId: Id<'deployment'> = 'dep_a';
export const namespaceId: Id<'namespace'> = 'ns_a';
export const anybody: Placer = {
  ...{ tenant, nodes: 'any', pools: [], slaClasses, weights: null, wishes: noWishes },
  ...{ others: new Set(), near: [] },
};
/** Room for whatever a test wants. */
export const granted: Granted = {
  reservationId: 'rsv_a',
  amounts: { instances: 10_000, cpuMillis: 1_000_000, memoryMiB: 1_000_000 },
  useBefore: '2100-01-01T00:00:00.000Z',
};

export const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
/** In the order of the schema, as it comes out of a snapshot. */
export const spec: ReleaseSpec = releaseSpec.parse({
  image: `registry.test/app@${digest('1')}`,
  command: null,
  env: {},
  ports: [],
  resources: { cpuMillis: 100, memoryMiB: 64 },
  readiness: null,
  ...alone,
});

/** When everything happens in pure tests: a deadline is as far away as it is long. */
export const now = Date.parse('2026-01-01T00:00:00.000Z');
/** What `RolloutStarted` says beside. */
export const begun = {
  ...{ pace: 'GRADUAL', automatic: false, deadlineAt: '2026-01-01T00:10:00.000Z' },
  strategy: { kind: 'ROLLING' },
} as const;

export const nothingUsed = { cpuMillis: 0, memoryMiB: 0, instances: 0 };

export function node(id: string, more: Partial<NodeView> = {}): NodeView {
  return {
    nodeId: `node_${id}`,
    unreachable: null,
    ...{ closed: null, revision: 0, pool: defaultPoolView, zone: null, labels: {} },
    capacity: { cpuMillis: 4000, memoryMiB: 8000 },
    maxInstances: 50,
    keptFor: null,
    used: nothingUsed,
    ...more,
  };
}

let ids = 0;
export const instanceIds = (count: number): Id<'instance'>[] =>
  Array.from({ length: count }, () => `ins_${String(++ids).padStart(6, '0')}` as const);

export const world = (...nodes: NodeView[]): World => ({
  nodes: nodes.length === 0 ? [node('a'), node('b')] : nodes,
  hostNamespaces: new Set(),
  instanceIds: instanceIds(64),
  now,
  judging: true,
});

type Create = Extract<DeploymentCommand, { action: 'create' }>;
export const create = (more: Partial<Create> = {}): Create => ({
  action: 'create',
  tenant,
  granted,
  deploymentId,
  namespaceId,
  name: 'web',
  labels: { tier: 'front' },
  replicas: 2,
  strategy: { maxSurge: 1, maxUnavailable: 0 },
  spec,
  releaseId: 'rel_1',
  rolloutId: 'rol_1',
  world: world(),
  ...more,
});

export const fold = (events: readonly DeploymentEvent[], from: Deployment = { status: 'NONE' }): Deployment =>
  events.reduce<Deployment>(evolve, from);

export const instancesOf = (state: Deployment): Instance[] =>
  state.status === 'ACTIVE' || state.status === 'DELETING' ? [...state.instances.list()] : [];

export const need = (cpuMillis: number, memoryMiB: number): Resources => ({ cpuMillis, memoryMiB });
