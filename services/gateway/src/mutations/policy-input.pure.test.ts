import { describe, expect, it } from 'vitest';
import { fieldOfInput, intentOf, type PolicyInput } from './policy-input.ts';

const own = 'ns_own';
const base = { action: 'ALLOW', priority: 500, log: false } as const;
const asked = (input: Partial<PolicyInput>) => intentOf({ ...base, ...input }, own);
const whole: Partial<PolicyInput> = {
  sources: [{ instances: { labels: [{ key: 'app', value: 'web' }] } }, { cidr: { cidr: '0.0.0.0/0' } }],
  destinations: [{ service: { serviceId: 'svc_1' } }, { environment: { environmentId: 'env_1' } }],
  traffic: [{ protocol: 'TCP', from: 80 }, { protocol: 'ICMP' }],
};

describe('what a policy is to decide', () => {
  it('is the same in short and in full', () => {
    const short = asked({ from: {}, toLabels: [{ key: 'a', value: 'b' }], ports: [{ protocol: 'TCP', from: 80 }] });
    const full = asked({
      sources: [{ instances: {} }],
      destinations: [{ instances: { labels: [{ key: 'a', value: 'b' }] } }],
      traffic: [{ protocol: 'TCP', from: 80, to: 80 }],
    });
    expect(short).toEqual(full);
    expect(short).toMatchObject({ schedule: null, definition: { ...base, from: [{ namespaceId: own, labels: {} }] } });
  });

  it('names several kinds of peers and traffic', () => {
    expect(asked(whole)).toMatchObject({
      definition: {
        from: [
          { kind: 'INSTANCES', namespaceId: own, labels: { app: 'web' } },
          { kind: 'CIDR', cidr: '0.0.0.0/0', except: [] },
        ],
        to: [
          { kind: 'SERVICE', serviceId: 'svc_1' },
          { kind: 'ENVIRONMENT', environmentId: 'env_1', labels: {} },
        ],
        traffic: [
          { protocol: 'TCP', from: 80, to: 80 },
          { protocol: 'ICMP', type: null },
        ],
      },
    });
  });

  const label = { key: 'a', value: 'b' };
  it.each([
    ['nobody named', { sources: null }, 'sources'],
    ['both forms of a side', { from: {} }, 'from'],
    ['no destination', { destinations: null }, 'destinations'],
    ['both forms of traffic', { ports: [{ protocol: 'TCP', from: 1 }] }, 'ports'],
    ['no ports at all in the short form', { traffic: null, ports: [] }, 'ports'],
    ['a side with nothing in it', { sources: [{ instances: {} }, {}] }, 'sources.1'],
    ['a side with two things in it', { destinations: [{ instances: {}, cidr: { cidr: '::/0' } }] }, 'destinations.0'],
    ['a label twice', { sources: [{ instances: { labels: [label, label] } }] }, 'sources.0.instances.labels.1.key'],
    ['ICMP with ports', { traffic: [{ protocol: 'ICMP', from: 1 }] }, 'traffic.0'],
    ['UDP without ports', { traffic: [{ protocol: 'UDP' }] }, 'traffic.0.from'],
    ['TCP with a message', { traffic: [{ protocol: 'TCP', from: 1, icmpType: 'ECHO_REQUEST' }] }, 'traffic.0.icmpType'],
  ] as const)('with %s is refused by its field', (_what, part, field) => {
    expect(asked({ ...whole, ...(part as Partial<PolicyInput>) })).toMatchObject({ code: 'INVALID_ARGUMENT', field });
  });

  it('begins and ends at instants, in whichever zone they are told', () => {
    const schedule = { startsAt: '2026-12-01T01:00:00+01:00', endsAt: 'tomorrow', timeZone: 'UTC' };
    expect(asked({ ...whole, schedule })).toMatchObject({
      schedule: { startsAt: '2026-12-01T00:00:00.000Z', endsAt: 'tomorrow', windows: [], timeZone: 'UTC' },
    });
  });
});

it.each([
  ['definition.from.1.cidr', 'sources.1.cidr.cidr'],
  ['definition.from.0.labels.app', 'sources.0.instances.labels.0'],
  ['definition.from.0.namespaceId', 'sources.0.instances.namespaceId'],
  ['definition.to.0', 'destinations.0'],
  ['definition.to.1.environmentId', 'destinations.1.environment.environmentId'],
  ['definition.traffic.1.type', 'traffic.1.icmpType'],
  ['definition.traffic.0.from', 'traffic.0.from'],
  ['definition.priority', 'priority'],
  ['schedule.windows.0.from', 'schedule.windows.0.from'],
  ['definition', ''],
  ['name', 'name'],
] as const)('%s is told as %s', (field, told) => {
  expect(fieldOfInput(field, whole)).toBe(told);
});
