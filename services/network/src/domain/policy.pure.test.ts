import { given } from '@atoll/events/given';
import type { PolicyDefinition, PolicyPeer, PolicySchedule } from '@atoll/schema/network/spec';
import { describe, expect, it } from 'vitest';
import { type Intended, type PolicyCommand, type PolicyEvent, policy } from './policy.ts';

const policyId = 'pol_01h455vb4pex5vsknk084sn02q';
const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q';
const other = 'ns_01h455vb4pex5vsknk084sn02r';
const now = '2026-11-23T09:00:00.000Z';
const own = (labels = {}): PolicyPeer => ({ kind: 'INSTANCES', namespaceId, labels });
const others: PolicyPeer = { kind: 'INSTANCES', namespaceId: other, labels: {} };
const definition: PolicyDefinition = {
  ...{ action: 'ALLOW', priority: 500, log: false },
  from: [own({ app: 'web' })],
  to: [own({ app: 'db' })],
  traffic: [{ protocol: 'TCP', from: 5432, to: 5432 }],
};
const intended: Intended = { definition, schedule: null, homes: {}, now };
const fromOther: Intended = { ...intended, definition: { ...definition, from: [others] } };
const always = { schedule: null, active: true, nextChangeAt: null };

const created: PolicyEvent = {
  type: 'IsolationPolicyCreated',
  data: { policyId, namespaceId, name: 'db', revision: 1, definition, ...always },
};
const enforced: PolicyEvent = {
  type: 'PolicyEnforced',
  data: {
    policyId,
    namespaceId,
    revision: 1,
    nodeId: 'node_01h455vb4pex5vsknk084sn02q',
    generation: 7,
    hash: 'a'.repeat(64),
    enforcedAt: '2026-11-23T09:00:00.000Z',
  },
};
const updated: PolicyEvent = {
  type: 'IsolationPolicyUpdated',
  data: { policyId, namespaceId, revision: 2, definition: fromOther.definition, ...always },
};
const deleted: PolicyEvent = { type: 'IsolationPolicyDeleted', data: { policyId, namespaceId, name: 'db' } };

const open = (key: string) => ({ op: 'require', set: 'namespace-open', key });
const rules = (amount: number) => ({
  ...{ op: 'take', kind: 'amount', set: 'policy-rules', key: namespaceId, owner: policyId, amount, limit: 10_000 },
});
const noRules = { op: 'release', kind: 'amount', set: 'policy-rules', key: namespaceId, owner: policyId };
const marks = (op: 'take' | 'release') => [
  { op, kind: 'unique', set: 'policy-name', key: `${namespaceId}/db`, owner: policyId },
  { op, kind: 'unique', set: 'policy', key: policyId, owner: policyId },
  op === 'take' ? rules(1) : noRules,
];
const update = (seen: number | null): PolicyCommand => ({ kind: 'update', ...fromOther, seen });

describe('an isolation policy', () => {
  it('needs the namespaces of both of its sides open', () => {
    const create = { kind: 'create', policyId, namespaceId, name: 'db' } as const;
    expect(given(policy, []).when({ ...create, ...intended })).toEqual({
      ok: true,
      events: [created],
      claims: [open(namespaceId), ...marks('take')],
    });
    expect(given(policy, []).when({ ...create, ...fromOther })).toMatchObject({
      claims: [open(namespaceId), open(other), ...marks('take')],
    });
  });

  it('has labels of its own, which open nothing: its revision stays', () => {
    const labels = { team: 'blue' };
    const set = (seen: number | null): PolicyCommand => ({ kind: 'setLabels', labels, seen });
    const done: PolicyEvent = { type: 'IsolationPolicyLabelsSet', data: { policyId, namespaceId, labels } };
    expect(given(policy, [created]).when(set(1))).toEqual({ ok: true, events: [done], claims: [open(namespaceId)] });
    expect(given(policy, [created, done]).when(set(null))).toMatchObject({ events: [] });
    expect(given(policy, [created, done]).when(update(null))).toMatchObject({ events: [{ data: { revision: 2 } }] });
    // A receipt in between is no change; labels are one.
    expect(given(policy, [created, enforced]).when(set(1))).toMatchObject({ ok: true });
    expect(given(policy, [created, done]).when(update(1))).toMatchObject({ rejection: { code: 'VERSION_CONFLICT' } });
    expect(given(policy, [created, updated]).when(set(1))).toMatchObject({ rejection: { code: 'VERSION_CONFLICT' } });
    expect(given(policy, [created, deleted]).when(set(null))).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
  });

  it('gets the next revision with an update', () => {
    expect(given(policy, [created]).when(update(null))).toEqual({
      ok: true,
      events: [updated],
      claims: [open(namespaceId), open(other), rules(1)],
    });
    expect(given(policy, [created, enforced, updated]).when(update(null))).toMatchObject({
      events: [{ data: { revision: 3 } }],
    });
  });

  it('lets go of its name when it is deleted', () => {
    const decision = { ok: true, events: [deleted], claims: marks('release') };
    expect(given(policy, [created, enforced]).when({ kind: 'delete', seen: null })).toEqual(decision);
    expect(given(policy, [created, updated]).when({ kind: 'purge' })).toMatchObject({ claims: marks('release') });
  });

  it.each([
    ['the version of the change itself', [created], 1, true],
    ['a version with a receipt since', [created, enforced, enforced], 1, true],
    ['the version of a receipt', [created, enforced, enforced], 2, true],
    ['a version that never was', [created, enforced], 3, false],
    ['a version with an update since', [created, enforced, updated], 2, false],
    ['the version of the update', [created, enforced, updated, enforced], 3, true],
  ] as const)('is changed by one who has read %s: %#', (_what, history, seen, fine) => {
    const decision = fine ? { ok: true } : { ok: false, rejection: { code: 'VERSION_CONFLICT' } };
    expect(given(policy, history).when(update(seen))).toMatchObject(decision);
    expect(given(policy, history).when({ kind: 'delete', seen })).toMatchObject(decision);
  });

  it('that is missing or deleted can’t be changed', () => {
    for (const history of [[], [created, deleted], [created, deleted, enforced]]) {
      const notFound = { ok: false, rejection: { code: 'NOT_FOUND', field: 'policyId' } };
      expect(given(policy, history).when(update(null))).toMatchObject(notFound);
      expect(given(policy, history).when({ kind: 'delete', seen: null })).toMatchObject(notFound);
      expect(given(policy, history).when({ kind: 'purge' })).toMatchObject({ ok: true, events: [] });
    }
  });
});

const serviceId = 'svc_01h455vb4pex5vsknk084sn02q';
const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const outside: PolicyPeer = { kind: 'CIDR', cidr: '203.0.113.0/24', except: [] };
const stage: PolicyPeer = { kind: 'ENVIRONMENT', environmentId, labels: {} };
const service: PolicyPeer = { kind: 'SERVICE', serviceId };

describe('consent', () => {
  const homes = { [serviceId]: namespaceId } as const;
  const elsewhere = { [serviceId]: other } as const;
  it.each([
    ['ALLOW into its own instances', 'ALLOW', [others], [own()], {}, true],
    ['ALLOW from anywhere outside into its own', 'ALLOW', [outside], [own()], {}, true],
    ['ALLOW from a whole environment into its own', 'ALLOW', [stage, others], [own()], {}, true],
    ['ALLOW into a service of its own', 'ALLOW', [others], [service], homes, true],
    ['ALLOW into a service of another namespace', 'ALLOW', [own()], [service], elsewhere, false],
    ['ALLOW into another namespace', 'ALLOW', [own()], [others], {}, false],
    ['ALLOW into another namespace beside its own', 'ALLOW', [own()], [own(), others], {}, false],
    ['ALLOW into an environment', 'ALLOW', [own()], [stage], {}, false],
    ['ALLOW from its own out of the platform', 'ALLOW', [own()], [outside], {}, true],
    ['ALLOW from another out of the platform', 'ALLOW', [others], [outside], {}, false],
    ['ALLOW from another, beside its own, out of the platform', 'ALLOW', [own(), others], [outside], {}, false],
    ['ALLOW from outside to outside', 'ALLOW', [outside], [outside], {}, false],
    ['DENY into its own', 'DENY', [others, outside, stage], [own()], {}, true],
    ['DENY from its own to anybody', 'DENY', [own()], [others, outside, stage], {}, true],
    ['DENY between others', 'DENY', [others], [stage], {}, false],
    ['DENY with a pair of others beside one of its own', 'DENY', [own(), others], [stage], {}, false],
    ['DENY from a service of its own', 'DENY', [service], [others], homes, true],
  ] as const)('%s', (_what, action, from, to, homesOf, fine) => {
    const all = { ...intended, definition: { ...definition, action, from: [...from], to: [...to] }, homes: homesOf };
    const decision = fine ? { ok: true } : { ok: false, rejection: { code: 'INVALID_ARGUMENT' } };
    const create = { kind: 'create', policyId, namespaceId, name: 'db', ...all } as const;
    expect(given(policy, []).when(create)).toMatchObject(decision);
    expect(given(policy, [created]).when({ kind: 'update', ...all, seen: null })).toMatchObject(decision);
  });

  it('requires all that is named', () => {
    const all = { ...intended, definition: { ...definition, from: [stage, others] } };
    expect(given(policy, []).when({ kind: 'create', policyId, namespaceId, name: 'db', ...all })).toMatchObject({
      claims: [
        open(namespaceId),
        open(other),
        { op: 'require', set: 'environment-open', key: environmentId },
        ...marks('take').slice(0, 2),
        rules(2),
      ],
    });
  });
});

describe('time', () => {
  const term: PolicySchedule = {
    ...{ startsAt: '2026-11-24T00:00:00.000Z', endsAt: '2026-11-25T00:00:00.000Z', windows: [], timeZone: 'UTC' },
  };
  const keep = (at: string): PolicyCommand => ({ kind: 'keepTime', now: at });
  const waiting: PolicyEvent = {
    type: 'IsolationPolicyUpdated',
    data: {
      ...{ policyId, namespaceId, revision: 2, definition },
      ...{ schedule: term, active: false, nextChangeAt: '2026-11-24T00:00:00.000Z' },
    },
  };
  const on: PolicyEvent = {
    type: 'PolicyActivated',
    data: { policyId, namespaceId, revision: 3, nextChangeAt: '2026-11-25T00:00:00.000Z' },
  };
  const off: PolicyEvent = { type: 'PolicyDeactivated', data: { policyId, namespaceId, nextChangeAt: null } };

  it('is looked at when a policy is made', () => {
    const all = { ...intended, schedule: term };
    expect(given(policy, [created]).when({ kind: 'update', ...all, seen: null })).toMatchObject({ events: [waiting] });
  });

  it('turns it on once, as a revision of its own, and off once', () => {
    const history = [created, waiting];
    expect(given(policy, history).when(keep(now))).toMatchObject({ events: [] });
    expect(given(policy, history).when(keep('2026-11-24T00:00:00.000Z'))).toMatchObject({ events: [on] });
    expect(given(policy, [...history, on]).when(keep('2026-11-24T09:00:00.000Z'))).toMatchObject({ events: [] });
    expect(given(policy, [...history, on]).when(keep('2026-11-25T00:00:00.000Z'))).toMatchObject({ events: [off] });
    expect(given(policy, [...history, on, off]).when(keep('2027-01-01T00:00:00.000Z'))).toMatchObject({ events: [] });
  });

  it('that jumps back takes back what it did', () => {
    const decision = given(policy, [created, waiting, on]).when(keep(now));
    expect(decision).toMatchObject({ events: [{ ...off, data: { nextChangeAt: '2026-11-24T00:00:00.000Z' } }] });
  });

  it('is nobody’s change: who has read it before may change it, to the next revision', () => {
    const decision = given(policy, [created, waiting, on]).when(update(2));
    expect(decision).toMatchObject({ events: [{ data: { revision: 4, active: true } }] });
  });

  it('changes nothing of what is gone, or has no schedule', () => {
    expect(given(policy, [created, deleted]).when(keep(now))).toMatchObject({ ok: true, events: [] });
    expect(given(policy, [created]).when(keep(now))).toMatchObject({ events: [] });
  });
});
