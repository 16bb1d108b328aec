import { given } from '@atoll/events/given';
import { defaultTiming, type Probe } from '@atoll/schema/deploy/probes';
import { alone, type Process, type ReleaseSpec } from '@atoll/schema/deploy/spec';
import { describe, expect, test } from 'vitest';
import { create, digest, granted, now, spec, tenant } from '../../test/fixtures.ts';
import { deploymentDecider } from './decide.ts';
import type { DeploymentEvent } from './deployment.ts';
import type { SpecChange } from './redirect.ts';

const tcp = { kind: 'TCP', port: 80, ...defaultTiming } as const;
const http = { kind: 'HTTP', port: 80, path: '/', ...defaultTiming } as const;
const exec: Probe = { kind: 'EXEC', command: ['/bin/up'], ...defaultTiming };
const served: ReleaseSpec['ports'] = [{ port: 80, protocol: 'TCP' }];
const created = (more: Partial<ReleaseSpec>) =>
  given(deploymentDecider, []).when(create({ spec: { ...spec, ...more } }));

/** Of a release from before the rule. */
function upgraded(from: Partial<ReleaseSpec>, change: SpecChange) {
  const decision = created({});
  if (!decision.ok) throw new Error(decision.rejection.message);
  const history = decision.events.map(
    (event): DeploymentEvent =>
      event.type === 'ReleaseCreated' ? { ...event, data: { ...event.data, spec: { ...spec, ...from } } } : event,
  );
  return given(deploymentDecider, history).when({
    ...{ action: 'upgrade', tenant, granted, now, change },
    ...{ releaseId: 'rel_2', rolloutId: 'rol_2' },
  });
}

describe('a probe of a port that the process does not serve', () => {
  test.each<[Partial<ReleaseSpec>, string]>([
    [{ readiness: { ...tcp, successThreshold: 1 } }, 'spec.readiness.port'],
    [{ liveness: http, ports: [{ port: 80, protocol: 'UDP' }] }, 'spec.liveness.port'],
    [{ startup: tcp, ports: [{ port: 81, protocol: 'TCP' }] }, 'spec.startup.port'],
  ])('is refused before anything starts', (more, field) => {
    expect(created(more)).toMatchObject({ ok: false, rejection: { code: 'PROBE_PORT_NOT_SERVED', field } });
  });

  test('is taken where it is served, or where a program is asked', () => {
    expect(created({ liveness: http, startup: exec, ports: served })).toMatchObject({ ok: true });
  });

  test('is refused when an upgrade brings it, or takes the port away', () => {
    const refused = { ok: false, rejection: { code: 'PROBE_PORT_NOT_SERVED' } };
    expect(upgraded({}, { liveness: tcp })).toMatchObject(refused);
    expect(upgraded({ liveness: tcp, ports: served }, { ports: [] })).toMatchObject(refused);
    expect(upgraded({ ports: served }, { liveness: tcp })).toMatchObject({ ok: true });
  });

  test('is left as it was by an upgrade that is about something else', () => {
    const image = `registry.test/app@${digest('2')}`;
    expect(upgraded({ liveness: tcp }, { image })).toMatchObject({ ok: true });
    expect(upgraded({ liveness: tcp }, { liveness: null })).toMatchObject({ ok: true });
  });
});

const side = (name: string, more: Partial<Process> = {}): Process => {
  const { others: _, ...main } = spec;
  return { ...main, ...alone, name, kind: 'SERVICE', ...more } as Process;
};
const waits = (...on: readonly [string, 'STARTED' | 'READY' | 'COMPLETED'][]) => ({
  dependsOn: on.map(([process, condition]) => ({ process, condition })),
});

describe('several processes', () => {
  test.each<[string, Partial<ReleaseSpec>, string, string, RegExp]>([
    ['two of one name', { others: [side('main')] }, 'PROCESS_NAME_TAKEN', 'spec.others.0.name', /called main/],
    [
      'waiting for nobody',
      { others: [side('a', waits(['b', 'STARTED']))] },
      'UNKNOWN_PROCESS',
      'spec.others.0.dependsOn.0.process',
      /a depends on b, which isn't there; there are main, a\./,
    ],
    [
      'until a task is ready',
      { ...waits(['a', 'READY']), others: [side('a', { kind: 'TASK' })] },
      'PROCESS_CONDITION_IMPOSSIBLE',
      'spec.dependsOn.0.condition',
      /wait for COMPLETED/,
    ],
    [
      'until a service has completed',
      { others: [side('a', waits(['main', 'COMPLETED']))] },
      'PROCESS_CONDITION_IMPOSSIBLE',
      'spec.others.0.dependsOn.0.condition',
      /make it a TASK/,
    ],
    [
      'in a circle',
      {
        others: [
          side('a', waits(['b', 'STARTED'])),
          side('b', waits(['main', 'READY'], ['c', 'STARTED'])),
          side('c', waits(['a', 'READY'])),
        ],
      },
      'PROCESSES_WAIT_IN_A_CIRCLE',
      'spec.others.0.dependsOn',
      /a → b → c → a\./,
    ],
    ['for itself', waits(['main', 'STARTED']), 'PROCESSES_WAIT_IN_A_CIRCLE', 'spec.dependsOn', /main → main\./],
    [
      'on one port',
      { ports: served, others: [side('a', { ports: served })] },
      'PROCESS_PORT_TAKEN',
      'spec.others.0.ports.0.port',
      /main and a both serve TCP port 80/,
    ],
    [
      'a task with a probe',
      { others: [side('a', { kind: 'TASK', liveness: exec })] },
      'INVALID_ARGUMENT',
      'spec.others.0.liveness',
      /takes no probe/,
    ],
    [
      "a probe of another's port",
      { ports: served, others: [side('a', { liveness: tcp })] },
      'PROBE_PORT_NOT_SERVED',
      'spec.others.0.liveness.port',
      /probe of a asks TCP port 80, and it serves no TCP port/,
    ],
    [
      'more than an instance may have',
      { others: [side('a', { resources: { cpuMillis: 256_000, memoryMiB: 64 } })] },
      'INVALID_ARGUMENT',
      'spec.resources',
      /256100 thousandths/,
    ],
  ])('%s are refused before anything starts', (_, more, code, field, message) => {
    expect(created(more)).toMatchObject({
      ok: false,
      rejection: { code, field, message: expect.stringMatching(message) },
    });
  });

  const pod = {
    ...waits(['setup', 'COMPLETED'], ['cache', 'READY']),
    ports: served,
    others: [side('cache', { ports: [{ port: 80, protocol: 'UDP' }] }), side('setup', { kind: 'TASK' })],
  };

  test('take together what each asks for, on the node and of the quotas', () => {
    const decision = created(pod);
    if (!decision.ok) throw new Error(decision.rejection.message);
    const placed = decision.events.find((event) => event.type === 'InstancePlaced');
    expect(placed?.data).toMatchObject({ resources: { cpuMillis: 300, memoryMiB: 192 } });
    const held = decision.events.find((event) => event.type === 'HoldingChanged');
    expect(held?.data).toMatchObject({ amounts: { instances: 2, cpuMillis: 600, memoryMiB: 384 } });
  });

  test('stay as they are where an upgrade changes the main one only', () => {
    const decision = upgraded(pod, { resources: { cpuMillis: 200 } });
    if (!decision.ok) throw new Error(decision.rejection.message);
    expect(decision.events[0]).toMatchObject({
      data: { spec: { resources: { cpuMillis: 200 }, others: [{ name: 'cache' }, { name: 'setup' }] } },
    });
  });
});
