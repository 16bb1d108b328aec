import type { Decision } from '@atoll/events/decider';
import { given } from '@atoll/events/given';
import { DEFAULT_POOL } from '@atoll/schema/deploy/pools';
import type { Id } from '@atoll/schema/ids';
import { describe, expect, test } from 'vitest';
import {
  create,
  deploymentId,
  digest,
  fold,
  granted,
  instanceIds,
  instancesOf,
  node,
  now,
  spec,
  tenant,
  world,
} from '../../test/fixtures.ts';
import { legal } from './actions.ts';
import { MOST_AT_ONCE } from './advance.ts';
import type { DeploymentCommand, GrowingCommand } from './commands.ts';
import { deploymentDecider, needOf } from './decide.ts';
import type { DeploymentEvent } from './deployment.ts';
import { factsOf, type Observation, type Sight } from './observe.ts';
import type { World } from './world.ts';

const eventsOf = (decision: Decision<DeploymentEvent>): readonly DeploymentEvent[] => {
  if (!decision.ok) throw new Error(`${decision.rejection.code}: ${decision.rejection.message}`);
  return decision.events;
};
/** What it does, without what that takes of the quotas: that has tests of its own. */
const doneBy = (decision: Decision<DeploymentEvent>) =>
  eventsOf(decision).filter((event) => event.type !== 'HoldingChanged');
const types = (decision: Decision<DeploymentEvent>) => doneBy(decision).map((event) => event.type);
const held = (events: readonly DeploymentEvent[]) =>
  events.flatMap((event) => (event.type === 'HoldingChanged' ? [event.data] : []));
const codeOf = (decision: Decision<DeploymentEvent>) => (decision.ok ? null : decision.rejection.code);

/** What has happened so far, told by commands. */
function history(...commands: readonly DeploymentCommand[]): readonly DeploymentEvent[] {
  let events: readonly DeploymentEvent[] = [];
  for (const command of commands) events = [...events, ...eventsOf(given(deploymentDecider, events).when(command))];
  return events;
}
const advance = (): DeploymentCommand => ({ action: 'advance', tenant, world: world() });
const ready: Sight = { seen: 'there', state: 'READY', reason: null, message: '' };
const dismissed: Sight = { seen: 'absent', dismissed: true };

/** Everything that is told to run runs, and what is told to stop stops, until nothing is left to do. */
function settled(events: readonly DeploymentEvent[]): readonly DeploymentEvent[] {
  let all = events;
  for (let round = 0; round < 200; round++) {
    const before = all.length;
    all = [...all, ...eventsOf(given(deploymentDecider, all).when(advance()))];
    for (const nodeId of ['node_a', 'node_b'] as const) {
      const observations: Observation[] = instancesOf(fold(all)).map(({ id, stopping }) => ({
        instanceId: id,
        sight: stopping === null ? ready : dismissed,
      }));
      const seen = given(deploymentDecider, all).when({ action: 'observe', tenant, nodeId, observations });
      all = [...all, ...eventsOf(seen)];
    }
    if (all.length === before) return all;
  }
  throw new Error('it never settles');
}
const upgrade = (number: number): DeploymentCommand => ({
  action: 'upgrade',
  tenant,
  granted,
  change: { image: `registry.test/app@${digest(String(number))}` },
  releaseId: `rel_${number}`,
  rolloutId: `rol_${number}`,
  now,
});
const rollback = (toRelease: number | null, rolloutId: `rol_${string}` = 'rol_back'): DeploymentCommand => ({
  action: 'rollback',
  tenant,
  granted,
  toRelease,
  pace: 'GRADUAL',
  automatic: false,
  rolloutId,
  now,
});
const scale = (replicas: number, nodes = world()): DeploymentCommand => ({
  action: 'scale',
  tenant,
  granted,
  replicas,
  world: nodes,
});
const growing = (command: DeploymentCommand): GrowingCommand => {
  if (!('granted' in command)) throw new Error(`${command.action} takes nothing`);
  return command;
};
/** Without a reservation: for what takes nothing. */
const idle = (command: DeploymentCommand): DeploymentCommand => ({ ...growing(command), granted: null });
const when = (events: readonly DeploymentEvent[], command: DeploymentCommand) =>
  given(deploymentDecider, events).when(command);
const relabel: DeploymentCommand = { action: 'label', tenant, labels: {} };
const remove: DeploymentCommand = { action: 'delete', tenant };
const running = (events: readonly DeploymentEvent[]) => {
  const state = fold(events);
  return state.status === 'ACTIVE' ? state.target?.number : null;
};

describe('create', () => {
  test('places every replica in the same commit, spread over the nodes', () => {
    const decision = given(deploymentDecider, []).when(create());
    expect(types(decision)).toEqual([
      'DeploymentCreated',
      'ReleaseCreated',
      'RolloutStarted',
      'InstancePlaced',
      'InstancePlaced',
    ]);
    expect(instancesOf(fold(eventsOf(decision))).map(({ nodeId }) => nodeId)).toEqual(['node_a', 'node_b']);
  });
  test('an instance carries the labels of its deployment, and its name', () => {
    const placed = history(create()).find((event) => event.type === 'InstancePlaced');
    expect(placed?.data.labels).toEqual({ tier: 'front', 'atoll.deployment': 'web' });
  });
  test('labels that are set later are its own: instances to come carry what it was created with', () => {
    const label: DeploymentCommand = { action: 'label', tenant, labels: { tier: 'back' } };
    const events = settled(history(create()));
    const set = when(events, label);
    expect(set).toMatchObject({
      ok: true,
      events: [{ type: 'DeploymentLabelsSet', data: { deploymentId, namespaceId: 'ns_a', labels: { tier: 'back' } } }],
      claims: [{ op: 'require', set: 'namespace-open', key: 'ns_a' }],
    });
    const labelled = [...events, ...eventsOf(set)];
    expect(doneBy(when(labelled, label))).toEqual([]);
    const placed = doneBy(when(labelled, scale(3))).find((event) => event.type === 'InstancePlaced');
    expect(placed?.data.labels).toEqual({ tier: 'front', 'atoll.deployment': 'web' });
  });
  test('takes its name and its room on the nodes, while its reservation lasts, and asks that the namespace is open', () => {
    const decision = given(deploymentDecider, []).when(create());
    expect(decision.ok && decision.claims).toEqual([
      { op: 'require', set: 'namespace-open', key: 'ns_a' },
      { op: 'before', set: 'reservation', key: granted.useBefore },
      { op: 'take', kind: 'unique', set: 'deployment-name', key: 'ns_a/web', owner: deploymentId },
      ...(['node_a', 'node_b'] as const).flatMap((key) => [
        // It is kept for nobody.
        { op: 'take', kind: 'unique', set: 'node-kept', key, owner: deploymentId },
        { op: 'release', kind: 'unique', set: 'node-kept', key, owner: deploymentId },
        { op: 'take', kind: 'amount', set: 'node-cpu', key, owner: deploymentId, amount: 100, limit: 4000 },
        { op: 'take', kind: 'amount', set: 'node-memory', key, owner: deploymentId, amount: 64, limit: 8000 },
        { op: 'take', kind: 'amount', set: 'node-instances', key, owner: deploymentId, amount: 1, limit: 50 },
      ]),
      // What it was chosen by still holds: nothing was ever told of the tenant and of the nodes.
      { op: 'take', kind: 'unique', set: 'placement-terms', key: tenant, owner: deploymentId },
      { op: 'release', kind: 'unique', set: 'placement-terms', key: tenant, owner: deploymentId },
      { op: 'require', set: 'pool-now', key: DEFAULT_POOL, owner: `${DEFAULT_POOL}@1` },
      ...(['node_a', 'node_b'] as const).flatMap((key) => [
        { op: 'take', kind: 'unique', set: 'node-now', key, owner: deploymentId },
        { op: 'release', kind: 'unique', set: 'node-now', key, owner: deploymentId },
      ]),
    ]);
  });
  test.each([
    ['an empty node becomes its own', {}, 'own', ['limit 0', 'limit null', 'take ten_a']],
    [
      'one that others had kept is taken over while it is empty',
      { keptFor: 'ten_b' },
      'own',
      ['limit 0', 'limit null', 'release ten_b', 'take ten_a'],
    ],
    [
      'one of its own is joined while it is',
      { keptFor: tenant, used: { cpuMillis: 1, memoryMiB: 1, instances: 1 } },
      'own',
      ['require ten_a'],
    ],
    [
      'one of the tenant’s own is joined by its other namespaces',
      { keptFor: tenant, used: { cpuMillis: 1, memoryMiB: 1, instances: 1 } },
      'any',
      ['require ten_a'],
    ],
    [
      'one that others had kept is everybody’s once it is empty',
      { keptFor: 'ten_b' },
      'any',
      ['limit 0', 'limit null', 'release ten_b'],
    ],
  ] as const)('of nodes of one’s own: %s', (_what, more, nodes, expected) => {
    const seen: World = {
      ...world(node('a', more)),
      hostNamespaces: new Set<Id<'namespace'>>(nodes === 'own' ? ['ns_a'] : []),
    };
    const decision = given(deploymentDecider, []).when(create({ replicas: 1, world: seen }));
    const told = (decision.ok ? decision.claims : []).flatMap((claim) => {
      if (claim.op === 'limit') return [`limit ${claim.limit}`];
      if (claim.set !== 'node-kept' || !('owner' in claim)) return [];
      return [`${claim.op} ${claim.owner}`];
    });
    expect(told).toEqual(expected);
  });
  test('more replicas than fit are refused with what is free, and nothing is recorded', () => {
    const small = world(node('a', { maxInstances: 1 }));
    const decision = given(deploymentDecider, []).when(create({ replicas: 2, world: small }));
    expect(decision).toMatchObject({
      ok: false,
      rejection: {
        code: 'INSUFFICIENT_CAPACITY',
        message: expect.stringMatching(/Room for 1 of 2 .* room for 1 instances/),
      },
    });
  });
  test('none at all is a deployment, too, and done at once', () => {
    expect(types(given(deploymentDecider, []).when(create({ replicas: 0, world: world(node('a')) })))).toEqual([
      'DeploymentCreated',
      'ReleaseCreated',
      'RolloutStarted',
      'RolloutCompleted',
    ]);
  });
  test('is done when every replica is ready', () => {
    expect(settled(history(create())).at(-1)?.type).toBe('RolloutCompleted');
  });
});

describe('upgrade', () => {
  test('keeps what is left out as it was in the current release', () => {
    const decision = given(deploymentDecider, settled(history(create()))).when(upgrade(2));
    expect(eventsOf(decision)[0]).toMatchObject({
      type: 'ReleaseCreated',
      data: { number: 2, spec: { ...spec, image: `registry.test/app@${digest('2')}` } },
    });
    expect(types(decision)).toEqual(['ReleaseCreated', 'RolloutStarted']);
  });
  test('keeps the memory where only the processor time changes', () => {
    const more = { ...upgrade(2), change: { resources: { cpuMillis: 200 } } } as DeploymentCommand;
    const decision = given(deploymentDecider, settled(history(create()))).when(more);
    expect(eventsOf(decision)[0]).toMatchObject({
      data: { spec: { ...spec, resources: { cpuMillis: 200, memoryMiB: spec.resources.memoryMiB } } },
    });
  });
  test('reserves the surge before it starts', () => {
    const decision = given(deploymentDecider, settled(history(create()))).when(upgrade(2));
    const amounts = { instances: 3, cpuMillis: 300, memoryMiB: 192 };
    expect(held(eventsOf(decision))).toMatchObject([{ amounts, reservationId: granted.reservationId }]);
  });
  test('takes over from a rollout under way, and says so', () => {
    const events = settled(history(create()));
    const first = [...events, ...eventsOf(given(deploymentDecider, events).when(upgrade(2)))];
    const decision = given(deploymentDecider, first).when(upgrade(3));
    expect(types(decision)).toEqual(['ReleaseCreated', 'RolloutSuperseded', 'RolloutStarted']);
    const done = settled([...first, ...eventsOf(decision)]);
    expect(running(done)).toBe(3);
    expect(instancesOf(fold(done)).map(({ releaseId }) => releaseId)).toEqual(['rel_3', 'rel_3']);
  });
  test('replaces one at a time: up first, then down', () => {
    const events = settled(history(create()));
    const rolling = settled([...events, ...eventsOf(given(deploymentDecider, events).when(upgrade(2)))]).slice(
      events.length,
    );
    const steps = rolling
      .map(({ type }) => type)
      .filter((type) => !['ReleaseCreated', 'RolloutProgressed', 'InstanceStarted', 'HoldingChanged'].includes(type));
    const one = ['InstancePlaced', 'InstanceReady', 'InstanceStopRequested', 'InstanceStopped'];
    expect(steps).toEqual(['RolloutStarted', ...one, ...one, 'ImageProven', 'RolloutCompleted']);
  });
});

describe('rollback', () => {
  const twice = () => {
    const first = settled(history(create()));
    return settled([...first, ...eventsOf(given(deploymentDecider, first).when(upgrade(2)))]);
  };
  const after = (events: readonly DeploymentEvent[], command: DeploymentCommand) =>
    settled([...events, ...eventsOf(given(deploymentDecider, events).when(command))]);

  test('without a number goes to the newest other release that was once complete', () => {
    const events = twice();
    const decision = given(deploymentDecider, events).when(rollback(null));
    expect(doneBy(decision)).toMatchObject([
      { type: 'RolloutStarted', data: { kind: 'ROLLBACK', releaseId: 'rel_1', fromReleaseId: 'rel_2' } },
    ]);
  });
  test('never goes to a release that was never complete', () => {
    const events = twice();
    const bad = [...events, ...eventsOf(given(deploymentDecider, events).when(upgrade(3)))];
    expect(running(after(bad, rollback(null)))).toBe(2);
  });
  test('never goes to a release of which only a part was ever up', () => {
    const first = settled(history(create()));
    const upgrading = [...first, ...eventsOf(given(deploymentDecider, first).when(upgrade(2)))];
    const placing = [...upgrading, ...eventsOf(given(deploymentDecider, upgrading).when(advance()))];
    const newest = instancesOf(fold(placing)).find(({ releaseId }) => releaseId === 'rel_2');
    if (newest === undefined) throw new Error('nothing was placed');
    const observations = [{ instanceId: newest.id, sight: ready }];
    const { nodeId } = newest;
    const half = [
      ...placing,
      ...eventsOf(given(deploymentDecider, placing).when({ action: 'observe', tenant, nodeId, observations })),
    ];
    const third = [...half, ...eventsOf(given(deploymentDecider, half).when(upgrade(3)))];
    expect(running(after(third, rollback(null)))).toBe(1);
  });
  test('repeated while it is under way, changes nothing', () => {
    const events = twice();
    const back = [...events, ...eventsOf(given(deploymentDecider, events).when(rollback(null)))];
    expect(types(given(deploymentDecider, back).when(idle(rollback(null, 'rol_again'))))).toEqual([]);
  });
  test('repeated when done, never goes forth again to what was left', () => {
    const events = after(twice(), rollback(null));
    expect(codeOf(given(deploymentDecider, events).when(rollback(null, 'rol_again')))).toBe('NO_EARLIER_RELEASE');
    expect(running(events)).toBe(1);
  });
  test('goes to the one that is named, also to one that was left', () => {
    const events = after(after(twice(), rollback(null)), rollback(2, 'rol_forth'));
    expect(running(events)).toBe(2);
  });
  test('to the release that it has already changes nothing', () => {
    expect(types(given(deploymentDecider, twice()).when(idle(rollback(2))))).toEqual([]);
  });
  test('to a release that is not there is refused, and so is a first one', () => {
    expect(given(deploymentDecider, twice()).when(rollback(9))).toMatchObject({
      rejection: { code: 'NO_EARLIER_RELEASE', field: 'toRelease' },
    });
    expect(codeOf(given(deploymentDecider, settled(history(create()))).when(rollback(null)))).toBe(
      'NO_EARLIER_RELEASE',
    );
  });
});

describe('scale', () => {
  test('up places at once what is missing', () => {
    const events = settled(history(create()));
    const decision = given(deploymentDecider, events).when(scale(4));
    expect(types(decision)).toEqual(['DeploymentScaled', 'InstancePlaced', 'InstancePlaced']);
  });
  test('up beyond what fits is refused', () => {
    const events = settled(history(create()));
    const full = world(node('a', { maxInstances: 1 }), node('b', { unreachable: 'silent' }));
    expect(codeOf(given(deploymentDecider, events).when(scale(4, full)))).toBe('INSUFFICIENT_CAPACITY');
  });
  test('down stops what is not ready first, then the newest where most of them are', () => {
    const events = settled(history(create({ replicas: 3 })));
    const unready: Sight = { seen: 'there', state: 'UNREADY', reason: 'READINESS_FAILED', message: 'no answer' };
    const [first] = instancesOf(fold(events));
    if (first === undefined) throw new Error('no instance');
    const seen = eventsOf(
      given(deploymentDecider, events).when({
        action: 'observe',
        tenant,
        nodeId: first.nodeId,
        observations: [{ instanceId: first.id, sight: unready }],
      }),
    );
    const decision = given(deploymentDecider, [...events, ...seen]).when(scale(2));
    expect(doneBy(decision)).toMatchObject([
      { type: 'DeploymentScaled', data: { replicas: 2, from: 3 } },
      { type: 'InstanceStopRequested', data: { instanceId: first.id, reason: 'SCALED_DOWN' } },
    ]);
  });
  test('down lets go of quota as instances stop, not before', () => {
    const events = settled(history(create({ replicas: 3 })));
    const decision = given(deploymentDecider, events).when({ ...growing(scale(1)), granted: null });
    expect(held(eventsOf(decision))).toEqual([]);
    const done = settled([...events, ...eventsOf(decision)]);
    expect(instancesOf(fold(done))).toHaveLength(1);
    expect(held(done.slice(events.length)).at(-1)?.amounts.instances).toBe(1);
  });
  test('to what it has changes nothing', () => {
    expect(types(given(deploymentDecider, settled(history(create()))).when(idle(scale(2))))).toEqual([]);
  });
});

describe('the quotas', () => {
  const twenty = { ...granted, amounts: { instances: 20, cpuMillis: 2000, memoryMiB: 1280 } };
  test('what a command needs is told beforehand: all that the deployment comes to hold, surge included', () => {
    const none = fold([]);
    expect(needOf(none, { ...create(), granted: null })).toEqual({ instances: 2, cpuMillis: 200, memoryMiB: 128 });
    const state = fold(settled(history(create())));
    expect(needOf(state, { ...growing(upgrade(2)), granted: null })).toEqual({
      instances: 3,
      cpuMillis: 300,
      memoryMiB: 192,
    });
    expect(needOf(state, { ...growing(scale(5)), granted: null })?.instances).toBe(5);
  });
  test('nothing is needed to shrink, to stay, or for what is refused', () => {
    const state = fold(settled(history(create())));
    for (const command of [scale(1), scale(2), rollback(null)]) expect(needOf(state, growing(command))).toBeNull();
    expect(needOf(fold([]), growing(upgrade(2)))).toBeNull();
  });
  test('without a reservation, or with one for less, nothing grows', () => {
    const events = settled(history(create()));
    for (const given of [null, { ...granted, amounts: { instances: 2, cpuMillis: 9000, memoryMiB: 9000 } }]) {
      const decision = when(events, { ...growing(upgrade(2)), granted: given });
      expect(codeOf(decision)).toBe('VERSION_CONFLICT');
      expect(codeOf(when(events, { ...growing(scale(3)), granted: given }))).toBe('VERSION_CONFLICT');
    }
    expect(codeOf(when([], { ...create(), granted: null }))).toBe('VERSION_CONFLICT');
  });
  test('what it grows to is told in its commit, with the reservation that it made use of', () => {
    const decision = when([], { ...create({ replicas: 20 }), granted: twenty });
    expect(held(eventsOf(decision))).toEqual([
      { deploymentId, namespaceId: 'ns_a', name: 'web', amounts: twenty.amounts, reservationId: 'rsv_a' },
    ]);
  });
  test('where nothing is left to do, what was reserved isn’t forgotten: it is to be given back', () => {
    const events = settled(history(create()));
    for (const command of [scale(2), rollback(1)]) expect(codeOf(when(events, command))).toBe('VERSION_CONFLICT');
  });
  test('a reservation that others have made needless is spoken of, so that it ends', () => {
    const events = settled(history(create({ replicas: 5 })));
    const decision = when(events, { ...growing(scale(4)), granted });
    expect(held(eventsOf(decision))).toMatchObject([{ amounts: { instances: 5 }, reservationId: 'rsv_a' }]);
  });
  test('all of it is let go of with the last instance, before the deployment is gone', () => {
    const events = settled(history(create()));
    const done = settled([...events, ...eventsOf(given(deploymentDecider, events).when(remove))]);
    expect(held(done).at(-1)?.amounts).toEqual({ instances: 0, cpuMillis: 0, memoryMiB: 0 });
  });
  test('tells that it holds nothing also where it goes in one step, for no instance is left to stop', () => {
    const events = settled(history(create()));
    const lost = (['node_a', 'node_b'] as const).flatMap((nodeId) =>
      eventsOf(given(deploymentDecider, events).when({ action: 'lose', tenant, nodeId })),
    );
    const before = [...events, ...lost];
    expect(instancesOf(fold(before))).toEqual([]);
    const decision = eventsOf(given(deploymentDecider, before).when(remove));
    expect(decision.at(-1)?.type).toBe('DeploymentDeleted');
    expect(held(decision).at(-1)?.amounts).toEqual({ instances: 0, cpuMillis: 0, memoryMiB: 0 });
  });
  test('a deployment from before the ledger tells what it holds at its next step', () => {
    const old = settled(history(create())).filter(({ type }) => type !== 'HoldingChanged');
    expect(held(eventsOf(when(old, advance())))).toMatchObject([{ amounts: { instances: 2 }, reservationId: null }]);
  });
});

describe('delete', () => {
  test('stops everything, and is done when the last instance is gone; then the name is free', () => {
    const events = settled(history(create()));
    const requested = eventsOf(given(deploymentDecider, events).when(remove));
    expect(requested.map(({ type }) => type)).toEqual([
      'DeploymentDeletionRequested',
      'InstanceStopRequested',
      'InstanceStopRequested',
    ]);
    const done = settled([...events, ...requested]);
    expect(done.at(-1)).toMatchObject({ type: 'DeploymentDeleted', data: { name: 'web' } });
    const last = given(deploymentDecider, done.slice(0, -1)).when(advance());
    expect(last.ok && last.claims).toEqual([
      { op: 'release', kind: 'unique', set: 'deployment-name', key: 'ns_a/web', owner: deploymentId },
    ]);
  });
  test.each([upgrade(2), rollback(null), scale(5), relabel, remove])('then refuses to $action', (command) => {
    const deleting = [...history(create()), ...eventsOf(given(deploymentDecider, history(create())).when(remove))];
    expect(codeOf(given(deploymentDecider, deleting).when(command))).toBe('BEING_DELETED');
  });
  test.each([upgrade(2), rollback(null), scale(5), relabel, remove])(
    'once gone, or never there, %o finds nothing',
    (command) => {
      const events = history(create());
      const gone = settled([...events, ...eventsOf(given(deploymentDecider, events).when(remove))]);
      expect(codeOf(given(deploymentDecider, gone).when(command))).toBe('NOT_FOUND');
      expect(codeOf(given(deploymentDecider, []).when(command))).toBe('NOT_FOUND');
    },
  );
  test('every action has an answer in every status', () => {
    for (const answers of Object.values(legal)) expect(Object.keys(answers)).toHaveLength(4);
  });
});

describe('what nodes report', () => {
  const there = (state: Extract<Sight, { seen: 'there' }>['state'], reason: 'EXITED' | null = null): Sight => ({
    seen: 'there',
    state,
    reason,
    message: '',
  });
  const phase = (name: 'PLACED' | 'STARTED' | 'READY') => ({ condition: { phase: name }, stopping: null });
  const failing = (name: 'WAITING' | 'UNREADY') => ({
    condition: { phase: name, reason: 'EXITED' as const, message: '' },
    stopping: null,
  });
  const stopping = { condition: { phase: 'READY' as const }, stopping: 'REPLACED' as const };
  const gone: Sight = { seen: 'absent', dismissed: false };

  test.each([
    [phase('PLACED'), there('PENDING'), []],
    [phase('PLACED'), gone, []],
    [phase('PLACED'), there('STARTING'), ['InstanceStarted']],
    [phase('PLACED'), there('READY'), ['InstanceStarted', 'InstanceReady']],
    [phase('PLACED'), there('WAITING', 'EXITED'), ['InstanceWaiting']],
    [phase('PLACED'), there('UNREADY', 'EXITED'), ['InstanceStarted', 'InstanceUnready']],
    [failing('WAITING'), there('WAITING', 'EXITED'), []],
    [failing('WAITING'), there('READY'), ['InstanceStarted', 'InstanceReady']],
    [phase('STARTED'), there('STARTING'), []],
    [phase('STARTED'), there('READY'), ['InstanceReady']],
    [phase('READY'), there('READY'), []],
    [phase('READY'), there('STARTING'), ['InstanceUnready']],
    [phase('READY'), there('PENDING'), ['InstanceUnready']],
    [phase('READY'), there('STOPPING'), ['InstanceUnready']],
    [phase('READY'), there('UNREADY', 'EXITED'), ['InstanceUnready']],
    [phase('READY'), there('WAITING', 'EXITED'), ['InstanceWaiting']],
    [phase('READY'), gone, ['InstanceUnready']],
    [failing('UNREADY'), there('UNREADY', 'EXITED'), []],
    [failing('UNREADY'), there('STARTING'), []],
    [failing('UNREADY'), there('READY'), ['InstanceReady']],
    [stopping, there('READY'), []],
    [stopping, there('STOPPING'), []],
    [stopping, gone, []],
    [stopping, dismissed, ['InstanceStopped']],
    [phase('READY'), dismissed, ['InstanceUnready']],
  ])('%o, seen %o: %j', (instance, sight, facts) => {
    expect(factsOf(instance, sight).map(({ type }) => type)).toEqual(facts);
  });

  test('a node has no say about the instances of another', () => {
    const events = history(create());
    const onA = instancesOf(fold(events)).find(({ nodeId }) => nodeId === 'node_a');
    const observations = onA ? [{ instanceId: onA.id, sight: ready }] : [];
    expect(observations).toHaveLength(1);
    expect(
      types(given(deploymentDecider, events).when({ action: 'observe', tenant, nodeId: 'node_b', observations })),
    ).toEqual([]);
  });

  test('a lost node takes all its instances with it, frees their room there, and they are replaced elsewhere', () => {
    const events = settled(history(create()));
    const decision = given(deploymentDecider, events).when({ action: 'lose', tenant, nodeId: 'node_a' });
    expect(types(decision)).toEqual(['InstanceLost']);
    expect(decision.ok && decision.claims).toContainEqual(
      expect.objectContaining({ op: 'release', set: 'node-instances', key: 'node_a' }),
    );
    const onB: DeploymentCommand = {
      action: 'advance',
      tenant,
      world: {
        nodes: [node('a', { unreachable: 'silent' }), node('b')],
        hostNamespaces: new Set(),
        instanceIds: instanceIds(5),
        now,
        judging: true,
      },
    };
    const next = given(deploymentDecider, [...events, ...eventsOf(decision)]).when(onB);
    expect(doneBy(next)).toMatchObject([{ type: 'InstancePlaced', data: { nodeId: 'node_b' } }]);
  });
});

describe('a commit', () => {
  const plenty = () => ({
    nodes: [node('a', { capacity: { cpuMillis: 1_000_000, memoryMiB: 1_000_000 }, maxInstances: 2000 })],
    hostNamespaces: new Set<Id<'namespace'>>(),
    instanceIds: instanceIds(1000),
    now,
    judging: true,
  });
  const thousand = () => {
    let events: readonly DeploymentEvent[] = history(create({ replicas: 1000, world: plenty() }));
    while (instancesOf(fold(events)).length < 1000) {
      events = [
        ...events,
        ...eventsOf(given(deploymentDecider, events).when({ action: 'advance', tenant, world: plenty() })),
      ];
    }
    return events;
  };
  /** How many instances each step moved, until there was nothing left to do. */
  const steps = (events: readonly DeploymentEvent[], command: DeploymentCommand) => {
    const moved: number[] = [];
    let all = events;
    for (let next: DeploymentCommand = command; ; next = { action: 'advance', tenant, world: plenty() }) {
      const more = eventsOf(given(deploymentDecider, all).when(next));
      const count = more.filter(({ type }) => type.startsWith('Instance')).length;
      if (count === 0) return moved;
      moved.push(count);
      all = [...all, ...more];
    }
  };
  const fifth = Array<number>(5).fill(MOST_AT_ONCE);

  test('moves a bounded number of instances, and the next steps move the rest', () => {
    expect(steps([], create({ replicas: 1000, world: plenty() }))).toEqual(fifth);
    const events = thousand();
    expect(steps(events, remove)).toEqual(fifth);
    expect(steps(events, scale(0, plenty()))).toEqual(fifth);
    const lose: DeploymentCommand = { action: 'lose', tenant, nodeId: 'node_a' };
    expect(types(given(deploymentDecider, events).when(lose))).toHaveLength(MOST_AT_ONCE);
  });
});

describe('a fenced deployment', () => {
  const fenced = (more: Parameters<typeof create>[0] = {}) =>
    create({ strategy: { maxSurge: 0, maxUnavailable: 1 }, fenced: true, ...more });

  test('is refused with a surge, which would be one too many', () => {
    const decision = given(deploymentDecider, []).when(fenced({ strategy: { maxSurge: 1, maxUnavailable: 0 } }));
    expect(decision).toMatchObject({
      ok: false,
      rejection: {
        code: 'INVALID_ARGUMENT',
        field: 'strategy.maxSurge',
        message: expect.stringContaining('maxSurge 0'),
      },
    });
  });
  test('never has more instances than replicas, through an upgrade', () => {
    let events = settled(history(fenced({ replicas: 2 })));
    expect(events.map(({ type }) => type)).toContain('DeploymentFenced');
    events = [...events, ...eventsOf(given(deploymentDecider, events).when(upgrade(2)))];
    let most = 0;
    let state: ReturnType<typeof fold> = fold([]);
    for (const event of settled(events)) {
      state = deploymentDecider.evolve(state, event);
      most = Math.max(most, instancesOf(state).length);
    }
    expect(most).toBe(2);
  });
  test('loses only what was read of its node: what was placed there since stays', () => {
    const events = settled(history(fenced({ replicas: 2 })));
    const [first] = instancesOf(fold(events));
    const lose = (instanceIds: readonly Id<'instance'>[]): DeploymentCommand => ({
      ...{ action: 'lose', tenant, nodeId: first?.nodeId ?? 'node_a', instanceIds: new Set(instanceIds) },
    });
    expect(types(given(deploymentDecider, events).when(lose(['ins_other'])))).toEqual([]);
    expect(types(given(deploymentDecider, events).when(lose(first ? [first.id] : [])))).toEqual(['InstanceLost']);
  });
});
