import { defaultTiming } from '@atoll/schema/deploy/probes';
import type { Process } from '@atoll/schema/deploy/spec';
import { describe, expect, test } from 'vitest';
import { desiredInstance, endpointAt, fixedId } from '../../test/fixtures.ts';
import { describe as describeInstance, describeProcesses } from './describe.ts';
import { failed, seen, unknown, unprobed, untold } from './memory.ts';
import type { Pod, PodContainer } from './pod.ts';
import { nextPlanAt, planSteps } from './steps.ts';

const instanceId = fixedId('instance', 1);
const desired = desiredInstance(instanceId);
const endpoint = endpointAt(instanceId, 1, 2);
const now = Date.parse('2026-01-01T00:01:00.000Z');

const container: PodContainer = {
  id: 'c',
  state: 'RUNNING',
  sandboxId: null,
  netns: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  exitCode: null,
  endedBefore: null,
  outOfMemory: false,
  stopGraceSeconds: 7,
  process: null,
  order: 0,
};
const sandbox: PodContainer = { ...container, id: 'sandbox', netns: '/proc/1/ns/net' };
const app: PodContainer = { ...container, id: 'app', sandboxId: 'sandbox' };
const ended: PodContainer = { ...app, state: 'EXITED', exitCode: 1, finishedAt: '2026-01-01T00:00:59.500Z' };
const nothing: Pod = {
  instanceId,
  desired,
  endpoint: null,
  secured: false,
  sandbox: null,
  app: null,
  others: [],
  wired: false,
  hasWire: false,
  heldUntil: null,
  lease: null,
  memory: { ...unknown, pulled: true },
};
const ready: Pod = { ...nothing, endpoint, sandbox, wired: true, hasWire: true, secured: true };
const steps = (pod: Partial<Pod>, base = nothing) => planSteps({ ...base, ...pod }, now).map((step) => step.do);

describe('the way to a running instance', () => {
  test.each<[string, Pod, string[]]>([
    ['without an address only the image is fetched', { ...nothing, memory: unknown }, ['pull-image']],
    ['with the image there, it waits', nothing, []],
    ['with an address, its sandbox is made', { ...nothing, endpoint }, ['create-sandbox']],
    ['then it is wired', { ...nothing, endpoint, sandbox }, ['wire']],
    ['wired but not guarded, it waits: no packet before its policy', { ...ready, secured: false }, []],
    ['guarded but not wired, it is wired first', { ...ready, wired: false }, ['wire']],
    ['wired and guarded, its container is made', ready, ['create-app']],
    ['a container that was made is started', { ...ready, app: { ...app, state: 'CREATED' } }, ['start-app']],
    ['not while its rules are not certain', { ...ready, secured: false, app: { ...app, state: 'CREATED' } }, []],
    ['what runs is left alone', { ...ready, app }, []],
    ['also where its rules are not certain', { ...ready, secured: false, app }, []],
    ['a lost wire is made again under what runs', { ...ready, wired: false, app }, ['wire']],
    [
      'a sandbox that ended goes, with what was in it',
      { ...ready, sandbox: { ...sandbox, state: 'EXITED' }, app },
      ['remove', 'remove'],
    ],
    ['a container of another sandbox goes', { ...ready, app: { ...app, sandboxId: 'older' } }, ['remove']],
  ])('%s', (_, pod, expected) => {
    expect(planSteps(pod, now).map((step) => step.do)).toEqual(expected);
  });
});

describe('the end', () => {
  test('goes from the inside out, with the time to stop that the container was made with', () => {
    expect(planSteps({ ...ready, desired: null, app }, now)).toEqual([
      { do: 'stop', id: 'app', graceSeconds: 7 },
      { do: 'remove', id: 'app' },
      { do: 'remove', id: 'sandbox' },
      { do: 'unwire', instanceId },
    ]);
  });
  test('waits while connections may still be sent to it, and no longer than it may', () => {
    const held = { ...ready, desired: null, app, heldUntil: now + 1 };
    expect(planSteps(held, now)).toEqual([]);
    expect(nextPlanAt(held)).toBe(now + 1);
    expect(planSteps(held, now + 1).map((step) => step.do)).toEqual(['stop', 'remove', 'remove', 'unwire']);
    // What is to run is held up by nothing.
    expect(steps({ heldUntil: now + 1 }, ready)).toEqual(['create-app']);
  });
  test('of what has ended needs no stop, and of nothing no step', () => {
    expect(steps({ desired: null, app: ended, sandbox })).toEqual(['remove', 'remove']);
    expect(steps({ desired: null })).toEqual([]);
  });
  test('never comes where it is not known what should run', () => {
    expect(steps({ desired: 'unknown', app, sandbox, hasWire: true })).toEqual([]);
  });
});

describe('what fails its liveness', () => {
  const ailing = { startedAt: app.startedAt ?? '', reason: 'LIVENESS_FAILED', message: 'no' } as const;
  const memory = { ...ready.memory, ailing };

  test('is ended in its time, and started again after a pause; its next start is left alone', () => {
    expect(planSteps({ ...ready, app, memory }, now)).toEqual([
      { do: 'end-app', id: 'app', graceSeconds: 7, process: null },
    ]);
    const counted = seen(memory, ended);
    expect(steps({ app: ended, memory: counted }, ready)).toEqual([]);
    expect(planSteps({ ...ready, app: ended, memory: counted }, now + 1000)).toEqual([
      { do: 'start-app', id: 'app', process: null },
    ]);
    expect(steps({ app: { ...app, startedAt: '2026-01-01T00:01:00.000Z' }, memory: counted }, ready)).toEqual([]);
  });
});

describe('trying again', () => {
  test('after a failure waits for its time, and says when that is', () => {
    const pod = { ...ready, memory: failed(ready.memory, 'SANDBOX_FAILED', 'no', now) };
    expect(planSteps(pod, now)).toEqual([]);
    expect(nextPlanAt(pod)).toBe(now + 1000);
    expect(planSteps(pod, now + 1000)).not.toEqual([]);
  });

  test('pauses double up to a minute', () => {
    let memory = unknown;
    const pauses = Array.from({ length: 9 }, () => {
      memory = failed(memory, 'IMAGE_PULL_FAILED', 'no', now);
      return ((memory.failure?.nextAttemptAt ?? 0) - now) / 1000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('a process that ends at once is started again after longer and longer pauses', () => {
    const short = { ...ended, startedAt: '2026-01-01T00:00:59.000Z' };
    const once = seen(ready.memory, short);
    expect(seen(once, short)).toBe(once);
    expect(steps({ app: short, memory: once }, ready)).toEqual([]);
    expect(planSteps({ ...ready, app: short, memory: once }, now + 500)).toEqual([
      { do: 'start-app', id: 'app', process: null },
    ]);
    const again = { ...short, finishedAt: '2026-01-01T00:01:05.000Z', startedAt: '2026-01-01T00:01:04.000Z' };
    const twice = seen(once, again);
    expect(nextPlanAt({ ...ready, app: again, memory: twice })).toBe(Date.parse('2026-01-01T00:01:07.000Z'));
  });

  test('one that ran for long starts with the shortest pause again, and a failure is forgotten once it runs', () => {
    const crashed = { ...ready.memory, crashes: 5, lastExit: '2025-12-31T00:00:00.000Z' };
    const long = { ...ended, startedAt: '2025-12-31T00:00:01.000Z' };
    expect(seen(crashed, long).crashes).toBe(1);
    expect(seen(failed(crashed, 'SANDBOX_FAILED', 'no', now), app).failure).toBeNull();
  });
});

describe('what is fenced', () => {
  const made = { ...ready, app: { ...app, state: 'CREATED' as const } };
  const held = { is: 'HELD' } as const;
  const ending = { is: 'ENDING', leftMs: 3700 } as const;
  const over = { is: 'OVER' } as const;
  test('runs while its node holds a lease', () => {
    expect(steps({ lease: held }, made)).toEqual(['start-app']);
    expect(steps({ app, lease: held }, ready)).toEqual([]);
  });
  test.each([ending, over])('is neither made nor started without one: $is', (lease) => {
    for (const pod of [nothing, { ...nothing, endpoint }, ready, made, { ...ready, app: ended }])
      expect(steps({ lease }, pod)).toEqual([]);
  });
  test('is asked to end while there is time, and is ended once there is none', () => {
    expect(planSteps({ ...ready, app, lease: ending }, now)).toEqual([{ do: 'stop', id: 'app', graceSeconds: 3 }]);
    expect(planSteps({ ...ready, app, lease: over }, now)).toEqual([{ do: 'stop', id: 'app', graceSeconds: 0 }]);
  });
  test('goes as everything else where it shall not be any more', () => {
    expect(steps({ app, desired: null }, ready)).toEqual(['stop', 'remove', 'remove', 'unwire']);
  });
});

describe('several processes', () => {
  const side = (name: string, more: Partial<Process> = {}): Process => {
    const { others: _, ...main } = desired.spec;
    return { ...main, name, kind: 'SERVICE', ports: [], dependsOn: [], ...more };
  };
  const spec = {
    dependsOn: [
      { process: 'setup', condition: 'COMPLETED' as const },
      { process: 'cache', condition: 'READY' as const },
    ],
    others: [
      side('cache', { readiness: { kind: 'TCP', port: 81, ...defaultTiming, successThreshold: 1 } }),
      side('setup', { kind: 'TASK', dependsOn: [{ process: 'cache', condition: 'STARTED' }] }),
    ],
  };
  const known = { ...untold, pulled: true };
  const memory = { ...unknown, ...known, others: { cache: known, setup: known } };
  const pod: Pod = { ...ready, desired: desiredInstance(instanceId, spec), memory };
  const is = (process: string | null, state: PodContainer['state'], exitCode: number | null = null): PodContainer => ({
    ...app,
    ...{ id: process ?? 'main', process, state, exitCode },
    ...(state === 'CREATED' ? { startedAt: null } : {}),
    ...(state === 'EXITED' ? { finishedAt: '2026-01-01T00:00:59.500Z' } : {}),
    order: process === 'cache' ? 0 : process === 'setup' ? 1 : 2,
  });
  const next = (main: PodContainer | null, others: PodContainer[], of = memory) =>
    planSteps({ ...pod, app: main, others, memory: of }, now).map(
      (step) => `${step.do} ${'process' in step ? (step.process ?? 'main') : 'id' in step ? step.id : ''}`,
    );
  const served = (of: typeof memory) => {
    const probing = { passed: true, once: true, successes: 1, failures: 0, message: '', nextProbeAt: 0 };
    const probes = { ...unprobed, readiness: { ...probing, startedAt: app.startedAt ?? '' } };
    return { ...of, others: { ...of.others, cache: { ...known, probes } } };
  };

  test('are all made, and each is started when what it waits for is so', () => {
    expect(next(null, [])).toEqual(['create-app cache', 'create-app setup', 'create-app main']);
    const main = is(null, 'CREATED');
    expect(next(main, [is('cache', 'CREATED'), is('setup', 'CREATED')])).toEqual(['start-app cache']);
    expect(next(main, [is('cache', 'RUNNING'), is('setup', 'CREATED')])).toEqual(['start-app setup']);
    expect(next(main, [is('cache', 'RUNNING'), is('setup', 'RUNNING')], served(memory))).toEqual([]);
    expect(next(main, [is('cache', 'RUNNING'), is('setup', 'EXITED', 1)], served(memory))).toEqual(['start-app setup']);
    expect(next(main, [is('cache', 'RUNNING'), is('setup', 'EXITED', 0)])).toEqual([]);
    expect(next(main, [is('cache', 'RUNNING'), is('setup', 'EXITED', 0)], served(memory))).toEqual(['start-app main']);
  });

  test('are not started after one that is about to be ended', () => {
    const ailing = { startedAt: app.startedAt ?? '', reason: 'LIVENESS_FAILED', message: '' } as const;
    const of = { ...memory, others: { ...memory.others, cache: { ...known, ailing } } };
    expect(next(is(null, 'CREATED'), [is('cache', 'RUNNING'), is('setup', 'CREATED')], of)).toEqual(['end-app cache']);
  });

  test('then stand by themselves: whoever ends is started again, whatever the others do; a task that is done is not', () => {
    const done = is('setup', 'EXITED', 0);
    expect(next(is(null, 'EXITED', 1), [is('cache', 'EXITED', 1), done])).toEqual([
      'start-app cache',
      'start-app main',
    ]);
    const stuck = { ...memory, others: { ...memory.others, cache: failed(known, 'IMAGE_PULL_FAILED', 'no', now) } };
    expect(next(is(null, 'EXITED', 1), [done], stuck)).toEqual(['start-app main']);
  });

  test('are stopped in the opposite order, whatever is known of them', () => {
    const others = [is('cache', 'RUNNING'), is('setup', 'EXITED', 0)];
    const gone = { ...pod, desired: null, app: is(null, 'RUNNING'), others, memory: unknown };
    expect(planSteps(gone, now).map((step) => `${step.do} ${'id' in step ? step.id : ''}`)).toEqual([
      ...['stop main', 'stop cache', 'remove main', 'remove setup', 'remove cache', 'remove sandbox', 'unwire '],
    ]);
  });

  test('go together with a sandbox that ended', () => {
    const others = [is('cache', 'EXITED', 137), is('setup', 'EXITED', 0)];
    const lost = { ...pod, app: is(null, 'EXITED', 137), others, sandbox: { ...sandbox, state: 'EXITED' as const } };
    expect(planSteps(lost, now).map((step) => 'id' in step && step.id)).toEqual(['main', 'cache', 'setup', 'sandbox']);
  });

  test('are ready together, and the worst of them is told by its name', () => {
    const told = (main: PodContainer | null, others: PodContainer[], of = memory) => {
      const { state, reason, message } = describeInstance({ ...pod, app: main, others, memory: of }, null);
      return `${state} ${reason ?? '-'} ${message}`;
    };
    const done = is('setup', 'EXITED', 0);
    const main = is(null, 'RUNNING');
    expect(told(main, [is('cache', 'RUNNING'), done], served(memory))).toBe('READY - ');
    expect(told(is(null, 'CREATED'), [is('cache', 'RUNNING'), is('setup', 'RUNNING')], served(memory))).toMatch(
      /^STARTING - setup: It runs, and has not ended yet/,
    );
    expect(told(is(null, 'CREATED'), [is('cache', 'CREATED'), is('setup', 'CREATED')])).toMatch(/^PENDING - cache: /);
    expect(told(main, [is('cache', 'EXITED', 1), done])).toMatch(/^UNREADY EXITED cache: .* exit code 1/);
    const states = describeProcesses(
      { ...pod, app: is(null, 'CREATED'), others: [is('cache', 'RUNNING'), done] },
      null,
    );
    expect(states.map(({ name, state, exitCode }) => [name, state, exitCode])).toEqual([
      ['cache', 'STARTING', null],
      ['setup', 'COMPLETED', 0],
      ['main', 'PENDING', null],
    ]);
    expect(states[2]?.message).toBe('It waits until cache is READY.');
  });
});
