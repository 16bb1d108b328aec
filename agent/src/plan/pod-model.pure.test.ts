/**
 * Pods of any processes, on a made-up node where anything may happen between two looks. What a process has shown is kept here beside
 * what the agent remembers, and each step is judged by it.
 */
import { defaultTiming, type ReadinessProbe } from '@atoll/schema/deploy/probes';
import { circleOf, processesOf, startOrder } from '@atoll/schema/deploy/processes';
import type { DependencyCondition, Process } from '@atoll/schema/deploy/spec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { desiredInstance, endpointAt, fixedId } from '../../test/fixtures.ts';
import { describe as describeInstance } from './describe.ts';
import { type Memory, memoryOf, seen, unknown, withProcess } from './memory.ts';
import type { Pod, PodContainer } from './pod.ts';
import { dueProbes, probed } from './probes.ts';
import { planSteps, type Step } from './steps.ts';

const instanceId = fixedId('instance', 1);
const endpoint = endpointAt(instanceId, 1, 2);
const names = ['web', 'b', 'c', 'd', 'e'];

/** One answer is enough either way: what was said last holds. */
const probe: ReadinessProbe = { kind: 'TCP', port: 80, ...defaultTiming, failureThreshold: 1, successThreshold: 1 };

const drawn = fc.record({
  task: fc.boolean(),
  asked: fc.record({ startup: fc.boolean(), readiness: fc.boolean(), liveness: fc.boolean() }),
  waits: fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
  ready: fc.boolean(),
});

/** They wait only for those that were drawn after them; the first is the main one. */
const processes = fc.array(drawn, { minLength: 1, maxLength: names.length }).map((all) =>
  all.map((one, at): Process => {
    const kind = one.task && at > 0 ? 'TASK' : 'SERVICE';
    const condition = (other: number): DependencyCondition => {
      if (all[other]?.task) return one.ready ? 'COMPLETED' : 'STARTED';
      return one.ready ? 'READY' : 'STARTED';
    };
    const of = (role: keyof typeof one.asked) => (kind === 'SERVICE' && one.asked[role] ? probe : null);
    const { others: _, ...main } = desiredInstance(instanceId).spec;
    return {
      ...{ ...main, name: names[at] ?? '', kind, ports: [] },
      ...{ startup: of('startup'), readiness: of('readiness'), liveness: of('liveness') },
      dependsOn: all.flatMap((_, other) =>
        other > at && one.waits[other] ? [{ process: names[other] ?? '', condition: condition(other) }] : [],
      ),
    };
  }),
);

const happening = fc.oneof(
  fc.record({ is: fc.constant('exit' as const), of: fc.nat(4), code: fc.constantFrom(0, 1) }),
  fc.record({ is: fc.constant('answers' as const), good: fc.infiniteStream(fc.boolean()) }),
  fc.record({ is: fc.constant('time' as const), ms: fc.constantFrom(500, 3000, 70_000) }),
  fc.record({ is: fc.constantFrom('agent anew' as const, 'sandbox ends' as const, 'rules' as const) }),
);

/** What a container has shown since it was last started. */
interface Shown {
  startedUp: boolean;
  serves: boolean;
  ailing: boolean;
}

class Node {
  readonly spec;
  now = Date.parse('2026-01-01T00:00:00.000Z');
  memory: Memory = unknown;
  sandbox: PodContainer | null = null;
  wired = false;
  secured = true;
  readonly apps = new Map<string, PodContainer>();
  readonly shown = new Map<string, Shown>();
  readonly processes: readonly Process[];
  private made = 0;

  constructor(processes: readonly Process[]) {
    this.processes = processes;
    const [{ kind: _, ...main }, ...others] = processes as readonly [Process, ...Process[]];
    this.spec = { ...main, others };
  }

  private container(process: string | null): PodContainer {
    const id = `${++this.made}`;
    const none = { netns: null, startedAt: null, finishedAt: null, endedBefore: null, exitCode: null };
    const fixed = { outOfMemory: false, stopGraceSeconds: 1, process, order: 0 };
    return { id, state: 'CREATED', sandboxId: this.sandbox?.id ?? null, ...none, ...fixed };
  }

  look(): Pod {
    for (const [name, app] of this.apps) {
      this.memory = withProcess(this.memory, this.keyOf(name), (of) => seen(of, app));
    }
    return {
      ...{ instanceId, desired: desiredInstance(instanceId, this.spec), endpoint, secured: this.secured },
      ...{ sandbox: this.sandbox, app: this.apps.get(this.spec.name) ?? null, wired: this.wired, hasWire: true },
      others: [...this.apps].flatMap(([name, app]) => (name === this.spec.name ? [] : [app])),
      ...{ heldUntil: null, lease: null, memory: this.memory },
    };
  }

  private keyOf = (name: string) => (name === this.spec.name ? null : name);
  private nameOf = (key: string | null) => key ?? this.spec.name;

  private ended(name: string, exitCode: number): void {
    const app = this.apps.get(name);
    if (app?.state !== 'RUNNING') return;
    this.apps.set(name, { ...app, state: 'EXITED', exitCode, finishedAt: new Date(this.now).toISOString() });
    this.shown.delete(name);
  }

  /** What the documents promise of one that others wait for, from what it has shown here. */
  is(name: string, condition: DependencyCondition): boolean {
    const [app, process] = [this.apps.get(name), this.processes.find((one) => one.name === name)];
    const done = process?.kind === 'TASK' && app?.state === 'EXITED' && app.exitCode === 0;
    if (condition === 'COMPLETED') return done;
    const shown = app?.state === 'RUNNING' ? this.shown.get(name) : undefined;
    const started = shown !== undefined && !shown.ailing && (process?.startup === null || shown.startedUp);
    if (condition === 'STARTED') return done || started;
    return started && (process?.readiness === null || shown.serves);
  }

  run(step: Step): void {
    switch (step.do) {
      case 'pull-image':
        this.memory = withProcess(this.memory, step.process, (of) => ({ ...of, pulled: true }));
        return;
      case 'create-sandbox':
        expect(this.sandbox).toBeNull();
        this.sandbox = { ...this.container(null), state: 'RUNNING' };
        return;
      case 'wire':
        this.wired = true;
        return;
      case 'create-app': {
        const name = this.nameOf(step.process);
        expect(this.apps.has(name), `${name} is made twice`).toBe(false);
        this.apps.set(name, this.container(step.process));
        return;
      }
      case 'start-app': {
        const name = this.nameOf(step.process);
        const app = this.apps.get(name);
        expect(this.secured, `${name} is started before its rules are in force`).toBe(true);
        if (app === undefined || app.state === 'RUNNING') throw new Error(`${name} can't be started`);
        expect(this.is(name, 'COMPLETED'), `${name} has ended well, and is started again`).toBe(false);
        const process = this.processes.find((one) => one.name === name);
        if (app.state === 'CREATED') {
          const missing = process?.dependsOn.filter((one) => !this.is(one.process, one.condition));
          expect(missing, `${name} is started before what it waits for`).toEqual([]);
        }
        const startedAt = new Date(this.now++).toISOString();
        this.apps.set(name, { ...app, state: 'RUNNING', startedAt, finishedAt: null, exitCode: null });
        this.shown.set(name, { startedUp: false, serves: false, ailing: false });
        this.memory = withProcess(this.memory, step.process, (of) => ({ ...of, starts: of.starts + 1 }));
        return;
      }
      case 'end-app': {
        const name = this.nameOf(step.process);
        expect(this.shown.get(name)?.ailing, `${name} is ended, and nothing is wrong with it`).toBe(true);
        this.ended(name, 143);
        return;
      }
      case 'remove':
        if (step.id === this.sandbox?.id) [this.sandbox, this.wired] = [null, false];
        for (const [name, { id }] of this.apps) {
          if (id !== step.id) continue;
          expect(this.sandbox?.state, `${name} is removed from a sandbox that runs`).not.toBe('RUNNING');
          this.apps.delete(name);
        }
        return;
      default:
        throw new Error(`${step.do} of a pod that shall be there`);
    }
  }

  /** Everything that can be done now. True where something was. */
  act(): boolean {
    const steps = planSteps(this.look(), this.now);
    for (const step of steps) this.run(step);
    return steps.length > 0;
  }

  answer(good: () => boolean): void {
    const pod = this.look();
    for (const due of dueProbes([pod], () => this.memory, this.now)) {
      const name = this.nameOf(due.process);
      const shown = this.shown.get(name);
      if (shown === undefined) throw new Error(`${name} doesn't run, and is asked`);
      if (due.role !== 'startup' && this.processes.find((one) => one.name === name)?.startup) {
        expect(shown.startedUp, `${name} is asked before it has started up`).toBe(true);
      }
      const well = good();
      if (due.role === 'startup') shown.startedUp ||= well;
      if (due.role === 'readiness') shown.serves = well;
      if (due.role !== 'readiness') shown.ailing ||= !well;
      const answer = { outcome: well ? ('CONNECTED' as const) : ('REFUSED' as const), httpStatus: null };
      this.memory = withProcess(this.memory, due.process, (of) => probed(of, due, answer, this.now));
    }
  }

  happens(what: typeof happening extends fc.Arbitrary<infer T> ? T : never): void {
    this.now += 1;
    switch (what.is) {
      case 'exit':
        this.ended(names[what.of] ?? '', what.code);
        return;
      case 'answers':
        this.answer(() => what.good.next().value);
        return;
      case 'time':
        this.now += what.ms;
        return;
      case 'agent anew':
        // Of all that it knew only the starts are on disk: what ails is found once more.
        for (const shown of this.shown.values()) shown.ailing = false;
        this.memory = processesOf(this.spec).reduce<Memory>((memory, { name }) => {
          const { starts } = memoryOf(this.memory, this.keyOf(name));
          return withProcess(memory, this.keyOf(name), (of) => ({ ...of, starts }));
        }, unknown);
        return;
      case 'sandbox ends':
        if (this.sandbox !== null) this.sandbox = { ...this.sandbox, state: 'EXITED' };
        this.wired = false;
        return;
      case 'rules':
        this.secured = !this.secured;
        return;
      default:
        what satisfies never;
    }
  }
}

describe('a pod of any processes, whatever happens', () => {
  test('starts each after what it waits for, ends only what ails, and is ready when all of it is', () => {
    fc.assert(
      fc.property(processes, fc.array(happening, { maxLength: 40 }), (all, happenings) => {
        const node = new Node(all);
        const isReady = () => describeInstance(node.look(), null).state === 'READY';
        const allAre = () => all.every(({ name, kind }) => node.is(name, kind === 'TASK' ? 'COMPLETED' : 'READY'));
        for (const what of happenings) {
          for (let turn = 0; turn < 3; turn++) node.act();
          if (isReady()) expect(allAre(), 'it is told to be ready, and not all of it is').toBe(true);
          node.happens(what);
        }
        // From now on everything goes well.
        node.secured = true;
        for (let round = 0; round < 60; round++) {
          while (node.act());
          if (isReady() && allAre()) break;
          node.answer(() => true);
          for (const { name, kind } of all) {
            if (kind === 'TASK') node.happens({ is: 'exit', of: names.indexOf(name), code: 0 });
          }
          node.now += 61_000;
        }
        expect([isReady(), allAre()]).toEqual([true, true]);
        expect(node.act()).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

test('there is an order to start in exactly where none of them wait in a circle', () => {
  const any = fc.array(fc.array(fc.nat(4), { maxLength: 2 }), { minLength: 1, maxLength: 5 }).map((all) =>
    all.map((on, at) => ({
      name: names[at] ?? '',
      dependsOn: on.map((other) => ({ process: names[other] ?? '', condition: 'STARTED' as const })),
    })),
  );
  fc.assert(
    fc.property(any, (all) => {
      const order = startOrder(all);
      const circle = circleOf(all);
      expect(order === null).toBe(circle !== null);
      const at = (name: string) => (order ?? []).findIndex((one) => one.name === name);
      for (const { name, dependsOn } of order ?? []) {
        for (const { process } of dependsOn) expect(at(process)).toBeLessThan(at(name));
      }
      for (const [index, name] of (circle ?? []).slice(0, -1).entries()) {
        const one = all.find((other) => other.name === name);
        expect(one?.dependsOn.map(({ process }) => process)).toContain(circle?.[index + 1]);
      }
    }),
  );
});
