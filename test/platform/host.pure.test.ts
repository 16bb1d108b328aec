/** What a platform leaves behind is seen, and what another one has on the machine isn't taken for it. */
import { nodeNames } from '@atoll/agent/render/names';
import type { Id } from '@atoll/schema/ids';
import { expect, test } from 'vitest';
import { compared, type HostState, ownNames } from './host.ts';

const nodeId = (n: number): Id<'node'> => `node_01h455vb4pex5vsknk000000${n}${n}`;
const [own, other] = [nodeId(1), nodeId(2)];
const names = ownNames([own], '444bddfc');

/** All that a node and the home of its platform have in the machine's network namespace. */
function thingsOf(node: Id<'node'>, home: string): HostState {
  const { prefix, tunnel, routeMetric } = nodeNames(node);
  return {
    interfaces: [`${prefix}abcdefgh`, tunnel, `atoll-${home}`],
    routes: [
      `10.64.0.2 dev ${prefix}abcdefgh proto 97 scope link metric 1`,
      `10.64.1.2 via inet6 fe80::1 dev ${tunnel} proto 97 metric ${routeMetric} onlink`,
      `local 198.18.5.7 dev lo table local proto 97 scope host metric ${routeMetric} `,
      `blackhole 10.64.0.0/10 proto 97 metric ${routeMetric} `,
      `fd44:4bdd:fc00::/64 dev atoll-${home} proto kernel metric 256 pref medium`,
      'fd00:a701::53 dev lo proto kernel metric 256 pref medium',
    ],
    rules: [`:${prefix}-check - `, `-A FORWARD -m comment --comment "atoll:051b5efbb1864107" -j ${prefix}-check`],
    sets: [`${prefix}445978ecb2996bf78`],
  };
}
const both = (a: HostState, b: HostState): HostState => ({
  interfaces: [...a.interfaces, ...b.interfaces],
  routes: [...a.routes, ...b.routes],
  rules: [...a.rules, ...b.rules],
  sets: [...a.sets, ...b.sets],
});
const machine: HostState = {
  interfaces: ['lo', 'eth0'],
  routes: ['default via 192.0.2.1 dev eth0 '],
  rules: ['-A INPUT -j other-tool'],
  sets: ['fail2ban'],
};
const mine = thingsOf(own, '444bddfc');
const theirs = thingsOf(other, '0badcafe');
const isAsFound = (before: HostState, after: HostState) => {
  const found = compared(before, after, names);
  return JSON.stringify(found.before) === JSON.stringify(found.after);
};

test('another platform that comes, goes or stays is nothing that was left behind', () => {
  expect(isAsFound(machine, machine)).toBe(true);
  expect(isAsFound(machine, both(machine, theirs))).toBe(true);
  expect(isAsFound(both(machine, theirs), machine)).toBe(true);
  expect(isAsFound(both(machine, theirs), both(machine, theirs))).toBe(true);
});

test('each single thing of the own platform or of nobody is, also beside another platform', () => {
  const nobodys: HostState = {
    interfaces: ['veth0'],
    routes: ['10.9.0.0/16 dev veth0 '],
    rules: ['-A X'],
    sets: ['x'],
  };
  for (const left of [mine, nobodys]) {
    for (const kind of ['interfaces', 'routes', 'rules', 'sets'] as const) {
      for (const line of left[kind]) {
        const after = { ...machine, [kind]: [...machine[kind], line] };
        expect({ line, found: isAsFound(machine, after) }).toEqual({ line, found: false });
        expect({ line, gone: isAsFound(after, machine) }).toEqual({ line, gone: false });
        // Whose the shared address is can't be told then.
        if (line.startsWith('fd00:a701::53')) continue;
        expect({ line, beside: isAsFound(machine, both(after, theirs)) }).toEqual({ line, beside: false });
      }
    }
  }
});
