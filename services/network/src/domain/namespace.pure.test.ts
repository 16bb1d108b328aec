import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { type NamespaceEvent, namespace } from './namespace.ts';

const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q' as const;
const data = { namespaceId } as const;
const told = { environmentId: 'env_01h455vb4pex5vsknk084sn02q', name: 'shop' } as const;
const opened: NamespaceEvent = { type: 'NamespaceOpened', data: { ...data, ...told } };
const closed: NamespaceEvent = { type: 'NamespaceClosed', data };
const drained: NamespaceEvent = { type: 'NamespaceDrained', data };
const mark = { kind: 'unique', set: 'namespace-open', key: namespaceId, owner: namespaceId };

const nothing = { ok: true, events: [], claims: [] };
const illegal = { ok: false, rejection: { code: 'ILLEGAL_STATE' } };

describe('the gate of a namespace', () => {
  it.each([
    ['open', 'absent', [], { ok: true, events: [opened], claims: [{ op: 'take', ...mark }] }],
    ['open', 'open', [opened], nothing],
    ['open', 'closed', [opened, closed], nothing],
    ['open', 'drained', [opened, closed, drained], nothing],
    ['close', 'absent', [], illegal],
    ['close', 'open', [opened], { ok: true, events: [closed], claims: [{ op: 'release', ...mark }] }],
    ['close', 'closed', [opened, closed], nothing],
    ['close', 'drained', [opened, closed, drained], nothing],
    ['drain', 'absent', [], illegal],
    ['drain', 'open', [opened], illegal],
    ['drain', 'closed', [opened, closed], { ok: true, events: [drained], claims: [] }],
    ['drain', 'drained', [opened, closed, drained], nothing],
  ] as const)('told to %s when it is %s', (kind, _status, events, decision) => {
    const command = kind === 'open' ? { kind, namespaceId, ...told } : { kind, namespaceId };
    expect(given(namespace, events).when(command)).toMatchObject(decision);
  });

  it('has a level that is set once, and only while it is open', () => {
    const set = { kind: 'setIsolation', namespaceId, level: 'SUBNET' } as const;
    const done: NamespaceEvent = { type: 'NamespaceIsolationSet', data: { namespaceId, level: 'SUBNET' } };
    const open = { op: 'require', set: 'namespace-open', key: namespaceId };
    expect(given(namespace, [opened]).when(set)).toEqual({ ok: true, events: [done], claims: [open] });
    expect(given(namespace, [opened, done]).when(set)).toMatchObject(nothing);
    expect(given(namespace, [opened]).when({ ...set, level: 'RULE' })).toMatchObject(nothing);
    expect(given(namespace, [opened, closed]).when(set)).toMatchObject({ rejection: { code: 'BEING_DELETED' } });
    for (const gone of [[], [opened, closed, drained]]) {
      expect(given(namespace, gone).when(set)).toMatchObject({
        rejection: { code: 'NOT_FOUND', field: 'namespaceId' },
      });
    }
  });

  it('is told its environment later where it was opened without', () => {
    const early: NamespaceEvent = { type: 'NamespaceOpened', data: { namespaceId, environmentId: null, name: null } };
    const located: NamespaceEvent = { type: 'NamespaceLocated', data: { namespaceId, ...told } };
    const locate = { kind: 'locate', namespaceId, ...told } as const;
    expect(given(namespace, [early]).when(locate)).toMatchObject({ events: [located] });
    for (const known of [[opened], [early, located], [], [early, closed], [early, closed, drained]]) {
      expect(given(namespace, known).when(locate)).toMatchObject(nothing);
    }
  });
});
