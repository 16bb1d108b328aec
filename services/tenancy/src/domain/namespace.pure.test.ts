import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { releasePlace, requireUnheld } from './claims.ts';
import { type NamespaceCommand, type NamespaceEvent, namespace } from './namespace.ts';
import { limitClaims, noLimits } from './quota.ts';

const tenant = 'ten_01h455vb4pex5vsknk084sn02q';
const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q';
const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const named = { namespaceId, environmentId, name: 'shop' } as const;

const created: NamespaceEvent = { type: 'NamespaceCreated', data: { ...named, labels: {} } };
const requested: NamespaceEvent = { type: 'NamespaceDeletionRequested', data: named };
const deleted: NamespaceEvent = { type: 'NamespaceDeleted', data: named };

const create: NamespaceCommand = { kind: 'create', tenant, ...named, labels: {}, limit: 50 };
const requestDeletion: NamespaceCommand = { kind: 'requestDeletion', tenant };
const finishDeletion: NamespaceCommand = { kind: 'finishDeletion', tenant };

/** What it holds of the quotas of its environment and its tenant. */
const held = (amount: number, limit: number | null) => ({
  ...{ op: 'take', kind: 'amounts', set: 'quota', key: namespaceId, owner: namespaceId },
  amounts: [
    { set: 'namespaces', key: environmentId, amount, limit: null },
    { set: 'namespaces', key: tenant, amount, limit },
  ],
});

const refusedWith = (code: string) => ({ ok: false, rejection: { code } });

describe('a namespace', () => {
  it('needs an environment of its own tenant, takes its name in it and one of the tenant’s namespaces', () => {
    expect(given(namespace, []).when(create)).toEqual({
      ok: true,
      events: [created],
      claims: [
        { op: 'require', set: 'tenant', key: tenant },
        { op: 'require', set: 'environment', key: `${tenant}/${environmentId}` },
        { op: 'take', kind: 'unique', set: 'namespace-name', key: `${environmentId}/shop`, owner: namespaceId },
        held(1, 50),
      ],
    });
  });

  it('has other labels once they are set, while it stays, and its tenant may change things', () => {
    const labels = { team: 'blue' };
    const set: NamespaceCommand = { kind: 'setLabels', tenant, labels };
    const done: NamespaceEvent = { type: 'NamespaceLabelsSet', data: { namespaceId, environmentId, labels } };
    const claims = [{ op: 'require', set: 'tenant', key: tenant }];
    expect(given(namespace, [created]).when(set)).toEqual({ ok: true, events: [done], claims });
    expect(given(namespace, [created, done]).when(set)).toEqual({ ok: true, events: [], claims });
    expect(given(namespace, [created, done]).when({ ...set, labels: {} })).toMatchObject({
      events: [{ data: { labels: {} } }],
    });
    expect(given(namespace, [created, requested]).when(set)).toMatchObject(refusedWith('BEING_DELETED'));
    for (const history of [[], [created, requested, deleted]]) {
      expect(given(namespace, history).when(set)).toMatchObject(refusedWith('NOT_FOUND'));
    }
  });

  it('that is to be deleted keeps its name and its place in the quota', () => {
    expect(given(namespace, [created]).when(requestDeletion)).toEqual({
      ok: true,
      events: [requested],
      // A tenant that is suspended deletes nothing either; nor is anything deleted that is held or protected.
      claims: [
        { op: 'require', set: 'tenant', key: tenant },
        ...requireUnheld('legal-hold', tenant, namespaceId),
        ...requireUnheld('deletion-protection', namespaceId, `deletion:${namespaceId}`),
      ],
    });
  });

  it('that is deleted lets go of both', () => {
    expect(given(namespace, [created, requested]).when(finishDeletion)).toEqual({
      ok: true,
      events: [deleted],
      claims: [
        { op: 'release', kind: 'unique', set: 'namespace-name', key: `${environmentId}/shop`, owner: namespaceId },
        held(0, null),
        ...limitClaims(namespaceId, noLimits),
        ...[namespaceId, environmentId, tenant].map((key) => releasePlace('deletion-protection', key, namespaceId)),
      ],
    });
  });

  it.each([
    ['is missing', [], requestDeletion, 'NOT_FOUND'],
    ['is being deleted', [created, requested], requestDeletion, 'BEING_DELETED'],
    ['is gone', [created, requested, deleted], requestDeletion, 'NOT_FOUND'],
    ['nobody wants deleted', [created], finishDeletion, 'ILLEGAL_STATE'],
    ['is missing (drained)', [], finishDeletion, 'NOT_FOUND'],
    ['exists', [created], create, 'ILLEGAL_STATE'],
  ] as const)('that %s is refused', (_what, events, command, code) => {
    expect(given(namespace, events).when(command)).toMatchObject(refusedWith(code));
  });

  it('that is told twice to be gone does nothing the second time', () => {
    expect(given(namespace, [created, requested, deleted]).when(finishDeletion)).toEqual({
      ok: true,
      events: [],
      claims: [],
    });
  });
});
