/** Records the golden streams of deploy: `npm run gen -- --ship 1.2.3` runs it. */

import { createRecorder, type Doing, goldenId } from '@atoll/events/testing/record-golden';
import { deployEvents } from '@atoll/schema/deploy/events';
import { noWishes } from '@atoll/schema/deploy/placement';
import { defaultTiming } from '@atoll/schema/deploy/probes';
import type { ReleaseSpec } from '@atoll/schema/deploy/spec';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { PLATFORM } from '@atoll/schema/ids';
import { type BatchCommand, batchDecider } from '../src/domain/batch-decide.ts';
import type { DeploymentCommand } from '../src/domain/commands.ts';
import { deploymentDecider } from '../src/domain/decide.ts';
import { environmentDecider } from '../src/domain/environment.ts';
import { onNodes } from '../src/domain/holdings.ts';
import type { Instance } from '../src/domain/instance.ts';
import { namespaceDecider } from '../src/domain/namespace.ts';
import { type NodeFacts, nodeDecider } from '../src/domain/node.ts';
import type { Sight } from '../src/domain/observe.ts';
import { termsDecider } from '../src/domain/placement-terms.ts';
import { poolDecider } from '../src/domain/pool.ts';
import {
  batchStream,
  deploymentStream,
  environmentStream,
  namespaceStream,
  nodeStream,
  poolStream,
  termsStream,
} from '../src/domain/streams.ts';
import { defaultPoolView, type NodeView } from '../src/placement/node-view.ts';

const [, , release = ''] = process.argv;
const { run, state, write } = createRecorder('deploy', deployEvents);

const tenant = goldenId('tenant', 1);
const namespaceId = goldenId('namespace', 1);
const deploymentId = goldenId('deployment', 1);
const nodes = [1, 2].map((number) => goldenId('node', number));
const [first, second] = nodes as [NodeFacts['nodeId'], NodeFacts['nodeId']];
const amounts = { instances: 500, cpuMillis: 64_000, memoryMiB: 131_072 };
const granted = { reservationId: goldenId('reservation', 1), amounts, useBefore: '2100-01-01T00:00:00.000Z' };

const factsOf = (nodeId: NodeFacts['nodeId'], name: string, cpuMillis: number): NodeFacts => ({
  nodeId,
  name,
  runtime: 'docker',
  capacity: { cpuMillis, memoryMiB: 4096 },
  maxInstances: 4,
});
const about = (nodeId: NodeFacts['nodeId']): Doing => ({
  stream: nodeStream(nodeId),
  tenant: PLATFORM,
  actor: `node:${nodeId}`,
});
run(nodeDecider, about(first), { action: 'hear', facts: factsOf(first, 'node-1', 2000) });
run(nodeDecider, about(second), { action: 'hear', facts: factsOf(second, 'node-2', 2000) });
run(nodeDecider, about(second), { action: 'hear', facts: factsOf(second, 'node-2', 4000) });

const said = (nodeId: NodeFacts['nodeId']): Doing => ({ ...about(nodeId), actor: 'user:opal' });
const pool = (number: number): Doing & { poolId: Id<'pool'> } => {
  const poolId = goldenId('pool', number);
  return { poolId, stream: poolStream(poolId), tenant: PLATFORM, actor: 'user:opal' };
};
const [fast, spare] = [pool(1), pool(2)];
run(poolDecider, fast, { action: 'create', poolId: fast.poolId, name: 'fast', terms: { labels: { disk: 'ssd' } } });
run(poolDecider, fast, {
  ...{ action: 'change', poolId: fast.poolId, terms: { slaClass: 'GUARANTEED', cpuPercent: 150, costPerHour: 12 } },
});
run(poolDecider, spare, { action: 'create', poolId: spare.poolId, name: 'spare', terms: {} });
run(poolDecider, spare, { action: 'delete', poolId: spare.poolId });
const place = { poolId: fast.poolId, zone: 'hall-1', labels: { rack: 'r7' } };
run(nodeDecider, said(second), { action: 'assign', nodeId: second, place });
run(nodeDecider, said(second), { action: 'cordon', nodeId: second, note: 'new memory' });
run(nodeDecider, said(second), { action: 'drain', nodeId: second, note: 'new memory', instances: 0 });
run(nodeDecider, said(second), { action: 'emptied', nodeId: second });
run(nodeDecider, said(second), { action: 'uncordon', nodeId: second });
run(nodeDecider, said(second), { action: 'drain', nodeId: second, note: 'in vain', instances: 0 });
run(nodeDecider, said(second), { action: 'cancelDrain', nodeId: second });
run(nodeDecider, said(second), { action: 'uncordon', nodeId: second });
run(
  termsDecider,
  { stream: termsStream(tenant), tenant, actor: 'service:deploy' },
  { action: 'adopt', tenantId: tenant, pools: ['default', 'fast'], slaClasses: ['STANDARD', 'GUARANTEED'] },
);

const gate = (number: number) => ({
  stream: namespaceStream(goldenId('namespace', number)),
  tenant,
  actor: 'service:deploy',
  cause: goldenId('event', 100_005 + number),
});
const environmentId = goldenId('environment', 1);
run(namespaceDecider, gate(1), { action: 'open', namespaceId, environmentId, name: 'shop' });
const trial = goldenId('namespace', 2);
run(namespaceDecider, gate(2), { action: 'open', namespaceId: trial, environmentId, name: 'trial' });
run(namespaceDecider, gate(2), { action: 'close', namespaceId: trial });
run(namespaceDecider, gate(2), { action: 'drain', namespaceId: trial });

const old = goldenId('environment', 2);
for (const id of [environmentId, old]) {
  const doing = { stream: environmentStream(id), tenant, actor: 'service:deploy', cause: goldenId('event', 100_005) };
  run(environmentDecider, doing, { action: 'adopt', environmentId: id });
  if (id === old) run(environmentDecider, doing, { action: 'drop', environmentId: id });
  else run(environmentDecider, doing, { action: 'addSource', environmentId: id, source: old });
}

const spec: ReleaseSpec = {
  image: `registry.example:5000/shop/web:1.4.2@sha256:${'1'.repeat(64)}`,
  command: ['/bin/web', '--port', '8080'],
  env: { LOG_LEVEL: 'info', GREETING: 'Grüezi, “world” 👋' },
  ports: [{ port: 8080, protocol: 'TCP' }],
  resources: { cpuMillis: 500, memoryMiB: 256 },
  readiness: { kind: 'HTTP', port: 8080, path: '/healthz', ...defaultTiming, periodSeconds: 5, successThreshold: 1 },
  liveness: { kind: 'EXEC', command: ['/bin/alive'], ...defaultTiming, periodSeconds: 10 },
  startup: null,
  ...{ name: 'web', dependsOn: [{ process: 'migrate', condition: 'COMPLETED' }] },
  others: [
    {
      ...{ name: 'migrate', kind: 'TASK', image: `registry.example:5000/shop/migrate@sha256:${'2'.repeat(64)}` },
      ...{ command: null, env: { LEVEL: '7' }, ports: [], resources: { cpuMillis: 100, memoryMiB: 64 } },
      ...{ readiness: null, liveness: null, startup: null, dependsOn: [] },
    },
  ],
};

const deployment = { stream: deploymentStream(deploymentId), tenant };
const away = new Set<string>();
let now = Date.parse('2026-01-01T00:00:00.000Z');
let nextInstance = 1;
function world() {
  const used = onNodes(state(deploymentDecider, deployment.stream));
  return {
    hostNamespaces: new Set<Id<'namespace'>>(),
    ...{ now, judging: true },
    instanceIds: Array.from({ length: 8 }, (_, index) => goldenId('instance', nextInstance + index)),
    nodes: nodes.map(
      (nodeId): NodeView => ({
        nodeId,
        unreachable: away.has(nodeId) ? 'it has not been heard of for 30 s' : null,
        capacity: { cpuMillis: nodeId === first ? 2000 : 4000, memoryMiB: 4096 },
        maxInstances: 4,
        keptFor: null,
        ...{ closed: null, revision: 0, pool: defaultPoolView, zone: null, labels: {} },
        used: used.get(nodeId) ?? { cpuMillis: 0, memoryMiB: 0, instances: 0 },
      }),
    ),
  };
}
function deploy(command: DeploymentCommand, actor = 'user:ann') {
  const events = run(deploymentDecider, { ...deployment, actor }, command);
  nextInstance += events.filter(({ type }) => type === 'InstancePlaced').length;
}
const instances = (): Instance[] => {
  const now = state(deploymentDecider, deployment.stream);
  return now.status === 'ACTIVE' || now.status === 'DELETING' ? [...now.instances.list()] : [];
};
function report(instance: Instance, sight: Sight) {
  const { nodeId } = instance;
  const observations = [{ instanceId: instance.id, sight }];
  deploy({ action: 'observe', tenant, nodeId, observations }, `node:${nodeId}`);
}
const there = (seen: Extract<Sight, { seen: 'there' }>['state']): Sight => ({
  ...{ seen: 'there', state: seen, reason: null, message: '' },
});
/** Agents do what they are told, and the controller steps, until nothing changes; `fares` says how an instance fares. */
function settle(fares: (instance: Instance) => Sight = () => there('READY')) {
  for (let round = 0; round < 20; round++) {
    deploy({ action: 'advance', tenant, world: world() }, 'service:deploy');
    for (const instance of instances().filter(({ nodeId }) => !away.has(nodeId))) {
      report(instance, instance.stopping === null ? fares(instance) : { seen: 'absent', dismissed: true });
    }
  }
}

deploy({
  ...{ action: 'create', tenant, granted, deploymentId, namespaceId, name: 'web', labels: { role: 'server' } },
  ...{ replicas: 2, strategy: { maxSurge: 1, maxUnavailable: 0 }, spec, world: world() },
  ...{ releaseId: goldenId('release', 1), rolloutId: goldenId('rollout', 1) },
});
for (const instance of instances()) report(instance, there('STARTING'));
settle();

const back = { toRelease: null, pace: 'GRADUAL', automatic: false } as const;
// An image that nobody can pull, and the way back.
const broken = { image: `registry.example:5000/shop/web@sha256:${'f'.repeat(64)}` };
const ids = (number: number) => ({ releaseId: goldenId('release', number), rolloutId: goldenId('rollout', number) });
deploy({ action: 'upgrade', tenant, granted, change: broken, ...ids(2), now });
settle((instance) =>
  instance.releaseId === goldenId('release', 2)
    ? { seen: 'there', state: 'WAITING', reason: 'IMAGE_PULL_FAILED', message: 'manifest unknown' }
    : there('READY'),
);
deploy({ action: 'rollback', tenant, granted, ...back, rolloutId: goldenId('rollout', 3), now });
settle();

// One falls over and comes back; a node is lost, and there is too little room on the other one.
const [shaky] = instances();
if (shaky) report(shaky, { seen: 'there', state: 'UNREADY', reason: 'OUT_OF_MEMORY', message: 'killed at 256 MiB' });
settle();
deploy({ action: 'scale', tenant, granted, replicas: 6, world: world() });
settle();
away.add(second);
run(nodeDecider, about(second), { action: 'miss', reason: 'it has not been heard of for 30 s' });
deploy({ action: 'lose', tenant, nodeId: second }, 'service:deploy');
run(nodeDecider, about(second), {
  ...{ action: 'lose', nodeId: second, reason: 'it has not been heard of for 60 s', instances: 1 },
});
settle();
away.clear();
run(nodeDecider, about(second), { action: 'hear', facts: factsOf(second, 'node-2', 4000) });
settle();
deploy({ action: 'scale', tenant, granted, replicas: 1, world: world() });
settle();

// It asks for another place, has to leave its node, and may stay after all.
const placement = { ...noWishes, maxPerNode: 9, apart: ['front'] };
deploy({ action: 'place', tenant, placement, world: world() });
const [stays] = instances();
if (stays) {
  for (const action of ['evacuate', 'stay'] as const)
    deploy({ action, tenant, nodeId: stays.nodeId }, 'service:deploy');
}

// A second one that is deleted, and one that is left in the middle of its life.
const goneId = goldenId('deployment', 2);
const gone = { stream: deploymentStream(goneId), tenant, actor: 'user:ann' };
run(deploymentDecider, gone, {
  ...{ action: 'create', tenant, granted, deploymentId: goneId, namespaceId, name: 'once', labels: {}, replicas: 0 },
  fenced: true,
  ...{
    strategy: { maxSurge: 0, maxUnavailable: 1 },
    spec: { ...spec, command: null, readiness: null },
    world: world(),
  },
  ...ids(4),
});
run(deploymentDecider, gone, { action: 'delete', tenant });
deploy({ action: 'upgrade', tenant, granted, change: { env: {}, resources: { cpuMillis: 250 } }, ...ids(5), now });
deploy({ action: 'advance', tenant, world: world() }, 'service:deploy');
deploy({ action: 'label', tenant, labels: { team: 'web' } });

// It stands still and goes on, and gets nowhere: nothing that could be gone back to is there any more.
deploy({ action: 'policy', tenant, policy: { progressDeadlineSeconds: 60, onFailure: 'GRADUAL' } });
deploy({ action: 'advance', tenant, world: world() }, 'service:deploy');
deploy({ action: 'suspend', tenant, now });
deploy({ action: 'resume', tenant, now });
deploy({ action: 'advance', tenant, world: world() }, 'service:deploy');
now += 61_000;
deploy({ action: 'advance', tenant, world: world() }, 'service:deploy');
const rejection = reject('RELEASE_IMAGE_GONE', 'The image of release 1 is gone from its registry.');
deploy({ action: 'refuse', tenant, rolloutId: goldenId('rollout', 5), rejection }, 'service:deploy');

// The steps of a canary, each told; one falls over at its step. Then a switch.
const tried = goldenId('deployment', 3);
const trying = { stream: deploymentStream(tried), tenant, actor: 'user:ann' };
function tryOut(command: DeploymentCommand) {
  const events = run(deploymentDecider, trying, command);
  nextInstance += events.filter(({ type }) => type === 'InstancePlaced').length;
}
const triedInstances = () => {
  const now = state(deploymentDecider, trying.stream);
  return now.status === 'ACTIVE' ? [...now.instances.list()] : [];
};
function tell({ id: instanceId, nodeId }: Instance, sight: Sight) {
  tryOut({ action: 'observe', tenant, nodeId, observations: [{ instanceId, sight }] });
}
function calm() {
  for (let round = 0; round < 6; round++) {
    tryOut({ action: 'advance', tenant, world: world() });
    for (const one of triedInstances())
      tell(one, one.stopping === null ? there('READY') : { seen: 'absent', dismissed: true });
  }
}
tryOut({
  ...{ action: 'create', tenant, granted, deploymentId: tried, namespaceId, name: 'tried', labels: {}, replicas: 1 },
  ...{ strategy: { maxSurge: 1, maxUnavailable: 0 }, spec, world: world(), ...ids(6) },
  plan: { kind: 'CANARY', steps: [{ count: null, weightPercent: 20, pauseSeconds: 300 }] },
});
calm();
tryOut({ action: 'upgrade', tenant, granted, change: { env: { TRY: '1' } }, ...ids(7), now });
calm();
const [, canary] = triedInstances();
if (canary) tell(canary, { seen: 'there', state: 'UNREADY', reason: 'EXITED', message: 'exit code 1' });
calm();
tryOut({ action: 'promote', tenant, full: false, now });
calm();
const blueGreen = { kind: 'BLUE_GREEN', autoPromoteSeconds: null, scaleDownDelaySeconds: 30 } as const;
tryOut({ action: 'strategy', tenant, strategy: blueGreen });
tryOut({ action: 'upgrade', tenant, granted, change: { env: { TRY: '2' } }, ...ids(8), now });
calm();
tryOut({ action: 'promote', tenant, full: false, now });

// Two batches: one stops and goes on, one is paused and cancelled.
function batch(number: number, ...commands: readonly BatchCommand[]) {
  const batchId = goldenId('batch', number);
  const doing = { stream: batchStream(batchId), tenant, actor: 'user:ann' };
  const deployments = [deploymentId, tried].map((id, index) => ({ deploymentId: id, name: `web-${index}` }));
  run(batchDecider, doing, {
    ...{ action: 'start', batchId, environmentId, namespaceId, labels: { team: 'web' }, deployments },
    ...{ operation: { kind: 'RESTART' }, waves: { count: 1 }, pauseSeconds: 30, maxFailures: 0 },
  });
  for (const command of commands) run(batchDecider, { ...doing, actor: 'service:deploy' }, command);
}
const over = (id: Id<'deployment'>, outcome: 'SUCCEEDED' | 'FAILED'): BatchCommand => {
  const reason = outcome === 'FAILED' ? reject('QUOTA_EXCEEDED', 'Ask for less.') : null;
  return { action: 'end', deploymentId: id, outcome, reason, now };
};
batch(
  1,
  ...([{ action: 'advance', now }, over(deploymentId, 'FAILED'), { action: 'resume' }] as const),
  ...([{ action: 'advance', now }] as const),
  { action: 'accept', deploymentId: tried, rolloutId: goldenId('rollout', 8), deadlineAt: null },
  over(tried, 'SUCCEEDED'),
);
batch(2, { action: 'pause' }, { action: 'cancel' });

write(release);
