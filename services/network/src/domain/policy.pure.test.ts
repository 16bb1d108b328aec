import { given } from '@atoll/events/given';
import type { PolicySpec } from '@atoll/schema/network/spec';
import { describe, expect, it } from 'vitest';
import { type PolicyCommand, type PolicyEvent, policy } from './policy.ts';

const policyId = 'pol_01h455vb4pex5vsknk084sn02q';
const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q';
const other = 'ns_01h455vb4pex5vsknk084sn02r';
const spec: PolicySpec = {
  from: { namespaceId, labels: { app: 'web' } },
  to: { labels: { app: 'db' } },
  ports: [{ protocol: 'TCP', from: 5432, to: 5432 }],
};
const fromOther: PolicySpec = { ...spec, from: { namespaceId: other, labels: {} } };

const created: PolicyEvent = {
  type: 'IsolationPolicyCreated',
  data: { policyId, namespaceId, name: 'db', revision: 1, spec },
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
  data: { policyId, namespaceId, revision: 2, spec: fromOther },
};
const deleted: PolicyEvent = { type: 'IsolationPolicyDeleted', data: { policyId, namespaceId, name: 'db' } };

const open = (key: string) => ({ op: 'require', set: 'namespace-open', key });
const marks = (op: 'take' | 'release') => [
  { op, kind: 'unique', set: 'policy-name', key: `${namespaceId}/db`, owner: policyId },
  { op, kind: 'unique', set: 'policy', key: policyId, owner: policyId },
];
const update = (seen: number | null): PolicyCommand => ({ kind: 'update', spec: fromOther, seen });

describe('an isolation policy', () => {
  it('needs the namespaces of both of its sides open', () => {
    const create = { kind: 'create', policyId, namespaceId, name: 'db' } as const;
    expect(given(policy, []).when({ ...create, spec })).toEqual({
      ok: true,
      events: [created],
      claims: [open(namespaceId), ...marks('take')],
    });
    expect(given(policy, []).when({ ...create, spec: fromOther })).toMatchObject({
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
      claims: [open(namespaceId), open(other)],
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
