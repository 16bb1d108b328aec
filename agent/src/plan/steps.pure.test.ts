import { describe, expect, test } from 'vitest';
import { desiredInstance, endpointAt, fixedId } from '../../test/fixtures.ts';
import { failed, seen, unknown } from './memory.ts';
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
    expect(planSteps({ ...ready, app: short, memory: once }, now + 500)).toEqual([{ do: 'start-app', id: 'app' }]);
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
