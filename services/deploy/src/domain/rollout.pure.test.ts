/**
 * The rollout as a model: any order of commands, steps, reports, failures and losses, against nodes that are simulated
 * here. After every event the guarantees of `advance.ts` and `holdings.ts` are checked from the outside.
 */
import type { Claim } from '@atoll/events/decider';
import { viaSnapshot } from '@atoll/events/testing/check-snapshots';
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canariesOf, modeNow, mostOf } from '../../test/bounds.ts';
import { create, digest, granted, instanceIds, need, node, now, tenant } from '../../test/fixtures.ts';
import type { NodeView } from '../placement/node-view.ts';
import { covered } from './amounts.ts';
import type { DeploymentCommand, GrowingCommand } from './commands.ts';
import { deploymentDecider, needOf } from './decide.ts';
import {
  type Active,
  type Body,
  baseOf,
  type Deployment,
  type DeploymentEvent,
  isReady,
  isServing,
  isSettled,
  isTarget,
} from './deployment.ts';
import { onNodes, reserved } from './holdings.ts';
import type { Instance } from './instance.ts';
import type { Sight } from './observe.ts';
import { markOf } from './progress.ts';
import { stateOf } from './redirect.ts';
import { rolloutTable, type Stimulus } from './rollout-table.ts';

const nodeIds = ['node_a', 'node_b', 'node_c'] as const;
type NodeId = (typeof nodeIds)[number];

/** Instances of a bad release never get ready. */
const isBad = (image: string) => image.endsWith('f');

type Answer = 'FREEZE' | 'GRADUAL' | 'FAST';
const DEADLINE_S = 60;

/** What each fact is to the table; those that begin another rollout are looked at by their command. */
const stimulusOf: Partial<Record<DeploymentEvent['type'], Stimulus>> = {
  RolloutSuspended: 'suspend',
  RolloutResumed: 'resume',
  RolloutProgressed: 'progress',
  RolloutStepReached: 'step reached',
  RolloutStepUndone: 'falls over',
  RolloutCompleted: 'all as wanted',
  DeploymentScaled: 'scale',
};

function stimulusBehind(event: DeploymentEvent): Stimulus | undefined {
  if (event.type === 'RolloutFailed')
    return event.data.reason === 'UNSTABLE' ? 'falls over again and again' : 'deadline passed';
  if (event.type === 'RolloutPromoted') return event.data.by === 'PERSON' ? 'promote' : 'pause over';
  return stimulusOf[event.type];
}

const activeOf = (state: Deployment): Active | null => (state.status === 'ACTIVE' ? state : null);

class Platform {
  state: Deployment = { status: 'NONE' };
  now = now;
  readonly away = new Set<NodeId>();
  readonly everPlaced = new Set<string>();
  readonly held = new Map<string, number>();
  readonly slots: number;
  releases = 0;
  private commands = 0;

  constructor(
    replicas: number,
    strategy: { maxSurge: number; maxUnavailable: number },
    slots: number,
    answer: Answer,
    plan: RolloutStrategy,
  ) {
    this.slots = slots;
    const policy = { progressDeadlineSeconds: DEADLINE_S, onFailure: answer };
    this.run({
      ...create({ replicas, strategy, policy, plan, world: this.world() }),
      releaseId: 'rel_1',
      rolloutId: 'rol_1',
    });
    this.releases = 1;
  }

  get body(): Body {
    if (this.state.status !== 'ACTIVE') throw new Error(`not active: ${this.state.status}`);
    return this.state;
  }
  get instances(): Instance[] {
    return [...this.body.instances.list()];
  }

  world() {
    const used = onNodes(this.state);
    const view = (nodeId: NodeId): NodeView =>
      node('', {
        nodeId,
        unreachable: this.away.has(nodeId) ? 'silent' : null,
        capacity: { cpuMillis: 100_000, memoryMiB: 100_000 },
        maxInstances: this.slots,
        used: used.get(nodeId) ?? { cpuMillis: 0, memoryMiB: 0, instances: 0 },
      });
    return {
      ...{ nodes: nodeIds.map(view), hostNamespaces: new Set<Id<'namespace'>>(), instanceIds: instanceIds(8) },
      ...{ now: this.now, judging: true },
    };
  }

  /** Decides, checks every event as it comes, and books the claims. Null where it was refused. */
  run(command: DeploymentCommand): readonly DeploymentEvent[] | null {
    const before = this.state;
    const decision = deploymentDecider.decide(before, command);
    if (command.action === 'suspend' || command.action === 'resume' || command.action === 'promote')
      this.checkAnswer(command.action, decision);
    if (!decision.ok) return null;
    for (const event of decision.events) this.apply(event);
    if (command.action === 'upgrade' || command.action === 'rollback') {
      const asked = command.action === 'rollback' && command.abort ? 'abort' : command.action;
      this.checkNext(before, asked, decision.events);
    }
    if (this.commands++ % 8 === 0) this.checkSnapshot(before, decision.events);
    for (const claim of decision.claims) this.book(claim);
    this.checkHoldings(before, command.action);
    return decision.events;
  }

  /** As the service does it: exactly what the command needs is reserved, and nothing where it needs nothing. */
  private grow(command: GrowingCommand) {
    const amounts = needOf(this.state, command);
    return this.run({ ...command, granted: amounts === null ? null : { ...granted, amounts } });
  }

  /** Refused, ignored or done: as the table says. */
  private checkAnswer(
    stimulus: 'suspend' | 'resume' | 'promote',
    decision: ReturnType<typeof deploymentDecider.decide>,
  ) {
    const cell = rolloutTable[stateOf(this.body as Active)][stimulus];
    if (decision.ok) expect(cell.kind).toBe(decision.events.length === 0 ? 'nothing' : 'same');
    else if (cell.kind === 'same') expect(decision.rejection.message).toMatch(/are ready: wait until all are/);
    else expect(cell).toMatchObject({ kind: 'refused', code: decision.rejection.code });
  }

  /** Another rollout begins in the state that the table says, and the one before is told to be over. */
  private checkNext(
    before: Deployment,
    stimulus: 'upgrade' | 'rollback' | 'abort',
    events: readonly DeploymentEvent[],
  ) {
    const [was, is] = [activeOf(before), activeOf(this.state)];
    if (was === null || is === null || events.length === 0) return;
    const cell = rolloutTable[stateOf(was)][stimulus];
    expect(cell.kind).toBe('next');
    expect('to' in cell && cell.to).toBe(stateOf(is));
    const over = events.some(({ type }) => type === 'RolloutSuperseded');
    const another = events.some(({ type }) => type === 'RolloutStarted');
    expect(over).toBe(another && stateOf(was) !== 'COMPLETED');
  }

  private checkSnapshot(before: Deployment, events: readonly DeploymentEvent[]) {
    const restored = events.reduce(deploymentDecider.evolve, viaSnapshot(deploymentDecider, before));
    expect(JSON.stringify(restored), 'a snapshot and the later events give the same').toBe(JSON.stringify(this.state));
  }

  private apply(event: DeploymentEvent) {
    const before = this.state;
    this.state = deploymentDecider.evolve(before, event);
    if (this.state.status !== 'ACTIVE' || before.status !== 'ACTIVE') return;
    const { replicas, strategy } = this.state;
    this.checkStep(before, this.state, event);
    this.checkHeld(before, event);
    const serving = (state: Body) => state.instances.list().filter((one) => isServing(state, one)).length;
    if (event.type === 'InstancePlaced') {
      expect(this.state.instances.size, 'never above what the strategy allows').toBeLessThanOrEqual(mostOf(before));
      this.checkPlaced(before, this.state, event.data.releaseId);
      expect(this.everPlaced.has(event.data.instanceId), 'never two of one').toBe(false);
      expect(this.away.has(event.data.nodeId as NodeId), 'never on a node that is not ready').toBe(false);
      this.everPlaced.add(event.data.instanceId);
    }
    const stopped = 'instanceId' in event.data ? before.instances.get(event.data.instanceId)?.releaseId : undefined;
    const bad = before.releases.some(({ id, abandoned }) => id === stopped && abandoned);
    const asked = before.rollout?.pace === 'FAST' && bad;
    const spared = asked || modeNow(before) === 'RECREATE';
    if (event.type === 'InstanceStopRequested' && !spared && serving(this.state) < serving(before)) {
      expect(serving(this.state), 'never below the minimum because of us').toBeGreaterThanOrEqual(
        Math.max(0, replicas - strategy.maxUnavailable),
      );
    }
    if (event.type === 'TrafficSwitched') {
      expect(serving(this.state), 'a switch takes nothing away').toBeGreaterThanOrEqual(
        Math.min(replicas, serving(before)),
      );
    }
    if (event.type === 'RolloutPromoted') this.checkPromoted(before, event.data);
  }

  private checkPlaced(before: Active, after: Active, releaseId: Id<'release'>) {
    const others = before.instances.list().filter((one) => one.releaseId !== releaseId);
    if (modeNow(before) === 'RECREATE') expect(others, 'never two actives').toEqual([]);
    if (releaseId !== after.target?.id || stateOf(before) === 'COMPLETED') return;
    const targets = after.instances.list().filter((one) => one.stopping === null && isTarget(after, one)).length;
    if (stateOf(before) === 'RUNNING' || stateOf(before) === 'PAUSED')
      expect(targets, 'no more new ones than the step asks for').toBeLessThanOrEqual(canariesOf(before));
  }

  /** Steps are left one by one, or all by somebody; by time not before it, and only with all ready. */
  private checkPromoted({ rollout, ...body }: Active, { step, by }: { step: number; by: 'TIME' | 'PERSON' }) {
    if (by === 'TIME') expect(step, 'one by one').toBe((rollout?.step ?? 0) + 2);
    expect(step, 'never back').toBeGreaterThan((rollout?.step ?? 0) + 1);
    if (rollout?.status === 'PAUSED' && by === 'TIME')
      expect(Date.parse(rollout.until ?? ''), 'not before its time').toBeLessThanOrEqual(this.now);
    const ready = body.instances.list().filter((one) => isReady(one) && one.releaseId === body.target?.id).length;
    expect(ready, 'nothing is promoted that is not ready').toBeGreaterThanOrEqual(canariesOf({ rollout, ...body }));
  }

  /** One fact takes a rollout where the table says, and its deadline moves on only with more progress than ever. */
  private checkStep(before: Active, after: Active, event: DeploymentEvent) {
    const stimulus = stimulusBehind(event);
    if (stimulus === undefined) return;
    const cell = rolloutTable[stateOf(before)][stimulus];
    expect(cell.kind, `${stateOf(before)}: ${stimulus}`).toBe('same');
    expect('to' in cell && cell.to).toBe(stateOf(after));
    if (event.type === 'RolloutFailed')
      expect(event.data.message, 'no failure without a reason').toMatch(
        /^No progress for |^What was ready fell over 3 times/,
      );
    if (event.type !== 'RolloutProgressed' || before.rollout?.status !== 'RUNNING') return;
    if (before.rollout.deadlineAt !== null) {
      expect(markOf(after), 'no more time without progress').toBeGreaterThan(before.rollout.mark);
    }
  }

  /** While it stands still, nothing is replaced; what is lost comes back as its like. */
  private checkHeld(before: Active, event: DeploymentEvent) {
    const { rollout } = before;
    if (rollout?.status !== 'SUSPENDED' && rollout?.status !== 'FAILED') return;
    const running = before.instances.list().filter(({ stopping }) => stopping === null);
    if (event.type === 'InstanceStopRequested') {
      expect(event.data.reason, 'nothing is replaced').toBe('SCALED_DOWN');
      expect(running.length, 'nothing stops').toBeGreaterThan(before.replicas + Math.max(0, rollout.held.extra));
    }
    if (event.type !== 'InstancePlaced') return;
    expect(running.length, 'nothing is added').toBeLessThan(before.replicas + rollout.held.extra);
    const base = baseOf(before);
    if (base === null) return;
    const targets = running.filter((instance) => isTarget(before, instance)).length;
    if (event.data.releaseId !== base.id)
      expect(targets, 'no more of the new release').toBeLessThan(rollout.held.targets);
  }

  private book(claim: Claim) {
    if (!('kind' in claim) || claim.kind !== 'amount' || claim.op === 'limit') return;
    const key = `${claim.set} ${claim.key}`;
    if (claim.op === 'release') {
      this.held.delete(key);
      return;
    }
    expect(claim.amount, 'never more than the limit').toBeLessThanOrEqual(claim.limit);
    this.held.set(key, claim.amount);
  }

  /** What is held is what the state says, whatever the way to it was. */
  private checkHoldings(before: Deployment, action: DeploymentCommand['action']) {
    if (this.state.status === 'ACTIVE') expect(this.state.holds, 'what is held is told').toEqual(reserved(this.state));
    const growing = ['create', 'upgrade', 'rollback', 'scale'].includes(action);
    if (!growing) {
      const share = reserved(this.state);
      expect(covered(share, reserved(before)), 'no step takes more of the quotas than its command reserved').toBe(true);
    }
    const used = onNodes(this.state);
    for (const nodeId of nodeIds) {
      expect(this.held.get(`node-instances ${nodeId}`) ?? 0).toBe(used.get(nodeId)?.instances ?? 0);
      expect(used.get(nodeId)?.instances ?? 0).toBeLessThanOrEqual(this.slots);
    }
  }

  advance() {
    return this.run({ action: 'advance', tenant, world: this.world() });
  }
  report(instance: Instance, sight: Sight) {
    if (this.away.has(instance.nodeId as NodeId)) return;
    const observations = [{ instanceId: instance.id, sight }];
    this.run({ action: 'observe', tenant, nodeId: instance.nodeId, observations });
  }
  /** What the node's agent does next with it. */
  tend(instance: Instance) {
    const image = this.body.releases.find((release) => release.id === instance.releaseId)?.spec.image ?? '';
    if (instance.stopping !== null) return this.report(instance, { seen: 'absent', dismissed: true });
    const sight: Sight = isBad(image)
      ? { seen: 'there', state: 'WAITING', reason: 'IMAGE_PULL_FAILED', message: 'not there' }
      : { seen: 'there', state: 'READY', reason: null, message: '' };
    return this.report(instance, sight);
  }
  upgrade(bad: boolean, cpuMillis: number) {
    this.releases += 1;
    const id = this.releases;
    const image = `registry.test/app@${digest(bad ? 'f' : '1')}`;
    const change = { image, resources: need(cpuMillis, 64) };
    const ids = { releaseId: `rel_${id}`, rolloutId: `rol_${id}`, now: this.now } as const;
    this.grow({ action: 'upgrade', tenant, granted: null, change, ...ids });
  }
  rollback(toRelease: number | null, pace: 'GRADUAL' | 'FAST' = 'GRADUAL', automatic = false, abort = false) {
    this.releases += 1;
    const rolloutId: Id<'rollout'> = `rol_${this.releases}`;
    return this.grow({
      action: 'rollback',
      tenant,
      granted: null,
      toRelease,
      pace,
      automatic,
      abort,
      rolloutId,
      now: this.now,
    });
  }
  /** As the controller does: what follows a failure by itself. */
  follow() {
    const { rollout } = this.body;
    if (rollout?.status !== 'FAILED' || rollout.answer === 'FREEZE') return;
    const { id: rolloutId, answer } = rollout;
    if (this.rollback(null, answer, true) !== null) return;
    const rejection = reject('NO_EARLIER_RELEASE', 'There is none.');
    this.run({ action: 'refuse', tenant, rolloutId, rejection });
  }
  suspend() {
    return this.run({ action: 'suspend', tenant, now: this.now });
  }
  resume() {
    return this.run({ action: 'resume', tenant, now: this.now });
  }
  promote(full = false) {
    return this.run({ action: 'promote', tenant, full, now: this.now });
  }
  abort() {
    return this.rollback(null, 'GRADUAL', false, true);
  }
  plan(strategy: RolloutStrategy) {
    return this.run({ action: 'strategy', tenant, strategy });
  }
  scale(replicas: number) {
    return this.grow({ action: 'scale', tenant, granted: null, replicas, world: this.world() });
  }

  /** Nodes serve, agents work, the controller steps: until nothing changes any more. */
  settle() {
    this.away.clear();
    for (let round = 0; round < 400; round++) {
      const before = this.state;
      this.advance();
      this.follow();
      if (this.body.rollout?.status === 'PAUSED') this.promote();
      for (const instance of this.instances) this.tend(instance);
      if (this.state === before) return;
    }
    throw new Error('it never comes to rest');
  }
}

type Action = (platform: Platform) => void;
const pick = fc.nat({ max: 30 });
const withInstance = (act: (platform: Platform, instance: Instance) => void) =>
  pick.map(
    (n): Action =>
      (platform) => {
        const instance = platform.instances[n % Math.max(1, platform.instances.length)];
        if (instance) act(platform, instance);
      },
  );
const named = (name: string, arbitrary: fc.Arbitrary<Action>) =>
  arbitrary.map((run) => Object.assign((platform: Platform) => run(platform), { toString: () => name }));

const pauses = fc.constantFrom(null, 0, 30);
const steps = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 99 }), pauses), { minLength: 1, maxLength: 3, selector: ([n]) => n })
  .chain((all) => {
    const rising = [...all].sort(([a], [b]) => a - b);
    return fc.boolean().map((percent) =>
      rising.map(([n, pauseSeconds], index) => ({
        count: percent ? null : index + 1,
        weightPercent: percent ? n : null,
        pauseSeconds,
      })),
    );
  });
const plans: fc.Arbitrary<RolloutStrategy> = fc.oneof(
  fc.constantFrom<RolloutStrategy>({ kind: 'ROLLING' }, { kind: 'RECREATE' }),
  steps.map((all): RolloutStrategy => ({ kind: 'CANARY', steps: all })),
  fc.tuple(pauses, fc.constantFrom(0, 30)).map(
    ([autoPromoteSeconds, scaleDownDelaySeconds]): RolloutStrategy => ({
      ...{ kind: 'BLUE_GREEN', autoPromoteSeconds, scaleDownDelaySeconds },
    }),
  ),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 12,
    arbitrary: named(
      'advance',
      fc.constant<Action>((platform) => void platform.advance()),
    ),
  },
  {
    weight: 14,
    arbitrary: named(
      'tend',
      withInstance((platform, instance) => platform.tend(instance)),
    ),
  },
  {
    weight: 4,
    arbitrary: named(
      'fail',
      withInstance((platform, instance) =>
        platform.report(instance, { seen: 'there', state: 'UNREADY', reason: 'EXITED', message: 'exit code 1' }),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'vanish',
      withInstance((platform, instance) => platform.report(instance, { seen: 'absent', dismissed: false })),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'lose',
      fc.constantFrom(...nodeIds).map(
        (nodeId): Action =>
          (platform) => {
            platform.away.add(nodeId);
            platform.run({ action: 'lose', tenant, nodeId });
          },
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'return',
      fc.constantFrom(...nodeIds).map(
        (nodeId): Action =>
          (platform) => {
            platform.away.delete(nodeId);
          },
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'scale',
      fc.nat({ max: 8 }).map(
        (replicas): Action =>
          (platform) =>
            void platform.scale(replicas),
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'upgrade',
      fc.tuple(fc.boolean(), fc.constantFrom(50, 100, 200)).map(
        ([bad, cpu]): Action =>
          (platform) =>
            platform.upgrade(bad, cpu),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'rollback',
      fc.tuple(fc.option(fc.integer({ min: 1, max: 4 })), fc.constantFrom('GRADUAL' as const, 'FAST' as const)).map(
        ([number, pace]): Action =>
          (platform) =>
            void platform.rollback(number, pace),
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'suspend',
      fc.constant<Action>((platform) => void platform.suspend()),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'resume',
      fc.constant<Action>((platform) => void platform.resume()),
    ),
  },
  {
    weight: 4,
    arbitrary: named(
      'promote',
      fc.boolean().map(
        (full): Action =>
          (platform) =>
            void platform.promote(full),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'abort',
      fc.constant<Action>((platform) => void platform.abort()),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'another strategy',
      plans.map(
        (plan): Action =>
          (platform) =>
            void platform.plan(plan),
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      'time passes',
      fc.integer({ min: 1, max: DEADLINE_S }).map(
        (seconds): Action =>
          (platform) => {
            platform.now += seconds * 1000;
          },
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      'follow',
      fc.constant<Action>((platform) => platform.follow()),
    ),
  },
);
const strategy = fc
  .record({ maxSurge: fc.nat({ max: 3 }), maxUnavailable: fc.nat({ max: 3 }) })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0);
const answers = fc.constantFrom<Answer[]>('FREEZE', 'GRADUAL', 'FAST');
type From = [number, { maxSurge: number; maxUnavailable: number }, number, Answer, RolloutStrategy];
const start: fc.Arbitrary<From> = fc.tuple(
  ...([fc.integer({ min: 0, max: 6 }), strategy, fc.constantFrom(3, 5, 20), answers, plans] as const),
);
/** With room for two of each. */
const roomy = start.map(([replicas, bounds, slots, ...rest]): From => [replicas, bounds, Math.max(slots, 6), ...rest]);

const walk = ([replicas, rolling, slots, answer, plan]: From, steps: readonly Action[]) => {
  const platform = new Platform(replicas, rolling, slots, answer, plan);
  for (const step of steps) step(platform);
  return platform;
};
const walks = fc.array(action, { maxLength: 120, size: 'max' });
const runs = { numRuns: 250 };
const fewer = { numRuns: 60 };

/** A busy machine takes several times as long as a quiet one. */
describe('whatever happens', { timeout: 60_000 }, () => {
  test('no guarantee is broken on the way', () => {
    fc.assert(
      fc.property(start, walks, (from, all) => void walk(from, all)),
      runs,
    );
  });

  test('with room, nodes that serve and a release that gets ready, it comes to what is wanted', () => {
    fc.assert(
      fc.property(start, walks, (from, all) => {
        const platform = walk(from, all);
        platform.scale(Math.min(platform.body.replicas, 3));
        platform.upgrade(false, 100);
        platform.resume();
        platform.settle();
        expect(isSettled(platform.body)).toBe(true);
        expect(platform.body.rollout?.status).toBe('COMPLETED');
        expect(platform.state).toMatchObject({ blocked: null });
        expect(platform.advance()).toEqual([]);
      }),
      runs,
    );
  });

  test('a release that never gets ready takes no ready instance away below the minimum, and a rollback ends it', () => {
    fc.assert(
      fc.property(roomy, (from) => {
        const platform = walk(from, []);
        platform.settle();
        platform.upgrade(true, 100);
        platform.settle();
        const { replicas, strategy: rolling } = platform.body;
        const ready = platform.instances.filter(isReady).length;
        if (modeNow(platform.body) !== 'RECREATE')
          expect(ready).toBeGreaterThanOrEqual(Math.max(0, replicas - rolling.maxUnavailable));
        if (replicas > 0) expect(platform.body.rollout?.status).toBe('RUNNING');
        expect(platform.rollback(1)).not.toBeNull();
        platform.settle();
        expect(platform.body.target?.number).toBe(1);
        expect(isSettled(platform.body)).toBe(true);
      }),
      runs,
    );
  });

  test('a release that never gets ready is rolled back by itself, once, to the last known good; or stays as it is', () => {
    fc.assert(
      fc.property(roomy, fc.integer({ min: 1, max: 6 }), ([, ...from], replicas) => {
        const platform = walk([replicas, ...from], []);
        platform.settle();
        platform.upgrade(true, 100);
        platform.settle();
        platform.now += DEADLINE_S * 1000 - 1;
        expect(platform.advance(), 'not before its time').toEqual([]);
        platform.now += DEADLINE_S * 50 + 1;
        platform.settle();
        const frozen = from[2] === 'FREEZE';
        expect(platform.body.target?.number).toBe(frozen ? 2 : 1);
        expect(platform.body.rollout?.status).toBe(frozen ? 'FAILED' : 'COMPLETED');
        expect(platform.body.releases.map(({ abandoned }) => abandoned)).toEqual([false, true]);
        if (frozen) expect(platform.resume()).toMatchObject([{ type: 'RolloutResumed' }]);
        else expect(platform.rollback(null), 'what failed is never gone back to').toBeNull();
      }),
      fewer,
    );
  });

  test('time in which a rollout is suspended does not count, nor does what flaps', () => {
    fc.assert(
      fc.property(roomy, fc.nat({ max: 3 }), ([, ...from], flaps) => {
        const platform = walk([2, ...from], []);
        platform.settle();
        platform.upgrade(true, 100);
        platform.settle();
        platform.now += (DEADLINE_S - 10) * 1000;
        platform.suspend();
        platform.settle();
        platform.now += 10 * DEADLINE_S * 1000;
        expect(platform.advance()).toEqual([]);
        platform.resume();
        platform.settle();
        platform.now += 9_000;
        // It gets ready and falls over, again and again: only the first time is progress.
        const [shaky] = platform.instances.filter((one) => isTarget(platform.body, one));
        if (shaky !== undefined) {
          for (let flap = 0; flap <= flaps; flap++) {
            platform.report(shaky, { seen: 'there', state: 'READY', reason: null, message: '' });
            platform.report(shaky, { seen: 'there', state: 'UNREADY', reason: 'EXITED', message: 'exit code 1' });
            platform.advance();
          }
        }
        expect(platform.body.rollout?.status).toBe('RUNNING');
        platform.now += 2_000;
        platform.advance();
        expect(platform.body.rollout?.status).toBe('FAILED');
      }),
      fewer,
    );
  });

  test('rollbacks without a number never come back to where one has been: each is new, and they end', () => {
    fc.assert(
      fc.property(start, walks, (from, all) => {
        const platform = walk(from, all);
        platform.scale(Math.min(platform.body.replicas, 3));
        platform.upgrade(false, 100);
        platform.resume();
        platform.settle();
        const visited = [platform.body.target?.number];
        while (platform.rollback(null) !== null) {
          const target = platform.body.target?.number;
          expect(platform.rollback(null), 'repeated while under way, it changes nothing').toEqual([]);
          expect(visited).not.toContain(target);
          visited.push(target);
          platform.settle();
          expect(platform.body.target?.number).toBe(target);
        }
      }),
      { numRuns: 150 },
    );
  });
});
