/** Pods of different nodes, with real packets: what goes through the tunnel between nodes, and what doesn't. */
import { randomBytes } from 'node:crypto';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../src/render/family.ts';
import { nextHopOf } from '../src/render/tunnel.ts';
import { commandsIn, type NodeCommands } from '../src/sandbox/commands.ts';
import { vxlanTunnel } from '../src/sandbox/tunnel.ts';
import { endpointAt, fixedId, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabPod, log, open, reach, until } from './lab.ts';
import { type Member, TunnelLab, uplink } from './tunnel-lab.ts';

const at = (number: number, subnet: number, host: number) => endpointAt(fixedId('instance', number), subnet, host);
const ends = { web: at(1, 1, 2), db: at(2, 1, 3), cache: at(3, 2, 2), other: at(4, 2, 3) };
const opening = (number: number, from: keyof typeof ends, to: keyof typeof ends, ports = 5432): Opening => ({
  policyId: fixedId('policy', number),
  from: [ends[from].instanceId],
  to: [ends[to].instanceId],
  protocol: 'TCP',
  ports: { from: ports, to: ports },
});
const openings: Opening[] = [
  opening(1, 'web', 'db'),
  { ...opening(2, 'web', 'db', 53), protocol: 'UDP' },
  { ...opening(3, 'web', 'db', 9), protocol: 'UDP' },
  opening(4, 'db', 'cache'),
  opening(5, 'cache', 'web'),
];

describe.each(families)('over a segment of %s', (family) => {
  const lab = new Lab();
  const segment = new TunnelLab(lab, family);
  let a: Member;
  let b: Member;
  let c: Member;
  let web: LabPod;
  let db: LabPod;
  let cache: LabPod;
  /** What the tunnel leaves of 1500 bytes. */
  const mtu = family === 'ipv4' ? 1450 : 1430;

  beforeAll(async () => {
    a = await segment.join(fixedId('node', 1), [ends.web]);
    b = await segment.join(fixedId('node', 2), [ends.db]);
    c = await segment.join(fixedId('node', 3), [ends.cache, ends.other]);
    for (const member of segment.members) await segment.apply(member, openings);
    web = await segment.pod(a, ends.web);
    db = await segment.pod(b, ends.db);
    cache = await segment.pod(c, ends.cache);
    for (const pod of [web, db, cache]) await pod.peer.ask({ do: 'listen', protocol: 'TCP', port: 5432 });
    await db.peer.ask({ do: 'listen', protocol: 'UDP', port: 53 });
  });
  afterAll(() => lab.close());

  async function arrives(to: string, text: string, from: LabPod = web): Promise<boolean> {
    await from.peer.ask({ do: 'send', address: to, port: 53, from: null, text });
    const marker = `after ${text}`;
    await web.peer.ask({ do: 'send', address: to, port: 53, from: null, text: marker });
    const received = await until('the marker arrives', async () => {
      const texts = (await db.peer.ask({ do: 'received' })) as string[];
      return texts.includes(marker) && texts;
    });
    return received.includes(text);
  }

  test('what the policies open passes between each two of three nodes, and nothing else does', async () => {
    expect(await reach(web, ends.db, 5432)).toBe(open);
    expect(await reach(db, ends.cache, 5432)).toBe(open);
    expect(await reach(cache, ends.web, 5432)).toBe(open);
    expect(await arrives(ends.db.ipv4, 'ipv4')).toBe(true);
    expect(await arrives(ends.db.ipv6, 'ipv6')).toBe(true);
    expect(await reach(db, ends.web, 5432)).toBe(dropped);
    expect(await reach(web, ends.cache, 5432)).toBe(dropped);
    expect(await reach(web, ends.db, 5433)).toBe(dropped);
    expect(await arrives(ends.db.ipv4, 'not from the cache', cache)).toBe(false);
  });

  test('pods send no more in one packet than fits through the tunnel', async () => {
    const { stdout } = await commandsIn(web.netns).run('ip', ['-j', 'link', 'show', 'eth0']);
    expect(JSON.parse(stdout)).toMatchObject([{ mtu }]);
  });

  test.each(families)('large transfers over %s come whole, both ways at once', async (inner) => {
    const bytes = 50 * 1024 * 1024;
    expect(await web.peer.ask({ do: 'transfer', address: ends.db[inner], port: 5432, bytes })).toBe(true);
  });

  test('nothing is learned, and nothing is flooded: only known nodes are sent anything', async () => {
    const { stdout } = await a.commands.run('bridge', ['fdb', 'show', 'dev', a.names.tunnel]);
    expect(stdout.trim().split('\n').sort()).toEqual(
      [b, c].map(({ underlay }) => `${underlay.mac} dst ${underlay.address} self permanent`).sort(),
    );
  });

  describe('repairs', () => {
    const far = () => `${ends.db.ipv4}/32`;
    const sabotage: Record<string, () => Promise<unknown>> = {
      'a route that is gone': () => a.commands.run('ip', ['route', 'del', far(), 'dev', a.names.tunnel]),
      'a route that leads elsewhere': () =>
        a.commands.run('ip', [
          ...['route', 'change', far(), 'via', 'inet6', nextHopOf(c.underlay.mac), 'dev', a.names.tunnel],
          ...['onlink', 'metric', String(a.names.routeMetric), 'proto', '97'],
        ]),
      'a neighbour that is gone': () =>
        a.commands.run('ip', ['neigh', 'del', nextHopOf(b.underlay.mac), 'dev', a.names.tunnel]),
      'a neighbour with another hardware address': () =>
        a.commands.run('ip', [
          ...['neigh', 'replace', nextHopOf(b.underlay.mac), 'lladdr', c.underlay.mac, 'dev', a.names.tunnel],
        ]),
      'a node that is somewhere else': () =>
        a.commands.run('bridge', [
          ...['fdb', 'replace', b.underlay.mac, 'dev', a.names.tunnel, 'dst', c.underlay.address, 'self', 'permanent'],
        ]),
      'a node that is gone': () =>
        a.commands.run('bridge', ['fdb', 'del', b.underlay.mac, 'dev', a.names.tunnel, 'self']),
      'the device that is down': () => a.commands.run('ip', ['link', 'set', a.names.tunnel, 'down']),
      'the device with another MTU': () => a.commands.run('ip', ['link', 'set', a.names.tunnel, 'mtu', '1300']),
      'the device that is gone': () => a.commands.run('ip', ['link', 'del', a.names.tunnel]),
      'a device that learns': async () => {
        await a.commands.run('ip', ['link', 'del', a.names.tunnel]);
        const { address, port } = a.underlay;
        await a.commands.run('ip', [
          ...['link', 'add', a.names.tunnel, 'type', 'vxlan', 'id', '684049', 'dstport', String(port)],
          ...['local', address, 'learning'],
        ]);
      },
    };
    test.each(Object.keys(sabotage))('%s', async (what) => {
      await sabotage[what]?.();
      await a.tunnel.ensure(a.underlay, segment.remotesOf(a));
      expect(await reach(web, ends.db, 5432)).toBe(open);
      expect(await echoesLargest()).toBe(true);
    });
    const echoesLargest = async () =>
      (await web.peer.ask({ do: 'transfer', address: ends.db.ipv4, port: 5432, bytes: 100_000 })) === true;

    test('leaves alone what is as it should be', async () => {
      const changes: string[] = [];
      const watching: NodeCommands = {
        run(command, args, input) {
          if (args.includes('-batch') || args.includes('-w')) changes.push(input ?? args.join(' '));
          return a.commands.run(command, args, input);
        },
      };
      await vxlanTunnel({ commands: watching, names: a.names, log }).ensure(a.underlay, segment.remotesOf(a));
      expect(changes).toEqual([]);
    });
  });

  test('goes on from wherever an agent was killed while it changed the tunnel', async () => {
    const fewer = segment.remotesOf(a, [b]).map((remote) => ({ ...remote, ipv4: [], ipv6: [ends.db.ipv6] }));
    for (let until = 1; ; until++) {
      // Half of the way there and half of the way back, cut off after each command.
      let left = until;
      const dying: NodeCommands = {
        async run(command, args, input) {
          if (args.includes('-batch') || args.includes('-w')) {
            left -= 1;
            if (left < 0) throw new Error('killed');
          }
          return a.commands.run(command, args, input);
        },
      };
      const killed = vxlanTunnel({ commands: dying, names: a.names, log });
      await a.commands.run('ip', ['link', 'del', a.names.tunnel]).catch(() => {});
      let cut = false;
      for (const remotes of [segment.remotesOf(a), fewer]) {
        await killed.ensure(a.underlay, remotes).catch(() => {
          cut = true;
        });
      }
      await a.tunnel.ensure(a.underlay, segment.remotesOf(a));
      expect(await reach(web, ends.db, 5432), `killed after ${until} commands`).toBe(open);
      if (!cut) break;
    }
  });

  const knownMtu = async (pod: LabPod, to: string) =>
    Number(/mtu (\d+)/.exec((await commandsIn(pod.netns).run('ip', ['route', 'get', to])).stdout)?.[1] ?? 0);

  test('what says that a packet is too large reaches the pod that sent it, from the other node as from its own', async () => {
    const wire = b.names.interface(ends.db.instanceId);
    await b.commands.run('ip', ['link', 'set', wire, 'mtu', '1290']);
    for (const inner of families) {
      await until(`${inner} of the far end`, async () => {
        const text = 'x'.repeat(1380);
        await web.peer.ask({ do: 'send', address: ends.db[inner], port: 53, from: null, text });
        return (await knownMtu(web, ends.db[inner])) === 1290;
      });
    }
    await b.commands.run('ip', ['link', 'set', wire, 'mtu', String(mtu)]);
    // The network between the nodes is narrower than when the pods were wired.
    await a.commands.run('ip', ['link', 'set', a.names.tunnel, 'mtu', '1285']);
    for (const inner of families) {
      const bytes = 1_000_000;
      expect(await web.peer.ask({ do: 'transfer', address: ends.db[inner], port: 5432, bytes }), inner).toBe(true);
      expect(await knownMtu(web, ends.db[inner])).toBe(1285);
    }
    await a.tunnel.ensure(a.underlay, segment.remotesOf(a));
  });

  /** Of the first node: its pods' rules let everything outside in, and them out. */
  function openToEverywhere(): DesiredNetwork {
    const document = segment.documentOf(a, openings);
    const everywhere = {
      ...{ name: 'everywhere', kind: 'networks' as const },
      ipv4: ['0.0.0.0/1', '128.0.0.0/1'],
      ipv6: ['::/1', '8000::/1'],
    };
    const anything = { policyId: fixedId('policy', 9), action: 'ALLOW', set: everywhere.name, log: false } as const;
    const chains = document.rules.chains.map((chain) => ({
      ...chain,
      rules: [...chain.rules, { ...anything, protocol: null, ports: null, icmp: null }],
    }));
    return { ...document, rules: { ...document.rules, sets: [...document.rules.sets, everywhere], chains } };
  }

  test('a policy to and from everywhere outside means no node: neither out nor in, and others both ways', async () => {
    const netns = await lab.namespace('host');
    await segment.plug(netns, 56);
    const addresses = (host: number) => ({ ipv4: `192.0.2.${host}`, ipv6: `fd77::${host}` });
    const ends = [
      { at: addresses(2), peer: lab.peer(b.netns), netns: b.netns },
      { at: addresses(56), peer: lab.peer(netns), netns },
    ];
    // Straight to the first node, as any host of the segment may send: not through the tunnel.
    const ways = `route add ${web.end.ipv4}/32 via 192.0.2.1 metric 1\nroute add ${web.end.ipv6}/128 via fd77::1 metric 1`;
    for (const one of ends) {
      await one.peer.ask({ do: 'listen', protocol: 'TCP', port: 7000 });
      await commandsIn(one.netns).run('ip', ['-batch', '-'], ways);
    }
    const outcomes = () =>
      Promise.all(
        ends.flatMap(({ at, peer, netns: from }) => [
          reach(web, at, 7000),
          reach({ netns: from, peer }, web.end, 5432),
        ]),
      );
    const document = openToEverywhere();
    await a.rules.ensure(document);
    // This is how it is where nobody has told which addresses nodes have.
    expect(await outcomes()).toEqual([open, open, open, open]);
    const [kept, cut] = [`kept ${family}`, `cut ${family}`];
    for (const [name, at] of [
      [kept, addresses(56)],
      [cut, addresses(2)],
    ] as const) {
      expect(await web.peer.ask({ do: 'open', name, address: at[family], port: 7000 })).toBe(true);
    }
    const reserved = ['192.0.2.1/32', '192.0.2.2/31', 'fd77::1/128', 'fd77::2/127'];
    const told = { ...document, generation: document.generation + 1, pools: { ...document.pools, reserved } };
    await a.rules.change(told);
    await a.rules.cut(document, told);
    expect(await outcomes()).toEqual([dropped, dropped, open, open]);
    expect(await web.peer.ask({ do: 'say', name: kept })).toBe(true);
    expect(await web.peer.ask({ do: 'say', name: cut })).toBe(false);
    await commandsIn(b.netns).run('ip', ['-batch', '-'], ways.replaceAll(' add ', ' del '));
    await segment.apply(a, openings);
  });

  test('a pod that may send to everywhere outside can make no packets of the tunnel', async () => {
    const netns = await lab.namespace('host');
    const host = await segment.plug(netns, 55);
    const listener = lab.peer(netns);
    for (const port of [a.underlay.port, a.underlay.port + 1]) {
      await listener.ask({ do: 'listen', protocol: 'UDP', port });
    }
    await a.rules.ensure(openToEverywhere());
    const send = (port: number, text: string) => web.peer.ask({ do: 'send', address: host, port, from: null, text });
    await until('what is allowed arrives', async () => {
      await send(a.underlay.port, 'forged');
      await send(a.underlay.port + 1, 'honest');
      return ((await listener.ask({ do: 'received' })) as string[]).includes('honest');
    });
    expect(await listener.ask({ do: 'received' })).not.toContain('forged');
    await segment.apply(a, openings);
  });

  describe('a stranger on the segment', () => {
    let stranger: { netns: string; address: string };
    const device = 'forged';

    /** With everything that a node has and knows: hardware addresses, network id, port. `as`: whose packets it makes. */
    async function forge(as: Member, address: string, source: typeof ends.web, mac = as.underlay.mac) {
      const commands = commandsIn(stranger.netns);
      await commands.run('ip', ['link', 'del', device]).catch(() => {});
      const hop = nextHopOf(b.underlay.mac);
      const lines = [
        `link add ${device} address ${mac} mtu 1400 type vxlan id 684049 dstport 9789 local ${address} nolearning`,
        `link set ${device} up`,
        `neigh replace ${hop} lladdr ${b.underlay.mac} dev ${device} nud permanent`,
        `addr replace ${source.ipv4}/32 dev ${device}`,
        `addr replace ${source.ipv6}/128 dev ${device} nodad`,
        `route replace ${ends.db.ipv4}/32 via inet6 ${hop} dev ${device} onlink src ${source.ipv4}`,
        `route replace ${ends.db.ipv6}/128 via ${hop} dev ${device} onlink src ${source.ipv6}`,
      ];
      await commands.run('ip', ['-batch', '-'], lines.join('\n'));
      await commands.run(
        'bridge',
        ['-batch', '-'],
        `fdb replace ${b.underlay.mac} dev ${device} dst ${b.underlay.address} self permanent`,
      );
    }
    /** Datagrams need no answer: they show what gets in, one way. */
    async function getsIn(what: string): Promise<boolean[]> {
      const peer = lab.peer(stranger.netns);
      const texts = families.map((inner) => [inner, `${what} ${inner} ${randomBytes(4).toString('hex')}`] as const);
      for (const [inner, text] of texts) {
        await peer.ask({ do: 'send', address: ends.db[inner], port: 53, from: null, text });
      }
      peer.stop();
      const seen: boolean[] = [];
      for (const [inner] of texts) await arrives(ends.db[inner], `marker ${randomBytes(4).toString('hex')}`);
      const received = (await db.peer.ask({ do: 'received' })) as string[];
      for (const [, text] of texts) seen.push(received.includes(text));
      return seen;
    }

    beforeAll(async () => {
      const netns = await lab.namespace('stranger');
      stranger = { netns, address: await segment.plug(netns, 66) };
    });

    test('gets nothing in by packets of the tunnel, though it knows all that a node knows', async () => {
      await forge(a, stranger.address, ends.web);
      expect(await getsIn('from its own address')).toEqual([false, false]);
    });

    test('gets in with the address of a node only by all of that node’s secrets', async () => {
      // A segment that lets hosts take others' addresses is what docs/nodes-and-overlay.md warns of.
      const commands = commandsIn(stranger.netns);
      await commands.run('ip', [
        'addr',
        'add',
        `${a.underlay.address}/128`.replace('/128', family === 'ipv4' ? '/32' : '/128'),
        'dev',
        uplink,
      ]);
      await forge(a, a.underlay.address, ends.web, '02:00:00:00:00:77');
      expect(await getsIn('with another hardware address')).toEqual([false, false]);
      await forge(a, a.underlay.address, ends.cache);
      expect(await getsIn("with the address of another node's pod")).toEqual([false, false]);
      const prefix = family === 'ipv4' ? 32 : 128;
      await commands.run('ip', ['addr', 'add', `${c.underlay.address}/${prefix}`, 'dev', uplink]);
      await forge(c, c.underlay.address, ends.web);
      expect(await getsIn("as another node, which the pod isn't on")).toEqual([false, false]);
      await commands.run('ip', ['addr', 'del', `${c.underlay.address}/${prefix}`, 'dev', uplink]);
      await forge(a, a.underlay.address, ends.web);
      expect(await getsIn('with everything')).toEqual([true, true]);
      await commands.run('ip', ['link', 'del', device]);
      await commands.run('ip', ['addr', 'del', `${a.underlay.address}/${family === 'ipv4' ? 32 : 128}`, 'dev', uplink]);
    });

    test('gets nothing in as a pod without a tunnel, neither to a pod nor through the node to another one', async () => {
      const commands = commandsIn(stranger.netns);
      const plain = (via: Member) =>
        [
          `addr replace ${ends.web.ipv4}/32 dev lo`,
          `addr replace ${ends.web.ipv6}/128 dev lo nodad`,
          `route replace ${ends.db.ipv4}/32 via ${via.underlay.address.includes(':') ? `inet6 ${via.underlay.address}` : via.underlay.address} dev ${uplink} src ${ends.web.ipv4}`,
          `route replace ${ends.db.ipv6}/128 via fd77::${segment.members.indexOf(via) + 1} dev ${uplink} src ${ends.web.ipv6}`,
        ].join('\n');
      // To the pod's own node; and to the node of the one that it says it is, which would send it on.
      for (const via of [b, a, c]) {
        await commands.run('ip', ['-batch', '-'], plain(via));
        expect(await getsIn(`plain by way of ${via.id}`)).toEqual([false, false]);
      }
    });

    test('reaches no port of a node through the tunnel, nor anything but its pods', async () => {
      const listener = lab.peer(b.netns);
      await listener.ask({ do: 'listen', protocol: 'UDP', port: 7007 });
      await forge(a, a.underlay.address, ends.web);
      const commands = commandsIn(stranger.netns);
      await commands.run('ip', ['addr', 'add', `${a.underlay.address}/${family === 'ipv4' ? 32 : 128}`, 'dev', uplink]);
      const hop = nextHopOf(b.underlay.mac);
      await commands.run(
        'ip',
        ['-batch', '-'],
        [
          `route replace 198.51.100.7/32 via inet6 ${hop} dev ${device} onlink src ${ends.web.ipv4}`,
          `route replace 2001:db8:7::7/128 via ${hop} dev ${device} onlink src ${ends.web.ipv6}`,
        ].join('\n'),
      );
      await b.commands.run(
        'ip',
        ['-batch', '-'],
        'addr add 198.51.100.7/32 dev lo\naddr add 2001:db8:7::7/128 dev lo nodad',
      );
      const peer = lab.peer(stranger.netns);
      await peer.ask({ do: 'send', address: '198.51.100.7', port: 7007, from: null, text: 'in' });
      await peer.ask({ do: 'send', address: '2001:db8:7::7', port: 7007, from: null, text: 'in' });
      await getsIn('marker');
      expect(await listener.ask({ do: 'received' })).toEqual([]);
      await commands.run('ip', ['addr', 'del', `${a.underlay.address}/${family === 'ipv4' ? 32 : 128}`, 'dev', uplink]);
    });
  });

  test('a node that leaves takes its routes with it, and a rebooted one is reachable again', async () => {
    const rest = [a, c];
    for (const member of rest) await segment.apply(member, openings, rest);
    expect(await reach(web, ends.db, 5432)).toBe(dropped);
    for (const flag of ['-4', '-6']) {
      const { stdout } = await a.commands.run('ip', [flag, 'route', 'show', 'dev', a.names.tunnel]);
      expect(stdout).not.toContain(flag === '-4' ? ends.db.ipv4 : ends.db.ipv6);
    }
    expect(await reach(cache, ends.web, 5432)).toBe(open);
    await b.commands.run('ip', ['link', 'del', uplink]);
    b = await segment.join(b.id, [ends.db], { again: b });
    for (const member of segment.members) await segment.apply(member, openings);
    db = await segment.pod(b, ends.db);
    await db.peer.ask({ do: 'listen', protocol: 'TCP', port: 5432 });
    expect(await reach(web, ends.db, 5432)).toBe(open);
  });

  test('a pod that moved to another node is found there', async () => {
    const moved = segment.members.map((member) => {
      if (member.id === b.id) return { ...member, ends: [] };
      return member.id === c.id ? { ...member, ends: [...member.ends, ends.db] } : member;
    });
    await b.wiring.unwire(b.names.interface(ends.db.instanceId));
    segment.members.splice(0, 3, ...moved);
    for (const member of segment.members) await segment.apply(member, openings);
    const there = await segment.pod(c, ends.db);
    await there.peer.ask({ do: 'listen', protocol: 'TCP', port: 5432 });
    expect(await reach(web, ends.db, 5432)).toBe(open);
  });

  test('two agents in one network namespace: each has its own, and removes its own only', async () => {
    const neighbour = await lab.node(fixedId('node', 9), a);
    const remotes = segment.remotesOf(a);
    const own = { ...a.underlay, port: 9790, mac: '02:00:00:00:00:99' };
    await neighbour.tunnel.ensure(own, remotes);
    await a.tunnel.ensure(a.underlay, remotes);
    await neighbour.tunnel.clear();
    expect(await reach(web, ends.db, 5432)).toBe(open);
    const { stdout } = await a.commands.run('ip', ['link', 'show']);
    expect(stdout).toContain(a.names.tunnel);
    expect(stdout).not.toContain(neighbour.names.tunnel);
  });

  test('everything is found and removed without a record of it', async () => {
    await vxlanTunnel({ commands: a.commands, names: a.names, log }).clear();
    for (const flag of ['-4', '-6']) {
      const { stdout } = await a.commands.run('ip', [flag, 'route', 'show', 'proto', '97']);
      expect(stdout).not.toContain('via');
    }
    expect((await a.commands.run('ip', ['link', 'show'])).stdout).not.toContain(a.names.tunnel);
  });
});
