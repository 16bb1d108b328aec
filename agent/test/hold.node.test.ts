/** Starts of an agent over what an earlier one left, with and without its files: nothing is opened by it, and nothing cut. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createCauses } from '../src/node/causes.ts';
import { createNetworkReconciler, type NetworkReconciler } from '../src/reconcile/network.ts';
import { iptablesRules } from '../src/rules/iptables.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, log, open, reach, until } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const db = endpointAt(fixedId('instance', 2), 1, 3);
const late = endpointAt(fixedId('instance', 3), 1, 4);
const opening: Opening = {
  policyId: fixedId('policy', 1),
  from: [web.instanceId],
  to: [db.instanceId],
  protocol: 'TCP',
  ports: { from: 80, to: 80 },
};
let node: LabNode;
let stateDir: string;
let pods: { web: LabPod; db: LabPod; late: LabPod };
let generation = 0;
const document = (openings: readonly Opening[] = [opening], local = [web, db]) =>
  networkDocument(node.id, ++generation, compile([web, db, late], openings, local));

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  await node.rules.ensure(document());
  pods = { web: await lab.pod(node, web), db: await lab.pod(node, db), late: await lab.pod(node, late) };
  for (const pod of [pods.db, pods.late]) await pod.peer.ask({ do: 'listen', protocol: 'TCP', port: 80 });
});
afterAll(() => lab.close());
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'atoll-hold-'));
  await node.rules.ensure(document());
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

/** A process of the agent, as far as rules go: nothing of another's in its memory. */
async function started(
  desired: () => DesiredNetwork | null,
  looks: { readonly lookEveryMs: number; begin?(): Promise<void>; done(): Promise<void> } = {
    lookEveryMs: 10_000,
    done: async () => {},
  },
): Promise<NetworkReconciler> {
  const { look, ...rules } = iptablesRules({ commands: node.commands, names: { ...node.names }, log });
  const backend = {
    ...rules,
    async look() {
      await looks.begin?.();
      const seen = await look();
      await looks.done();
      return seen;
    },
  };
  const options = { nodeId: node.id, stateDir, desired, backend, changed() {}, causes: createCauses(), log };
  // Of one that isn't connected to others, nothing leads to them.
  const ways = { laidSince: () => new Date(0).toISOString(), problem: () => null };
  const said = { underlay: () => null, ways, outside: false };
  const reconciler = await createNetworkReconciler({
    ...{ ...options, ...said, lookEveryMs: looks.lookEveryMs, wake() {} },
  });
  await reconciler.reconcile();
  return reconciler;
}

test.each([
  ['no file', null],
  ['a file of another shape', { document: { nodeId: 'x' }, at: '2026-01-01T00:00:00.000Z' }],
])('%s: what is in force stays, open connections included; who is new is closed', async (_, content) => {
  if (content !== null) await writeFile(join(stateDir, 'rules-in-force.json'), JSON.stringify(content));
  expect(await pods.web.peer.ask({ do: 'open', name: 'kept', address: db.ipv4, port: 80 })).toBe(true);
  let newest: DesiredNetwork | null = null;
  const agent = await started(() => newest);
  expect(await pods.web.peer.ask({ do: 'say', name: 'kept' })).toBe(true);
  expect(await reach(pods.web, db, 80)).toBe(open);
  expect(await reach(pods.web, late, 80)).toBe(dropped);
  expect(agent.secured()).toBeNull();
  expect(agent.report()).toMatchObject({ applied: null, error: null });
  // The newest doesn't open it any more.
  newest = document([{ ...opening, ports: { from: 81, to: 81 } }], [web, db, late]);
  await agent.reconcile();
  expect(agent.secured()?.has(late.instanceId)).toBe(true);
  expect(await pods.web.peer.ask({ do: 'say', name: 'kept' })).toBe(false);
  expect(await reach(pods.web, db, 80)).toBe(dropped);
});

test.each<[string, readonly (readonly string[])[]]>([
  ['the way in from FORWARD is gone', [['-D', 'FORWARD', '1']]],
  ['somebody else comes first', [['-I', 'FORWARD', '1', '-j', 'ACCEPT']]],
  ['a chain is empty', [['-F', 'from']]],
  ['a rule is not ours', [['-I', 'to', '1', '-j', 'RETURN']]],
])('where it is damaged, everything is closed: %s', async (_, sabotage) => {
  for (const [verb = '', name = '', ...rest] of sabotage) {
    const target = name === 'FORWARD' ? name : node.names.chain(name);
    await node.commands.run('iptables', [verb, target, ...rest]);
  }
  const agent = await started(() => null);
  expect(await reach(pods.web, db, 80)).toBe(dropped);
  expect(agent.report()).toMatchObject({ applied: null, error: null });
  if (sabotage[0]?.[0] === '-I' && sabotage[0][1] === 'FORWARD') {
    await node.commands.run('iptables', ['-D', 'FORWARD', '-j', 'ACCEPT']);
  }
});

test('after a boot nothing passes, and nothing is forwarded, before the rules are in force', async () => {
  await node.rules.clear();
  await node.commands.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0']);
  const agent = await started(() => null);
  expect(await reach(pods.web, db, 80)).toBe(dropped);
  expect(agent.secured()).toBeNull();
  const again = await started(() => document());
  expect(again.secured()?.size).toBe(2);
  expect(await reach(pods.web, db, 80)).toBe(open);
});

test('a start over newer rules looks at the last good ones first, and goes from there in one step', async () => {
  const first = await started(() => document());
  expect(first.report()?.applied?.generation).toBe(generation);
  const newest = document([opening, { ...opening, policyId: fixedId('policy', 2), ports: { from: 81, to: 81 } }]);
  const second = await started(() => newest);
  expect(second.inForce()?.generation).toBe(newest.generation);
  expect(await reach(pods.web, db, 80)).toBe(open);
});

test('no change waits for a look at everything, and what others changed is repaired all the same', async () => {
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  let newest = document();
  let looks = 0;
  const done = async () => {
    looks += 1;
    await gate;
  };
  const agent = await started(() => newest, { lookEveryMs: 0, done });
  await until('all was read', () => looks === 1);
  newest = document([opening, { ...opening, policyId: fixedId('policy', 2), ports: { from: 81, to: 81 } }]);
  await agent.reconcile();
  expect(agent.inForce()?.generation).toBe(newest.generation);
  expect(await reach(pods.web, db, 80)).toBe(open);
  expect(looks).toBe(1);
  for (const program of ['iptables', 'ip6tables']) {
    await node.commands.run(program, ['-I', node.names.chain('to'), '1', '-j', 'DROP']);
  }
  expect(await reach(pods.web, db, 80)).toBe(dropped);
  // What was read while the rules changed is no ground to act on: it is read once more.
  openGate();
  await until('it is repaired', async () => {
    await agent.reconcile();
    return (await reach(pods.web, db, 80)) === open;
  });
  expect(looks).toBeGreaterThan(1);
  expect(agent.report()?.error).toBeNull();
});

test('what was written over nothing is read back at once, long before a look is due, and nobody waits for it', async () => {
  await node.rules.clear();
  const wanted = document();
  let looks = 0;
  const begin = async () => {
    looks += 1;
    if (looks > 1) return;
    // Before it is read back, somebody has had a hand in it.
    for (const program of ['iptables', 'ip6tables']) {
      await node.commands.run(program, ['-I', node.names.chain('to'), '1', '-j', 'DROP']);
    }
  };
  const rare = { lookEveryMs: 3_600_000, begin, done: async () => {} };
  const agent = await started(() => wanted, rare);
  expect(agent.report()?.applied?.generation).toBe(wanted.generation);
  await until('it is repaired', async () => {
    await agent.reconcile();
    return (await reach(pods.web, db, 80)) === open;
  });
  expect(looks).toBe(1);
  // What was read back is seen: the next look is in an hour.
  const again = await started(() => wanted, rare);
  await again.reconcile();
  expect(looks).toBe(1);
});
