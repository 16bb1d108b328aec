/** Public addresses and the way out with real packets: two nodes and a client on one segment, pods in bare network namespaces. */
import { isDeepStrictEqual } from 'node:util';
import type { RuleMapping, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { iptablesRules } from '../src/rules/iptables.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, log, open, type Peer, reach, until } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const other = endpointAt(fixedId('instance', 2), 1, 3);
const silent = endpointAt(fixedId('instance', 3), 1, 4);
const far = endpointAt(fixedId('instance', 4), 2, 2);

const client = { ipv4: '198.51.100.9', ipv6: '2001:db8:1::9' };
const stranger = { ipv4: '198.51.100.200', ipv6: '2001:db8:1::c8' };
const outside = { ipv4: '198.51.100.77', ipv6: '2001:db8:1::4d' };
const families = ['ipv4', 'ipv6'] as const;

/** As the network service compiles a CIDR: the set of the other side is networks. */
function rulesOf(local: typeof web, mappings: readonly RuleMapping[], networks: readonly string[]): RuleSet {
  const inward = (protocol: 'TCP' | 'UDP', number: number): Opening => ({
    policyId: fixedId('policy', number),
    ...{ from: [silent.instanceId], to: [web.instanceId, other.instanceId, far.instanceId] },
    ...{ protocol, ports: { from: 8443, to: 8444 } },
  });
  const outward: Opening = {
    ...{ policyId: fixedId('policy', 3), from: [web.instanceId], to: [silent.instanceId] },
    ...{ protocol: 'TCP', ports: { from: 9000, to: 9000 } },
  };
  const locals = local === web ? [web, other, silent] : [far];
  const compiled = compile([web, other, silent, far], [inward('TCP', 1), inward('UDP', 2), outward], locals);
  const of = (family: 'ipv4' | 'ipv6') => networks.filter((one) => one.includes(':') === (family === 'ipv6'));
  return {
    ...compiled,
    mappings: [...mappings],
    // The silent one stands for what is outside.
    sets: compiled.sets.map((set) =>
      set.ipv4.includes(silent.ipv4) ? { ...set, kind: 'networks' as const, ipv4: of('ipv4'), ipv6: of('ipv6') } : set,
    ),
  };
}

const lead = (number: number, protocol: 'TCP' | 'UDP', port: number, targetPort: number, to: readonly (typeof web)[]) =>
  families.map(
    (family, index): RuleMapping => ({
      ...{ portMappingId: fixedId('portMapping', number * 2 + index), address: outside[family], protocol, port },
      targets: to.map((end) => ({ address: end[family], port: targetPort, here: true })),
    }),
  );
const mappings = [
  ...lead(1, 'TCP', 443, 8443, [web]),
  ...lead(2, 'UDP', 53, 8443, [web]),
  ...lead(3, 'TCP', 444, 8444, [other]),
];
const near = ['198.51.100.0/25', '2001:db8:1::/121'];

interface Announcer {
  readonly node: LabNode;
  readonly apply: (rules: RuleSet) => Promise<void>;
  /** As the agent does now and then, and after a start. */
  readonly look: () => Promise<void>;
}
let internet: string;
/** A neighbour that sends nothing: what it knows it was told. */
let quiet: string;
let nodes: readonly [Announcer, Announcer];
let pods: Record<'web' | 'other' | 'far', LabPod>;
let clientPeer: Peer;
let strangerPeer: Peer;
let nodePeer: Peer;

async function plug(netns: string, device: string, addresses: readonly string[]): Promise<void> {
  const far = `v${device}`;
  const commands = commandsIn(internet);
  await commands.run('ip', [
    'link',
    'add',
    far,
    'type',
    'veth',
    'peer',
    'name',
    'up0',
    'netns',
    netns.replace('/run/netns/', ''),
  ]);
  await commands.run('ip', ['link', 'set', far, 'master', 'br0', 'up']);
  const inside = commandsIn(netns);
  await inside.run('ip', ['link', 'set', 'up0', 'up']);
  for (const address of addresses)
    await inside.run('ip', ['address', 'add', address, 'dev', 'up0', ...(address.includes(':') ? ['nodad'] : [])]);
}

async function announcer(number: number): Promise<Announcer> {
  const node = await lab.node(fixedId('node', number));
  await plug(node.netns, `n${number}`, [`198.51.100.${number}/24`, `2001:db8:1::${number}/64`]);
  const rules = iptablesRules({ commands: node.commands, names: node.names, log, publicInterface: 'up0' });
  let generation = 0;
  let current = networkDocument(node.id, 0, rulesOf(web, [], []));
  return {
    node,
    look: async () => void (await rules.ensure(current)),
    async apply(wanted) {
      const next = networkDocument(node.id, ++generation, wanted);
      await rules.change(next);
      await rules.cut(current, next);
      current = next;
    },
  };
}

beforeAll(async () => {
  internet = await lab.namespace('internet');
  await commandsIn(internet).run('ip', ['link', 'add', 'br0', 'type', 'bridge']);
  await commandsIn(internet).run('ip', ['link', 'set', 'br0', 'up']);
  const [first, second] = [await announcer(1), await announcer(2)];
  nodes = [first, second];
  const host = async (name: string, at: typeof client) => {
    const netns = await lab.namespace(name);
    await plug(netns, name, [`${at.ipv4}/24`, `${at.ipv6}/64`]);
    // Looks again for a neighbour that is silent after a second, not after most of a minute.
    const keys = ['ipv4', 'ipv6'].flatMap((family) =>
      ['base_reachable_time_ms=1000', 'delay_first_probe_time=1', 'retrans_time_ms=200'].map(
        (setting) => `net/${family}/neigh/up0/${setting}`,
      ),
    );
    await commandsIn(netns).run('sysctl', ['-q', '-w', ...keys]);
    return lab.peer(netns);
  };
  quiet = await lab.namespace('quiet');
  await plug(quiet, 'quiet', ['198.51.100.60/24', '2001:db8:1::3c/64']);
  clientPeer = await host('client', client);
  strangerPeer = await host('other', stranger);
  nodePeer = lab.peer(first.node.netns);
  await first.apply(rulesOf(web, mappings, near));
  await second.apply(rulesOf(far, [], near));
  pods = {
    web: await lab.pod(first.node, web),
    other: await lab.pod(first.node, other),
    far: await lab.pod(second.node, far),
  };
  for (const pod of [pods.web, pods.far]) {
    await pod.peer.ask({ do: 'listen', protocol: 'TCP', port: 8443 });
    await pod.peer.ask({ do: 'listen', protocol: 'UDP', port: 8443 });
  }
  await pods.other.peer.ask({ do: 'listen', protocol: 'TCP', port: 8444 });
  await nodePeer.ask({ do: 'listen', protocol: 'TCP', port: 22 });
  await clientPeer.ask({ do: 'listen', protocol: 'TCP', port: 9000 });
});
afterAll(() => lab.close());

const from = (peer: Peer) => ({ netns: internet, peer });
const sourcesOf = async (peer: Peer) => (await peer.ask({ do: 'sources' })) as string[];
/** Who is open to a client is not yet accepted: the kernel answers first, and the listener hears of it after that. */
const heard = (peer: Peer, ...expected: readonly string[]) =>
  until(`it hears of ${expected.join(' and ')}`, async () => {
    const latest = (await sourcesOf(peer)).slice(-expected.length);
    return isDeepStrictEqual(latest.sort(), [...expected].sort());
  });

describe('a port of a public address', () => {
  test('leads to the instance, which sees the client as it is', async () => {
    // The neighbours learn of an IPv6 address in their own time.
    await until('it is answered for', async () => (await reach(from(clientPeer), outside, 443)) === open);
    await heard(pods.web.peer, client.ipv4, client.ipv6);
  });

  test('leads to another one by another port, and by another protocol', async () => {
    expect(await reach(from(clientPeer), outside, 444)).toBe(open);
    await heard(pods.other.peer, client.ipv4, client.ipv6);
    for (const family of families) {
      await clientPeer.ask({ do: 'send', address: outside[family], port: 53, from: null, text: `by ${family}` });
    }
    await until('both have come', async () => ((await pods.web.peer.ask({ do: 'received' })) as string[]).length === 2);
  });

  test('lets in whom policies let in, by who it really is', async () => {
    expect(await reach(from(strangerPeer), outside, 443)).toBe(dropped);
    await nodes[0].apply(rulesOf(web, mappings, ['198.51.100.128/25', '2001:db8:1::80/121']));
    expect(await reach(from(strangerPeer), outside, 443)).toBe(open);
    expect(await reach(from(clientPeer), outside, 443)).toBe(dropped);
    await nodes[0].apply(rulesOf(web, mappings, near));
  });

  test('is refused where it leads nowhere, whatever the node has there itself', async () => {
    const own = { ipv4: '198.51.100.1', ipv6: '2001:db8:1::1' };
    expect(await reach(from(clientPeer), own, 22)).toBe(open);
    expect(await reach(from(clientPeer), outside, 22)).toBe('REFUSED REFUSED');
    await nodes[0].apply(rulesOf(web, lead(1, 'TCP', 443, 8443, []), near));
    expect(await reach(from(clientPeer), outside, 443)).toBe('REFUSED REFUSED');
    await nodes[0].apply(rulesOf(web, mappings, near));
  });

  test('that is taken away cuts what came by it, and nothing else; the address is answered for no more', async () => {
    for (const family of families) {
      expect(await clientPeer.ask({ do: 'open', name: `a ${family}`, address: outside[family], port: 443 })).toBe(true);
      expect(await clientPeer.ask({ do: 'open', name: `b ${family}`, address: outside[family], port: 444 })).toBe(true);
    }
    await nodes[0].apply(rulesOf(web, lead(3, 'TCP', 444, 8444, [other]), near));
    for (const family of families) {
      expect(await clientPeer.ask({ do: 'say', name: `b ${family}` })).toBe(true);
      expect(await clientPeer.ask({ do: 'say', name: `a ${family}` })).toBe(false);
    }
    await nodes[0].apply(rulesOf(web, [], near));
    const { stdout } = await nodes[0].node.commands.run('ip', ['route', 'show', 'table', 'local']);
    expect(stdout).not.toContain(outside.ipv4);
    const proxies = await nodes[0].node.commands.run('ip', ['-6', 'neigh', 'show', 'proxy']);
    expect(proxies.stdout).not.toContain(outside.ipv6);
    await nodes[0].apply(rulesOf(web, mappings, near));
    await until('it is answered for again', async () => (await reach(from(clientPeer), outside, 443)) === open);
  });

  test('moves to another node, once that one answers for the address', async () => {
    await nodes[0].node.commands.run('ip', ['link', 'set', 'up0', 'down']);
    for (const address of Object.values(outside)) {
      const known = [address, 'lladdr', '02:00:00:00:00:99', 'dev', 'up0', 'nud', 'stale'];
      await commandsIn(quiet).run('ip', ['neigh', 'replace', ...known]);
    }
    await nodes[1].apply(rulesOf(far, lead(1, 'TCP', 443, 8443, [far]), near));
    const [link] = JSON.parse((await nodes[1].node.commands.run('ip', ['-j', 'link', 'show', 'up0'])).stdout);
    for (const address of Object.values(outside)) {
      await until(`it knows where ${address} is`, async () => {
        const shown = await commandsIn(quiet).run('ip', ['-j', 'neigh', 'show', 'to', address, 'dev', 'up0']);
        return (JSON.parse(shown.stdout || '[]') as { lladdr?: string }[])[0]?.lladdr === link.address;
      });
    }
    await until('it is reached there', async () => (await reach(from(clientPeer), outside, 443)) === open, 60_000);
    await heard(pods.far.peer, client.ipv4, client.ipv6);
    await nodes[1].apply(rulesOf(far, [], near));
    await nodes[0].node.commands.run('ip', ['link', 'set', 'up0', 'up']);
    await nodes[0].node.commands.run('ip', ['address', 'replace', '2001:db8:1::1/64', 'dev', 'up0', 'nodad']);
    await nodes[0].look();
    await until('it is back', async () => (await reach(from(clientPeer), outside, 443)) === open, 60_000);
  });
});

describe('the way out', () => {
  test('is under the address of the node, where a policy opens it', async () => {
    expect(await reach(pods.web, client, 9000)).toBe(open);
    await heard(clientPeer, '198.51.100.1', '2001:db8:1::1');
    const sources = await sourcesOf(clientPeer);
    expect(await reach(pods.other, client, 9000)).toBe(dropped);
    expect(await sourcesOf(clientPeer)).toEqual(sources);
  });

  test('leads to no address of a pool, and between pods nobody is hidden', async () => {
    const nobody = { ipv4: '10.64.77.7', ipv6: 'fd61:746f:6c6c:77::7' };
    const tracked: string[] = [];
    expect(await reach(pods.web, nobody, 9000)).not.toContain('CONNECTED');
    for (const family of ['ipv4', 'ipv6']) {
      const { stdout } = await nodes[0].node.commands.run('conntrack', ['-L', '-f', family]);
      tracked.push(...stdout.split('\n').filter((line) => line.includes('10.64.77.7') || line.includes('6c6c:77::7')));
    }
    expect(tracked.filter((line) => line.includes('198.51.100.1 ') || line.includes('db8:1::1 '))).toEqual([]);
  });
});
