/** Public addresses whose instances are on another node, with real packets: the client stays who it is, and hears the answer. */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint, RuleMapping, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { iptablesRules } from '../src/rules/iptables.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabPod, log, open, type Peer, reach, until } from './lab.ts';
import { type Member, TunnelLab } from './tunnel-lab.ts';

const lab = new Lab();
const segment = new TunnelLab(lab, 'ipv4');
const families = ['ipv4', 'ipv6'] as const;
const near = endpointAt(fixedId('instance', 1), 1, 2);
const far = endpointAt(fixedId('instance', 2), 2, 2);
const closed = endpointAt(fixedId('instance', 3), 2, 3);
/** It stands for what is outside. */
const nobody = endpointAt(fixedId('instance', 9), 9, 9);

const client = { ipv4: '198.51.100.9', ipv6: '2001:db8:1::9' };
const stranger = { ipv4: '198.51.100.200', ipv6: '2001:db8:1::c8' };
const outside = { ipv4: '198.51.100.77', ipv6: '2001:db8:1::4d' };
const near25 = ['198.51.100.0/25', '2001:db8:1::/121'];
const far25 = ['198.51.100.128/25', '2001:db8:1::80/121'];

let internet: string;
/** Answers for the address. */
let door: Member;
/** Has the instance. */
let house: Member;
let doorRules: Member['rules'];
let clientPeer: Peer;
let strangerPeer: Peer;
let pods: Record<'near' | 'far' | 'closed', LabPod>;
let generation = 0;

function rulesOf(locals: readonly RuleEndpoint[], networks: readonly string[]): RuleSet {
  const inward = (protocol: 'TCP' | 'UDP', number: number): Opening => ({
    policyId: fixedId('policy', number),
    ...{ from: [nobody.instanceId], to: [near, far, closed].map(({ instanceId }) => instanceId) },
    ...{ protocol, ports: { from: 8443, to: 8443 } },
  });
  const compiled = compile([near, far, closed, nobody], [inward('TCP', 1), inward('UDP', 2)], locals);
  const of = (family: 'ipv4' | 'ipv6') => networks.filter((one) => one.includes(':') === (family === 'ipv6'));
  return {
    ...compiled,
    sets: compiled.sets.map((set) =>
      set.ipv4.includes(nobody.ipv4) ? { ...set, kind: 'networks' as const, ipv4: of('ipv4'), ipv6: of('ipv6') } : set,
    ),
  };
}

const lead = (number: number, protocol: 'TCP' | 'UDP', port: number, to: readonly RuleEndpoint[]) =>
  families.map(
    (family, index): RuleMapping => ({
      ...{ portMappingId: fixedId('portMapping', number * 2 + index), address: outside[family], protocol, port },
      targets: to.map((end) => ({ address: end[family], port: 8443, here: end === near })),
    }),
  );
const entrance = (nodeId: Id<'node'>, ends: readonly RuleEndpoint[]) => ({
  nodeId,
  ...{ ipv4: ends.map((end) => end.ipv4), ipv6: ends.map((end) => end.ipv6) },
});

async function applyDoor(tcp: readonly RuleEndpoint[], udp: readonly RuleEndpoint[] = []) {
  const mappings = [...lead(1, 'TCP', 443, tcp), ...lead(2, 'UDP', 53, udp)];
  const rules = { ...rulesOf([near], near25), mappings, remotes: segment.remotesOf(door) };
  const next = networkDocument(fixedId('node', 1), ++generation, rules);
  await doorRules.change(next);
  await door.tunnel.ensure(door.underlay, rules.remotes);
  return { next, cut: (before: typeof next) => doorRules.cut(before, next) };
}

async function applyHouse(networks: readonly string[], entered: readonly RuleEndpoint[] = [far]) {
  const member = house;
  const entrances = entered.length === 0 ? [] : [entrance(fixedId('node', 1), entered)];
  const rules = { ...rulesOf([far, closed], networks), entrances, remotes: segment.remotesOf(member) };
  const next = networkDocument(fixedId('node', 2), ++generation, rules);
  await member.rules.change(next);
  await member.tunnel.ensure(member.underlay, rules.remotes);
  await member.tunnel.leadBack(next);
  return next;
}

async function plug(netns: string, tag: string, addresses: readonly string[]): Promise<void> {
  const inside = netns.replace('/run/netns/', '');
  const wire = ['type', 'veth', 'peer', 'name', 'out0', 'netns', inside];
  await commandsIn(internet).run('ip', ['link', 'add', tag, ...wire]);
  await commandsIn(internet).run('ip', ['link', 'set', tag, 'master', 'br0', 'up']);
  const lines = [
    'link set out0 up',
    ...addresses.map((one) => `addr add ${one} dev out0${one.includes(':') ? ' nodad' : ''}`),
  ];
  await commandsIn(netns).run('ip', ['-batch', '-'], lines.join('\n'));
}

async function host(name: string, at: typeof client): Promise<Peer> {
  const netns = await lab.namespace(name);
  await plug(netns, name, [`${at.ipv4}/24`, `${at.ipv6}/64`]);
  return lab.peer(netns);
}

beforeAll(async () => {
  internet = await lab.namespace('internet');
  await commandsIn(internet).run('ip', ['-batch', '-'], 'link add br0 type bridge\nlink set br0 up');
  door = await segment.join(fixedId('node', 1), [near]);
  house = await segment.join(fixedId('node', 2), [far, closed]);
  doorRules = iptablesRules({ commands: door.commands, names: door.names, log, publicInterface: 'out0' });
  await plug(door.netns, 'door', ['198.51.100.1/24', '2001:db8:1::1/64']);
  // It could answer the client by itself: so an answer that takes the wrong way arrives, from the wrong address.
  await plug(house.netns, 'house', ['198.51.100.2/24', '2001:db8:1::2/64']);
  // As Docker leaves it: nothing is forwarded that nobody accepts.
  for (const { commands } of [door, house]) {
    for (const tool of ['iptables', 'ip6tables']) await commands.run(tool, ['-P', 'FORWARD', 'DROP']);
  }
  clientPeer = await host('client', client);
  strangerPeer = await host('stranger', stranger);
  await applyDoor([far], [far]);
  await applyHouse(near25);
  pods = {
    near: await lab.pod(door, near),
    far: await lab.pod(house, far),
    closed: await lab.pod(house, closed),
  };
  for (const { peer } of Object.values(pods)) {
    for (const protocol of ['TCP', 'UDP'] as const) await peer.ask({ do: 'listen', protocol, port: 8443 });
  }
  await until('it is answered for', async () => (await reach(from(clientPeer), outside, 443)) === open);
});
afterAll(() => lab.close());

const from = (peer: Peer) => ({ netns: internet, peer });
const sourcesOf = async (peer: Peer) => (await peer.ask({ do: 'sources' })) as string[];
const accepted = async (pod: LabPod) => (await pod.peer.ask({ do: 'accepted' })) as number;
const answered = (peer: Peer) =>
  Promise.all(
    families.map((family) => peer.ask({ do: 'exchange', address: outside[family], port: 53, text: `echo ${family}` })),
  );

test('an instance of another node sees the client as it is, and the client hears it, by TCP and UDP', async () => {
  for (const family of families) {
    expect(await clientPeer.ask({ do: 'visit', address: outside[family], port: 443, times: 3 })).toBe(0);
    const bytes = 3 << 20;
    expect(await clientPeer.ask({ do: 'transfer', address: outside[family], port: 443, bytes })).toBe(true);
  }
  for (const family of families) {
    expect(
      await clientPeer.ask({ do: 'exchange', address: outside[family], port: 53, text: `echo ${family}` }),
      family,
    ).toBe(true);
  }
  expect(new Set(await sourcesOf(pods.far.peer))).toEqual(new Set([client.ipv4, client.ipv6]));
});

test('a policy with a CIDR decides on the node of the instance, by who it really is', async () => {
  expect(await reach(from(strangerPeer), outside, 443)).toBe(dropped);
  await applyHouse(far25);
  expect(await reach(from(strangerPeer), outside, 443)).toBe(open);
  expect(await reach(from(clientPeer), outside, 443)).toBe(dropped);
  await applyHouse(near25);
});

test('connections are shared by the instances of all nodes, and none goes wrong while these come and go', async () => {
  await applyDoor([near, far], [far]);
  const before = await Promise.all([accepted(pods.near), accepted(pods.far)]);
  let going = true;
  const visits = (async () => {
    let wrong = 0;
    while (going) {
      for (const family of families) {
        wrong += (await clientPeer.ask({ do: 'visit', address: outside[family], port: 443, times: 10 })) as number;
      }
    }
    return wrong;
  })();
  try {
    for (const targets of [[far], [near, far], [near], [near, far], [far], [near, far]])
      await applyDoor(targets, [far]);
    await until('both have had some', async () => {
      const now = await Promise.all([accepted(pods.near), accepted(pods.far)]);
      return now.every((count, index) => count - (before[index] ?? 0) > 10);
    });
  } finally {
    going = false;
  }
  expect(await visits).toBe(0);
});

test('a stream to an instance that takes no new ones goes on; it is cut when the port is taken away', async () => {
  const { next } = await applyDoor([far], [far]);
  for (const family of families) {
    expect(await clientPeer.ask({ do: 'open', name: family, address: outside[family], port: 443 })).toBe(true);
  }
  const second = await applyDoor([near], [far]);
  await second.cut(next);
  for (const family of families) expect(await clientPeer.ask({ do: 'say', name: family }), family).toBe(true);
  await doorRules.cut(second.next, networkDocument(fixedId('node', 1), ++generation, rulesOf([near], near25)));
  for (const family of families) expect(await clientPeer.ask({ do: 'say', name: family }), family).toBe(false);
});

test('only a node that leads there is let in, and only to whom its ports lead', async () => {
  await applyDoor([closed], [closed]);
  expect(await reach(from(clientPeer), outside, 443)).toBe(dropped);
  await applyHouse(near25, [far, closed]);
  expect(await reach(from(clientPeer), outside, 443)).toBe(open);
  await applyHouse(near25, []);
  expect(await reach(from(clientPeer), outside, 443)).toBe(dropped);
  await applyDoor([far], [far]);
  expect(await reach(from(clientPeer), outside, 443)).toBe(dropped);
  await applyHouse(near25);
  expect(await reach(from(clientPeer), outside, 443)).toBe(open);
});

test('without its way back an answer goes nowhere, and the way is repaired', async () => {
  const document = await applyHouse(near25);
  const { commands, names, tunnel } = house;
  for (const flag of ['-4', '-6']) {
    await commands.run('ip', [flag, 'rule', 'del', 'priority', `${names.rulePriority + 1}`]);
  }
  const tracked = async () => (await commandsIn(internet).run('ip', ['-s', '-j', 'link', 'show', 'house'])).stdout;
  const sent = async () =>
    (JSON.parse(await tracked()) as [{ stats64: { rx: { packets: number } } }])[0].stats64.rx.packets;
  const before = await sent();
  expect(await answered(clientPeer)).toEqual([false, false]);
  expect((await sent()) - before).toBeLessThan(6);
  await tunnel.leadBack(document);
  expect(await answered(clientPeer)).toEqual([true, true]);
});

test('it works where the kernel checks every source', async () => {
  const { commands } = house;
  await commands.run('sysctl', ['-q', '-w', 'net.ipv4.conf.all.rp_filter=1']);
  expect(await reach(from(clientPeer), outside, 443)).toBe(open);
  // By the mark also on the wires of pods.
  await commands.run('sysctl', ['-q', '-w', 'net.ipv4.conf.all.src_valid_mark=1']);
  expect(await reach(from(clientPeer), outside, 443)).toBe(open);
  expect(await answered(clientPeer)).toEqual([true, true]);
});

test('of a node that is no more, nothing is left', async () => {
  const { commands, tunnel } = house;
  await tunnel.clear();
  for (const flag of ['-4', '-6']) {
    const { stdout } = await commands.run('ip', [flag, 'rule', 'show']);
    expect(stdout).not.toContain('fwmark');
    expect(stdout).not.toContain('10.64.0.0');
  }
});
