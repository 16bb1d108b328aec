import { given } from '@atoll/events/given';
import { describe, expect, test } from 'vitest';
import { type NamespaceCommand, type NamespaceEvent, namespaceDecider } from './namespace.ts';
import { type NodeEvent, type NodeFacts, nodeDecider } from './node.ts';

const facts: NodeFacts = {
  nodeId: 'node_a',
  name: 'a',
  runtime: 'docker',
  capacity: { cpuMillis: 4000, memoryMiB: 8000 },
  maxInstances: 50,
};
const registered: NodeEvent = { type: 'NodeRegistered', data: facts };
const becameReady: NodeEvent = { type: 'NodeBecameReady', data: { nodeId: 'node_a' } };
const unreachable: NodeEvent = { type: 'NodeBecameUnreachable', data: { nodeId: 'node_a', reason: 'silent' } };

describe('a node', () => {
  test.each([
    ['is registered and ready when first heard of', [], { action: 'hear', facts }, [registered, becameReady]],
    ['that tells the same again is no news', [registered, becameReady], { action: 'hear', facts }, []],
    [
      'that differs has changed',
      [registered, becameReady],
      { action: 'hear', facts: { ...facts, maxInstances: 60 } },
      [{ type: 'NodeChanged', data: { ...facts, maxInstances: 60 } }],
    ],
    [
      'that is missed becomes unreachable',
      [registered, becameReady],
      { action: 'miss', reason: 'silent' },
      [unreachable],
    ],
    ['that is missed further is no news', [registered, becameReady, unreachable], { action: 'miss', reason: 'x' }, []],
    ['that comes back is ready', [registered, becameReady, unreachable], { action: 'hear', facts }, [becameReady]],
    ['that nobody knows is not missed', [], { action: 'miss', reason: 'silent' }, []],
  ] as const)('%s', (_, events, command, expected) => {
    const decision = given(nodeDecider, events).when(command);
    expect(decision.ok && decision.events).toEqual(expected);
  });
});

describe('the gate of a namespace', () => {
  const namespaceId = 'ns_a' as const;
  const open: NamespaceCommand = { action: 'open', namespaceId, environmentId: 'env_a', name: 'shop' };
  const close: NamespaceCommand = { action: 'close', namespaceId };
  const drain: NamespaceCommand = { action: 'drain', namespaceId };
  const opened: NamespaceEvent = {
    type: 'NamespaceOpened',
    data: { namespaceId, environmentId: 'env_a', name: 'shop' },
  };
  const closed: NamespaceEvent = { type: 'NamespaceClosed', data: { namespaceId } };
  const drained: NamespaceEvent = { type: 'NamespaceDrained', data: { namespaceId } };
  const mark = { kind: 'unique', set: 'namespace-open', key: namespaceId, owner: namespaceId };

  test('opens by taking the mark that everything created underneath requires', () => {
    expect(given(namespaceDecider, []).when(open)).toEqual({
      ok: true,
      events: [opened],
      claims: [{ op: 'take', ...mark }],
    });
  });
  test('closes by letting go of it', () => {
    const decision = given(namespaceDecider, [opened]).when(close);
    expect(decision).toEqual({ ok: true, events: [closed], claims: [{ op: 'release', ...mark }] });
  });
  test.each([
    ['opens once', [opened], open],
    ['never opens again', [opened, closed], open],
    ['closes once', [opened, closed], close],
    ['is drained once', [opened, closed, drained], drain],
    ['is never drained while open', [opened], drain],
  ] as const)('%s', (_, events, command) => {
    expect(given(namespaceDecider, events).when(command)).toMatchObject({ ok: true, events: [] });
  });
});
