/** Which connections a new rule set ends, by protocol and by who answers: denials, ICMP, every protocol, translated ones. */
import type { PolicyRule, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument } from './fixtures.ts';
import { Lab, type LabNode, type LabPod, until } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const db = endpointAt(fixedId('instance', 2), 1, 3);
const virtual = '10.96.0.1';
let node: LabNode;
let pods: { web: LabPod; db: LabPod };
let generation = 0;

type Said = Partial<PolicyRule> & Pick<PolicyRule, 'action'>;
const everything: Said = { action: 'ALLOW' };

/** From web to db these decide, in this order; at both ends. */
function document(...said: readonly Said[]) {
  const rules = (set: string): PolicyRule[] =>
    said.map((one) => ({
      policyId: fixedId('policy', 1),
      protocol: null,
      ports: null,
      icmp: null,
      set,
      log: false,
      ...one,
    }));
  const name = (letter: string) => letter.repeat(13) + String(++generation).padStart(3, '0');
  const [ingress, egress] = [name('a'), name('b')];
  const set: RuleSet = {
    ...compile([web, db], []),
    endpoints: [
      { ...web, egress },
      { ...db, ingress },
    ],
    chains: [
      { name: ingress, direction: 'ingress', rules: rules('web') },
      { name: egress, direction: 'egress', rules: rules('db') },
    ],
    sets: [
      { name: 'db', kind: 'addresses', ipv4: [db.ipv4], ipv6: [db.ipv6] },
      { name: 'web', kind: 'addresses', ipv4: [web.ipv4], ipv6: [web.ipv6] },
    ],
  };
  return networkDocument(node.id, generation, set);
}
let before: ReturnType<typeof document>;

async function becomes(...said: readonly Said[]): Promise<void> {
  const after = document(...said);
  await node.rules.change(after);
  await node.rules.cut(before, after);
  before = after;
}

/** What is tracked from web: family, protocol and destination port. A connection that was cut may go on sending: as one, then. */
async function tracked(): Promise<string[]> {
  const saved = await Promise.all(
    ['ipv4', 'ipv6'].map(async (family) => {
      const { stdout } = await node.commands.run('conntrack', ['-L', '-f', family]);
      return stdout
        .split('\n')
        .filter((line) => line.includes(`src=${web.ipv4} `) || line.includes(`src=${web.ipv6} `))
        .map((line) => `${family} ${line.split(' ', 1)[0]} ${/dport=(\d+)/.exec(line)?.[1] ?? ''}`.trim());
    }),
  );
  return [...new Set(saved.flat())].sort();
}

const ping = (address: string) => commandsIn(pods.web.netns).run('busybox', ['ping', '-c', '1', '-W', '2', address]);

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  before = document(everything);
  await node.rules.ensure(before);
  pods = { web: await lab.pod(node, web), db: await lab.pod(node, db) };
  for (const port of [81, 82]) await pods.db.peer.ask({ do: 'listen', protocol: 'TCP', port });
  const translate = ['-p', 'tcp', '-d', virtual, '--dport', '80', '-j', 'DNAT', '--to-destination', `${db.ipv4}:81`];
  await node.commands.run('iptables', ['-t', 'nat', '-A', 'PREROUTING', ...translate]);
});
afterAll(() => lab.close());

const echoes = ['ipv4 icmp', 'ipv6 icmpv6'];
const streams = ['ipv4 tcp 80', 'ipv4 tcp 81', 'ipv4 tcp 82', 'ipv6 tcp 81', 'ipv6 tcp 82'];

beforeEach(async () => {
  await becomes(everything);
  await node.commands.run('conntrack', ['-F']);
  const { peer } = pods.web;
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const port of [81, 82]) {
      const address = db[family];
      expect(await peer.ask({ do: 'open', name: `${family} ${port}`, address, port })).toBe(true);
    }
    await ping(db[family]);
  }
  expect(await peer.ask({ do: 'open', name: 'virtual', address: virtual, port: 80 })).toBe(true);
  expect(await tracked()).toEqual([...echoes, ...streams].sort());
});

const tcp81: Said = { action: 'DENY', protocol: 'TCP', ports: { from: 81, to: 81 } };

test('a denial before what allows ends what it denies, also where it was translated, and nothing else', async () => {
  await becomes(tcp81, everything);
  expect(await tracked()).toEqual(['ipv4 icmp', 'ipv4 tcp 82', 'ipv6 icmpv6', 'ipv6 tcp 82']);
  expect(await pods.web.peer.ask({ do: 'say', name: 'ipv4 82' })).toBe(true);
  expect(await pods.web.peer.ask({ do: 'say', name: 'virtual' })).toBe(false);
});

test('a denial behind what allows ends nothing', async () => {
  await becomes(everything, tcp81);
  expect(await tracked()).toHaveLength(7);
});

test('a denial of ICMP ends no TCP, and one of TCP no ICMP', async () => {
  await becomes({ action: 'DENY', protocol: 'ICMP', icmp: 'ECHO_REQUEST' }, everything);
  expect(await tracked()).toEqual(streams);
  await expect(ping(db.ipv4)).rejects.toThrow('exit code 1');
  await becomes(everything);
  await ping(db.ipv4);
  await becomes({ action: 'DENY', protocol: 'TCP' }, everything);
  expect(await tracked()).toEqual(['ipv4 icmp']);
});

test('where only ICMP is allowed, only that goes on', async () => {
  await becomes({ action: 'ALLOW', protocol: 'ICMP' });
  expect(await tracked()).toEqual(echoes);
  await ping(db.ipv6);
});

test('what rules decided is counted, whatever is written anew in between', async () => {
  const counted = async () => {
    const { counters } = await node.rules.counters(new Set([fixedId('policy', 1)]));
    const of = (action: string, direction: string) =>
      counters
        .filter((one) => one.action === action && one.direction === direction)
        .reduce((sum, one) => sum + one.packets, 0);
    return { allowed: of('ALLOW', 'ingress'), denied: of('DENY', 'egress') };
  };
  const before = await counted();
  await becomes(tcp81, everything);
  expect(await pods.web.peer.ask({ do: 'open', name: 'no', address: db.ipv4, port: 81 })).toBe(false);
  await becomes(everything);
  await node.rules.ensure(document(everything));
  expect(await pods.web.peer.ask({ do: 'open', name: 'yes', address: db.ipv6, port: 82 })).toBe(true);
  const after = await until('both are counted', async () => {
    const now = await counted();
    return now.allowed > before.allowed && now.denied > before.denied && now;
  });
  // Chains that counted are gone; what they counted isn't.
  await node.rules.ensure(document(everything));
  const later = await counted();
  expect(later.allowed).toBeGreaterThanOrEqual(after.allowed);
  expect(later.denied).toBeGreaterThanOrEqual(after.denied);
});
