/** The connection log with real packets: the kernel's rules, ulogd, and what an agent tells of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedConnection } from '@atoll/schema/node/connection-log';
import type { PolicyRule, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepConnectionLog } from '../src/connection-log/keep.ts';
import { readerOf } from '../src/connection-log/ulogd.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, log, open, reach, until } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const db = endpointAt(fixedId('instance', 2), 1, 3);
const [allows, denies, quiet] = [fixedId('policy', 1), fixedId('policy', 2), fixedId('policy', 3)];
const policies = [allows, denies, quiet];
let node: LabNode;
let pods: { web: LabPod; db: LabPod };
let stateDir: string;
let generation = 0;
const keeper = () => keepConnectionLog({ stateDir, netns: node.netns, names: node.names, log });
let kept: ReturnType<typeof keeper>;

type Said = Pick<PolicyRule, 'policyId' | 'action' | 'log'> & Partial<PolicyRule>;
const tcp = (port: number) => ({ protocol: 'TCP', ports: { from: port, to: port } }) as const;
const decisions: readonly Said[] = [
  { policyId: denies, action: 'DENY', log: true, ...tcp(81) },
  { policyId: quiet, action: 'ALLOW', log: false, ...tcp(82) },
  { policyId: allows, action: 'ALLOW', log: true },
];

/** At db alone these decide about what web asks for; whatever web sends is let out, and not logged. */
function document(said: readonly Said[]) {
  const rule = (one: Said, set: string): PolicyRule => ({ protocol: null, ports: null, icmp: null, set, ...one });
  const name = (letter: string) => letter.repeat(13) + String(++generation).padStart(3, '0');
  const [ingress, egress] = [name('a'), name('b')];
  const out: Said = { policyId: quiet, action: 'ALLOW', log: false };
  const rules: RuleSet = {
    ...compile([web, db], []),
    endpoints: [
      { ...web, egress },
      { ...db, ingress },
    ],
    chains: [
      { name: ingress, direction: 'ingress', rules: said.map((one) => rule(one, 'web')) },
      { name: egress, direction: 'egress', rules: [rule(out, 'db')] },
    ],
    sets: [
      { name: 'db', kind: 'addresses', ipv4: [db.ipv4], ipv6: [db.ipv6] },
      { name: 'web', kind: 'addresses', ipv4: [web.ipv4], ipv6: [web.ipv6] },
    ],
  };
  return networkDocument(node.id, generation, rules);
}

async function becomes(said: readonly Said[]): Promise<void> {
  const next = document(said);
  await node.rules.ensure(next);
  await kept.ensure(next);
}
const told = (of: readonly (typeof allows)[] = policies) =>
  kept.read({ policies: [...of], since: null, first: 100 }).connections;
/** As soon as there are so many. */
const logged = (count: number, which: (one: LoggedConnection) => boolean) =>
  until(`${count} connections are logged`, () => {
    const found = told().filter(which);
    return found.length >= count && found;
  });
const shown = ({ action, direction, family, protocol, destinationPort }: LoggedConnection) =>
  [action, direction, family, protocol, destinationPort].join(' ');
async function readingProcess(): Promise<number | null> {
  const { stdout } = await node.commands.run('cat', ['/proc/net/netfilter/nfnetlink_log']);
  return readerOf(node.names.logGroup, stdout);
}

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  stateDir = await mkdtemp(join(tmpdir(), 'atoll-connection-log-'));
  kept = keeper();
  await becomes(decisions);
  pods = { web: await lab.pod(node, web), db: await lab.pod(node, db) };
  for (const port of [80, 81, 82]) await pods.db.peer.ask({ do: 'listen', protocol: 'TCP', port });
  await pods.db.peer.ask({ do: 'listen', protocol: 'UDP', port: 53 });
});
afterAll(async () => {
  await kept.stop();
  await lab.close();
  await rm(stateDir, { recursive: true, force: true });
});

test('what a policy that logs lets through and what it denies is told once, with both ends, in both families', async () => {
  expect(await reach(pods.web, db, 80)).toBe(open);
  expect(await reach(pods.web, db, 81)).toBe(dropped);
  // By another rule, before that which logs.
  expect(await reach(pods.web, db, 82)).toBe(open);
  await pods.web.peer.ask({ do: 'send', address: db.ipv4, port: 53, from: null, text: 'hello' });
  await commandsIn(pods.web.netns).run('busybox', ['ping', '-c', '1', '-W', '2', db.ipv6]);
  const found = await logged(6, () => true);
  expect(found.map(shown).sort()).toEqual([
    'ALLOW ingress ipv4 TCP 80',
    'ALLOW ingress ipv4 UDP 53',
    'ALLOW ingress ipv6 ICMP ',
    'ALLOW ingress ipv6 TCP 80',
    'DENY ingress ipv4 TCP 81',
    'DENY ingress ipv6 TCP 81',
  ]);
  for (const one of found) {
    const family = one.family;
    expect(one).toMatchObject({ source: web[family], destination: db[family], instanceId: db.instanceId });
    expect(one.policyId).toBe(one.action === 'DENY' ? denies : allows);
    expect(one.sourcePort === null).toBe(one.protocol === 'ICMP');
    expect(Math.abs(Date.parse(one.at) - Date.now())).toBeLessThan(60_000);
  }
  expect(told([quiet])).toEqual([]);
});

test('a flood leaves room for what others log, and what it leaves out is counted', async () => {
  const before = told([denies]).length;
  const flood = 2000;
  await pods.web.peer.ask({ do: 'flood', server: db.ipv4, port: 9, count: flood });
  expect(await reach(pods.web, db, 81)).toBe(dropped);
  await logged(before + 2, (one) => one.policyId === denies);
  const leftOut = await until('what is left out is counted', async () => {
    const count = await node.rules.leftOut(new Set([allows]));
    return count > 0 && count;
  });
  const packets = () => told([allows]).reduce((sum, one) => sum + (one.destinationPort === 9 ? one.packets : 0), 0);
  expect(leftOut).toBeGreaterThan(flood / 2);
  // By the limit of the rule, which is below that of the endpoint.
  expect(packets()).toBeLessThan(200);
  expect(leftOut + packets()).toBeLessThanOrEqual(flood);
  expect(await node.rules.leftOut(new Set([quiet]))).toBe(0);
});

test('ulogd that was killed comes back, and so it does for the next agent of one that was killed', async () => {
  const first = await readingProcess();
  if (first === null) throw new Error('somebody reads the group');
  process.kill(first, 'SIGKILL');
  const second = await until('another one reads', async () => {
    await kept.ensure(document(decisions));
    const now = await readingProcess();
    return now !== first && now;
  });
  // An agent that was killed, and whose ulogd was not.
  const killed = kept;
  kept = keeper();
  await kept.ensure(document(decisions));
  expect(await readingProcess()).not.toBe(second);
  expect(await reach(pods.web, db, 80)).toBe(open);
  await logged(2, (one) => one.destinationPort === 80);
  await killed.stop();
});

test('it ends with the last rule that logs', async () => {
  await becomes([{ policyId: allows, action: 'ALLOW', log: false }]);
  expect(await readingProcess()).toBeNull();
  expect(await reach(pods.web, db, 81)).toBe(open);
  expect(kept.read({ policies, since: null, first: 1 }).since).toBeNull();
});
