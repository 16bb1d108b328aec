/** Isolation with real packets: bare network namespaces, wired and guarded by the agent's own code. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, log, open, reach, until } from './lab.ts';

const lab = new Lab();
const at = (number: number, subnet: number, host: number) => endpointAt(fixedId('instance', number), subnet, host);
// web → db is open on 5432; other is in their namespace, foreign in another namespace, alien of another tenant.
const ends = { web: at(1, 1, 2), db: at(2, 1, 3), other: at(3, 1, 4), foreign: at(4, 2, 2), alien: at(5, 64, 2) };
const all = Object.values(ends);
const tcp: Opening = {
  policyId: fixedId('policy', 1),
  from: [ends.web.instanceId],
  to: [ends.db.instanceId],
  protocol: 'TCP',
  ports: { from: 5432, to: 5433 },
};
const udp: Opening = { ...tcp, policyId: fixedId('policy', 2), protocol: 'UDP', ports: { from: 53, to: 53 } };
const rules = compile(all, [tcp, udp]);

let node: LabNode;
let pods: Record<keyof typeof ends, LabPod>;
let nodePeer: ReturnType<Lab['peer']>;
let outside: { netns: string };
const elsewhere = {
  metadata: { ipv4: '169.254.169.254', ipv6: 'fd00:ec2::254' },
  internet: { ipv4: '198.51.100.1', ipv6: '2001:db8:1::1' },
  unknown: { ipv4: '10.64.1.200', ipv6: 'fd61:746f:6c6c:1::c8' },
};
const hostAddress = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' };
let generation = 0;
const intent = (of = rules) => networkDocument(node.id, ++generation, of);

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  outside = await makeOutside();
  await node.rules.ensure(intent());
  pods = {
    web: await lab.pod(node, ends.web),
    db: await lab.pod(node, ends.db),
    other: await lab.pod(node, ends.other),
    foreign: await lab.pod(node, ends.foreign),
    alien: await lab.pod(node, ends.alien),
  };
  nodePeer = lab.peer(node.netns);
  for (const port of [5432, 5433, 5434]) await pods.db.peer.ask({ do: 'listen', protocol: 'TCP', port });
  await pods.db.peer.ask({ do: 'listen', protocol: 'UDP', port: 53 });
  await pods.web.peer.ask({ do: 'listen', protocol: 'TCP', port: 5432 });
  await nodePeer.ask({ do: 'listen', protocol: 'TCP', port: 7000 });
});
afterAll(() => lab.close());

/** What lies beyond the node, with routes both ways: whatever the rules let out arrives, and could answer. */
async function makeOutside(): Promise<{ netns: string }> {
  const netns = await lab.namespace('outside');
  const side = (ipv4: string, ipv6: string, via4: string, via6: string, local: readonly string[]) =>
    [
      'link set dev up0 up',
      `addr add ${ipv4}/30 dev up0`,
      `addr add ${ipv6}/64 dev up0 nodad`,
      `route add default via ${via4}`,
      `route add ::/0 via ${via6}`,
      ...local.map((address) => `addr add ${address} dev lo`),
    ].join('\n');
  const [near4, far4, near6, far6] = ['203.0.113.1', '203.0.113.2', '2001:db8:ff::1', '2001:db8:ff::2'];
  const beyond = Object.values(elsewhere).flatMap((end) => Object.values(end));
  await node.commands.run('ip', ['link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', netns]);
  await node.commands.run('ip', ['-batch', '-'], side(near4, near6, far4, far6, Object.values(hostAddress)));
  await commandsIn(netns).run('ip', ['-batch', '-'], side(far4, far6, near4, near6, beyond));
  await lab.peer(netns).ask({ do: 'listen', protocol: 'TCP', port: 80 });
  return { netns };
}

/** Sends a datagram, and tells whether it arrived: those that are dropped are told from those that are late by a later one. */
async function arrives(from: LabPod, source: string | null, to: string, text: string): Promise<boolean> {
  await from.peer.ask({ do: 'send', address: to, port: 53, from: source, text });
  const marker = `after ${text} ${Math.random()}`;
  await pods.web.peer.ask({ do: 'send', address: to, port: 53, from: null, text: marker });
  const received = await until('the marker arrives', async () => {
    const texts = (await pods.db.peer.ask({ do: 'received' })) as string[];
    return texts.includes(marker) && texts;
  });
  return received.includes(text);
}

describe('what is open', () => {
  test.each([5432, 5433])('an allowed port from an allowed pod (%i)', async (port) => {
    expect(await reach(pods.web, ends.db, port)).toBe(open);
  });
  test('allowed datagrams', async () => {
    expect(await arrives(pods.web, null, ends.db.ipv4, 'web ipv4')).toBe(true);
    expect(await arrives(pods.web, null, ends.db.ipv6, 'web ipv6')).toBe(true);
  });
  test('the node to its pods, for readiness probes', async () => {
    expect(await reach(node, ends.db, 5434)).toBe(open);
  });
});

describe('what is dropped', () => {
  test('another port of the same pair', async () => {
    expect(await reach(pods.web, ends.db, 5434)).toBe(dropped);
  });
  test('the opposite direction', async () => {
    expect(await reach(pods.db, ends.web, 5432)).toBe(dropped);
  });
  test.each(['other', 'foreign', 'alien'] as const)('a pod that no policy opens: %s', async (name) => {
    expect(await reach(pods[name], ends.db, 5432)).toBe(dropped);
    expect(await arrives(pods[name], null, ends.db.ipv4, `${name} ipv4`)).toBe(false);
    expect(await arrives(pods[name], null, ends.db.ipv6, `${name} ipv6`)).toBe(false);
  });
  test("the node's own ports, by any of its addresses", async () => {
    expect(await reach(pods.web, hostAddress, 7000)).toBe(dropped);
    expect(await reach(pods.web, { ipv4: '169.254.1.1', ipv6: 'fe80::1%eth0' }, 7000)).toBe(dropped);
    expect(await reach(node, hostAddress, 7000)).toBe(open);
  });
  test.each(['metadata', 'internet', 'unknown'] as const)('what is no pod: %s', async (name) => {
    expect(await reach(outside, elsewhere[name], 80)).toBe(open);
    expect(await reach(pods.web, elsewhere[name], 80)).toBe(dropped);
  });
  test("the node's own packets to unknown addresses of the pools: they never leave it", async () => {
    expect(await reach(node, elsewhere.internet, 80)).toBe(open);
    expect(await reach(node, elsewhere.unknown, 80)).toBe('UNREACHABLE UNREACHABLE');
  });
  test('whoever comes from outside', async () => {
    expect(await reach(outside, ends.db, 5432)).toBe(dropped);
  });
  test("a packet with another pod's source address, also where the kernel's own check is off", async () => {
    const { netns } = pods.other;
    const [v4, v6] = [ends.web.ipv4, ends.web.ipv6];
    await commandsIn(netns).run('ip', ['-batch', '-'], `addr add ${v4}/32 dev lo\naddr add ${v6}/128 dev lo nodad`);
    const host = node.names.interface(ends.other.instanceId);
    await node.commands.run('sysctl', [
      '-q',
      '-w',
      'net.ipv4.conf.all.rp_filter=0',
      `net.ipv4.conf.${host}.rp_filter=0`,
    ]);
    expect(await arrives(pods.other, v4, ends.db.ipv4, 'spoofed ipv4')).toBe(false);
    expect(await arrives(pods.other, v6, ends.db.ipv6, 'spoofed ipv6')).toBe(false);
  });
  test('a pod that is wired before its rules are known', async () => {
    const early = await lab.pod(node, at(6, 1, 9));
    await early.peer.ask({ do: 'listen', protocol: 'TCP', port: 5432 });
    expect(await reach(early, ends.db, 5432)).toBe(dropped);
    expect(await reach(pods.web, early.end, 5432)).toBe(dropped);
    expect(await reach(early, hostAddress, 7000)).toBe(dropped);
  });
});

describe('connections when the rules change', () => {
  test('what is no longer allowed is cut; what still is goes on, from the server as well', async () => {
    const web = pods.web.peer;
    for (const family of ['ipv4', 'ipv6'] as const) {
      const address = ends.db[family];
      expect(await web.ask({ do: 'open', name: `gone ${family}`, address, port: 5432 })).toBe(true);
      expect(await web.ask({ do: 'open', name: `kept ${family}`, address, port: 5433 })).toBe(true);
      expect(await web.ask({ do: 'say', name: `gone ${family}` })).toBe(true);
    }
    const before = intent();
    const after = intent(compile(all, [{ ...tcp, ports: { from: 5433, to: 5433 } }, udp]));
    await node.rules.ensure(after);
    await node.rules.cut(before, after);
    const said: unknown[] = [];
    for (const family of ['ipv4', 'ipv6'] as const) {
      said.push(
        await web.ask({ do: 'say', name: `kept ${family}` }),
        await web.ask({ do: 'say', name: `gone ${family}` }),
      );
    }
    expect(said).toEqual([true, false, true, false]);
    for (const family of ['ipv4', 'ipv6'] as const) {
      await pods.db.peer.ask({ do: 'push' });
      expect(await web.ask({ do: 'hear', name: `kept ${family}` })).toBe(true);
    }
    expect(await web.ask({ do: 'hear', name: 'gone ipv4' })).toBe(false);
    expect(await reach(pods.web, ends.db, 5432)).toBe(dropped);
    await node.rules.ensure(intent());
  });

  test("an endpoint that is gone leaves no connection behind, the node's own ones included", async () => {
    expect(await pods.web.peer.ask({ do: 'open', name: 'last', address: ends.db.ipv4, port: 5432 })).toBe(true);
    expect(await nodePeer.ask({ do: 'open', name: 'probe', address: ends.db.ipv4, port: 5432 })).toBe(true);
    const before = intent();
    const after = intent(
      compile(
        all.filter((end) => end !== ends.db),
        [],
      ),
    );
    await node.rules.ensure(after);
    await node.rules.cut(before, after);
    const { stdout } = await node.commands.run('conntrack', ['-L', '-f', 'ipv4']);
    expect(stdout.split('\n').filter((line) => line.includes(`${ends.db.ipv4} `) && line.startsWith('tcp'))).toEqual(
      [],
    );
    await node.rules.ensure(intent());
    log.debug('restored');
  });
});
