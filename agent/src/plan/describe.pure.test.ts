import { defaultTiming, type Probe } from '@atoll/schema/deploy/probes';
import { observedInstance } from '@atoll/schema/node/workloads';
import { expect, describe as group, test } from 'vitest';
import { desiredInstance, endpointAt, fixedId } from '../../test/fixtures.ts';
import { describe } from './describe.ts';
import { failed, type Memory, unknown } from './memory.ts';
import type { Pod, PodContainer } from './pod.ts';
import { type Answer, dueProbes, probed } from './probes.ts';

const instanceId = fixedId('instance', 1);
const probe = { kind: 'HTTP', port: 80, path: '/up', ...defaultTiming, successThreshold: 1 } as const;
const app: PodContainer = {
  id: 'app',
  state: 'RUNNING',
  sandboxId: 's',
  netns: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  exitCode: null,
  endedBefore: null,
  outOfMemory: false,
  stopGraceSeconds: 1,
  process: null,
  order: 0,
};
const memory: Memory = { ...unknown, pulled: true };
const pod: Pod = {
  instanceId,
  desired: desiredInstance(instanceId, { readiness: probe }),
  endpoint: endpointAt(instanceId, 1, 2),
  secured: true,
  sandbox: { ...app, id: 's' },
  app,
  others: [],
  wired: true,
  hasWire: true,
  heldUntil: null,
  lease: null,
  memory,
};
const said = (change: Partial<Pod>, runtimeError: string | null = null) => {
  const { state, reason, message } = observedInstance.parse(describe({ ...pod, ...change }, runtimeError));
  return `${state} ${reason ?? '-'} ${message}`;
};
const exited = { ...app, state: 'EXITED', exitCode: 3, finishedAt: '2026-01-01T00:00:02.500Z' } as const;

group('what is reported', () => {
  test.each<[string, RegExp]>([
    [said({ app: null, endpoint: null, memory: unknown }), /^PENDING - Its image/],
    [said({ app: null, endpoint: null }), /^PENDING - It is waiting for its address/],
    [said({ app: null, secured: false }), /^PENDING - It is waiting for its firewall rules/],
    [said({ app: null }), /^PENDING - Its container is being made/],
    [said({}), /^STARTING - /],
    [said({ desired: desiredInstance(instanceId) }), /^READY - $/],
    [said({ app: null, lease: { is: 'OVER' } }), /^PENDING - It is fenced, and its node waits/],
    [
      said({ app: exited, lease: { is: 'OVER' }, memory: { ...memory, starts: 1 } }),
      /^UNREADY EXITED It is fenced, and was stopped/,
    ],
    [said({ lease: { is: 'ENDING', leftMs: 10 } }), /^STARTING - /],
    [said({ desired: null }), /^STOPPING - It is being stopped/],
    [said({ desired: 'unknown' }), /^STARTING - .*not known yet/],
    [
      said({ app: exited, memory: { ...memory, crashes: 3 } }),
      /^UNREADY EXITED Its process ended with exit code 3 after 2.5 s. It is started again 4 s after that/,
    ],
    [said({ app: { ...exited, outOfMemory: true } }), /^UNREADY OUT_OF_MEMORY It used more memory than its limit/],
    [said({ app: null, memory: { ...memory, starts: 2 } }), /^UNREADY EXITED Its container is gone/],
    [
      said({ app: null, memory: failed(memory, 'SANDBOX_FAILED', 'No room.', 0) }),
      /^WAITING SANDBOX_FAILED No room\.$/,
    ],
    [said({ app: null }, "Docker isn't answering"), /^WAITING SANDBOX_FAILED Docker isn't answering$/],
    [said({ desired: desiredInstance(instanceId) }, "Docker isn't answering"), /^READY - $/],
  ])('%s', (text, expected) => {
    expect(text).toMatch(expected);
  });

  test('long texts are cut, and restarts are starts but the first', () => {
    const long = describe(
      { ...pod, app: null, memory: failed({ ...memory, starts: 4 }, 'SANDBOX_FAILED', 'x'.repeat(5000), 0) },
      null,
    );
    expect(long.message).toHaveLength(1000);
    expect(long.restarts).toBe(3);
  });
});

group('readiness', () => {
  const due = (of: Memory, now: number) => dueProbes([{ ...pod, memory: of }], () => of, now);
  const answer = (of: Memory, outcome: 'CONNECTED' | 'REFUSED', now: number, status = 200) => {
    const [asked] = due(of, now);
    if (!asked) throw new Error(`nothing is due at ${now}`);
    return probed(of, asked, { outcome, httpStatus: outcome === 'CONNECTED' ? status : null }, now);
  };

  test('is asked quickly at first, then at the pace of the probe', () => {
    let [now, of] = [0, memory];
    const pauses: number[] = [];
    for (let round = 0; round < 6; round++) {
      of = answer(of, 'REFUSED', now);
      const next = of.probes.readiness?.nextProbeAt ?? 0;
      expect(due(of, next - 1)).toEqual([]);
      pauses.push(next - now);
      now = next;
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 2000, 2000]);
    expect(said({ memory: of })).toMatch(
      /^STARTING - Its readiness probe fails \(HTTP port 80, path \/up\): nothing listens there/,
    );
    for (let round = 0; round < 4; round++) {
      now += 2000;
      of = answer(of, 'REFUSED', now);
    }
    expect(said({ memory: of })).toMatch(/^UNREADY READINESS_FAILED /);
    of = answer(of, 'CONNECTED', now + 2000);
    expect(said({ memory: of })).toBe('READY - ');
  });

  test('once had, is lost after three failures in a row, and had again after one success', () => {
    let [now, of] = [0, answer(memory, 'CONNECTED', 0)];
    const states = ['REFUSED', 'REFUSED', 'CONNECTED', 'REFUSED', 'REFUSED', 'REFUSED', 'CONNECTED'].map((outcome) => {
      now += 2000;
      of = answer(of, outcome as 'REFUSED', now);
      return said({ memory: of }).split(' ')[0];
    });
    expect(states).toEqual(['READY', 'READY', 'READY', 'READY', 'READY', 'UNREADY', 'READY']);
  });

  test.each([
    [204, 'READY'],
    [302, 'READY'],
    [404, 'STARTING'],
    [503, 'STARTING'],
  ])('an answer with status %i means %s', (status, state) => {
    expect(said({ memory: answer(memory, 'CONNECTED', 0, status) })).toMatch(new RegExp(`^${state}`));
  });

  test('begins anew with each start', () => {
    const before = answer(memory, 'CONNECTED', 0);
    const restarted = { ...pod, app: { ...app, startedAt: '2026-01-01T01:00:00.000Z' } };
    expect(dueProbes([restarted], () => before, 1)).toHaveLength(1);
    expect(describe({ ...restarted, memory: before }, null).state).not.toBe('READY');
  });
});

group('thresholds of readiness', () => {
  const patient = { ...probe, successThreshold: 2, failureThreshold: 1, initialDelaySeconds: 10 } as const;
  const slow: Pod = { ...pod, desired: desiredInstance(instanceId, { readiness: patient }) };
  const begun = Date.parse(app.startedAt ?? '');

  test('it is first asked after its delay, ready after so many successes, and lost after so many failures', () => {
    expect(dueProbes([slow], () => memory, begun + 9999)).toEqual([]);
    let [now, of] = [begun + 10_000, memory];
    const states = (['CONNECTED', 'REFUSED', 'CONNECTED', 'CONNECTED', 'REFUSED', 'CONNECTED'] as const).map(
      (outcome) => {
        const [asked] = dueProbes([{ ...slow, memory: of }], () => of, now);
        if (!asked) throw new Error(`nothing is due at ${now}`);
        of = probed(of, asked, { outcome, httpStatus: outcome === 'CONNECTED' ? 200 : null }, now);
        now = of.probes.readiness?.nextProbeAt ?? 0;
        return describe({ ...slow, memory: of }, null).state;
      },
    );
    expect(states).toEqual(['STARTING', 'STARTING', 'STARTING', 'READY', 'UNREADY', 'UNREADY']);
  });
});

group('startup and liveness', () => {
  const exec: Probe = { kind: 'EXEC', command: ['/bin/up', '-q'], ...defaultTiming };
  const both: Pod = {
    ...pod,
    desired: desiredInstance(instanceId, { startup: exec, liveness: exec, readiness: probe }),
  };
  const fine: Answer = { outcome: 'EXITED', exitCode: 0 };
  const due = (of: Memory, now: number) => dueProbes([{ ...both, memory: of }], () => of, now);
  function answer(of: Memory, role: 'startup' | 'liveness', given: Answer, now: number): Memory {
    const asked = due(of, now).find((one) => one.role === role);
    if (!asked) throw new Error(`${role} isn't due at ${now}`);
    return probed(of, asked, given, now);
  }
  const state = (of: Memory) => {
    const { state, reason, message } = describe({ ...both, memory: of }, null);
    return `${state} ${reason ?? '-'} ${message}`;
  };

  test('nothing else is asked before startup has succeeded, and startup never again after it', () => {
    expect(due(memory, 0).map(({ role }) => role)).toEqual(['startup']);
    const failing = answer(memory, 'startup', { outcome: 'EXITED', exitCode: 1 }, 0);
    expect(due(failing, 1999)).toEqual([]);
    expect(due(failing, 2000).map(({ role }) => role)).toEqual(['startup']);
    expect(state(failing)).toBe('STARTING - Its startup probe fails (command /bin/up -q): it ended with exit code 1.');
    const started = answer(failing, 'startup', fine, 2000);
    expect(due(started, 2000).map(({ role }) => role)).toEqual(['readiness', 'liveness']);
    expect(due(started, 1e12).map(({ role }) => role)).toEqual(['readiness', 'liveness']);
  });

  test.each<[Answer, RegExp]>([
    [{ outcome: 'EXITED', exitCode: 127 }, /exit code 127, as where the program isn't there\./],
    [{ outcome: 'OVERDUE' }, /it had not ended after 1 s and was killed\./],
    [{ outcome: 'NOT_STARTED', message: 'no such user' }, /it can't be started: no such user\./],
  ])('%o as often as counts ends its process with the reason, and it is asked nothing more', (given, why) => {
    let of = answer(memory, 'startup', fine, 0);
    for (const now of [0, 2000]) {
      of = answer(of, 'liveness', given, now);
      expect(of.ailing).toBeNull();
    }
    of = answer(of, 'liveness', given, 4000);
    expect(state(of)).toMatch(/^UNREADY LIVENESS_FAILED Its liveness probe fails \(command \/bin\/up -q\): /);
    expect(state(of)).toMatch(why);
    expect(state(of)).toMatch(/It failed 3 times in a row: its process is ended and started again\.$/);
    expect(due(of, 1e12)).toEqual([]);
    expect(describe({ ...both, app: exited, memory: of }, null)).toMatchObject({ reason: 'LIVENESS_FAILED' });
    const again = { ...app, startedAt: '2026-01-01T01:00:00.000Z' };
    expect(describe({ ...both, app: again, memory: of }, null)).toMatchObject({ state: 'STARTING', reason: null });
  });

  test('one success between failures is enough, and an answer about an earlier start counts for nothing', () => {
    let of = answer(memory, 'startup', fine, 0);
    for (const [at, exitCode] of [1, 1, 0, 1, 1].entries()) {
      of = answer(of, 'liveness', { outcome: 'EXITED', exitCode }, at * 2000);
    }
    expect(of.ailing).toBeNull();
    const [asked] = due(memory, 0);
    if (!asked) throw new Error('startup is due');
    const later = { ...asked, startedAt: '2026-01-01T01:00:00.000Z' };
    const now = probed(memory, later, fine, 0);
    expect(probed(now, asked, { outcome: 'EXITED', exitCode: 1 }, 1)).toBe(now);
  });
});
