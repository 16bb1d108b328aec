/**
 * What a hostile tenant does with raw frames out of its own pod, and a hostile host on the segment: blocked. The attacker may
 * reach all that is outside and all of its own namespace, and its victims may reach each other, so that nothing of this is
 * blocked merely because no policy opens anything.
 */
import type { RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId } from '../../agent/test/fixtures.ts';
import type { Peer } from '../../agent/test/lab.ts';
import { attack, newMark, type Seen } from './lab/attack.ts';
import {
  arp,
  type Body,
  type Ends,
  ethernet,
  extension,
  familyOf,
  type IpOptions,
  icmp,
  ip,
  mac,
  tcp,
  tcpFlags,
  udp,
} from './lab/frames.ts';
import { type Pod, Segment } from './lab/segment.ts';
import { enforce } from './proof.ts';

/** Two tenants. The attacker and its friend share a subnet with a bystander of the same tenant that opened one port to it. */
const [attackerEnd, friendEnd, bystanderEnd] = [2, 3, 4].map((host, index) =>
  endpointAt(fixedId('instance', index + 1), 1, host),
) as [RuleEndpoint, RuleEndpoint, RuleEndpoint];
const [victimEnd, allyEnd, farEnd] = [2, 3, 4].map((host, index) =>
  endpointAt(fixedId('instance', index + 11), 2, host),
) as [RuleEndpoint, RuleEndpoint, RuleEndpoint];
const metadata = '169.254.169.254';

let segment: Segment;
let attacker: Pod;
let friend: Pod;
let bystander: Pod;
let victim: Pod;
let ally: Pod;
let far: Pod;
let listener: Peer;
const openPort = 9000;

/** What one node enforces: everything within each tenant, the attacker and the victims out to everywhere, and nothing else. */
function ruleSetOf(local: readonly RuleEndpoint[]): RuleSet {
  const everything = { protocol: null, ports: null, icmp: null, log: false } as const;
  const allow = { ...everything, policyId: fixedId('policy', 1), action: 'ALLOW' } as const;
  const members = (name: string, all: readonly RuleEndpoint[]) => ({
    name,
    kind: 'addresses' as const,
    ipv4: all.map((end) => end.ipv4).sort(),
    ipv6: all.map((end) => end.ipv6).sort(),
  });
  const one = { ...allow, protocol: 'TCP', ports: { from: 80, to: 80 } } as const;
  const chains: RuleSet['chains'] = [
    {
      name: '0000000000000001',
      direction: 'egress',
      rules: [
        { ...allow, set: 'outside' },
        { ...allow, set: 'friends' },
        { ...one, set: 'bystander' },
      ],
    },
    { name: '0000000000000002', direction: 'ingress', rules: [{ ...allow, set: 'attackers' }] },
    { name: '0000000000000003', direction: 'ingress', rules: [{ ...one, set: 'attackers' }] },
    {
      name: '0000000000000004',
      direction: 'egress',
      rules: [
        { ...allow, set: 'victims' },
        { ...allow, set: 'outside' },
      ],
    },
    {
      name: '0000000000000005',
      direction: 'ingress',
      rules: [
        { ...allow, set: 'victims' },
        { ...allow, set: 'outside' },
      ],
    },
  ];
  const chainsOf = (end: RuleEndpoint): Pick<RuleEndpoint, 'ingress' | 'egress'> => {
    const { instanceId } = end;
    if (instanceId === attackerEnd.instanceId) return { ingress: null, egress: '0000000000000001' };
    if (instanceId === friendEnd.instanceId) return { ingress: '0000000000000002', egress: null };
    if (instanceId === bystanderEnd.instanceId) return { ingress: '0000000000000003', egress: null };
    return { ingress: '0000000000000005', egress: '0000000000000004' };
  };
  const base = compile(local, []);
  return {
    ...base,
    endpoints: base.endpoints.map((end) => ({ ...end, ...chainsOf(end) })),
    chains,
    sets: [
      members('attackers', [attackerEnd]),
      members('bystander', [bystanderEnd]),
      members('friends', [friendEnd]),
      { name: 'outside', kind: 'networks', ipv4: ['0.0.0.0/1', '128.0.0.0/1'], ipv6: ['::/1', '8000::/1'] },
      members('victims', [victimEnd, allyEnd, farEnd]),
    ],
  };
}

beforeAll(async () => {
  segment = await Segment.open();
  const nodes = [await segment.node(), await segment.node()] as const;
  const [near, other] = nodes;
  attacker = await segment.pod(near, attackerEnd);
  friend = await segment.pod(near, friendEnd);
  bystander = await segment.pod(near, bystanderEnd);
  victim = await segment.pod(near, victimEnd);
  ally = await segment.pod(near, allyEnd);
  far = await segment.pod(other, farEnd);
  const local = (node: (typeof nodes)[number]) => segment.pods.filter((pod) => pod.node === node).map((pod) => pod.end);
  await enforce(
    segment,
    nodes.map((node) => ruleSetOf(local(node))),
  );
  // The cloud's metadata service, as close as it can be: the node's own way out leads there.
  await segment.answerOutside(metadata);
  for (const node of nodes) {
    listener = segment.lab.peer(node.netns);
    for (const protocol of ['TCP', 'UDP'] as const) await listener.ask({ do: 'listen', protocol, port: openPort });
  }
});
afterAll(() => segment?.close());

const blocked: Seen = { leaks: [], answers: [] };

/** Sends what `bodies` makes of a mark and the two ends, from the attacker's own place in the network. */
function sent(
  ends: Ends,
  bodies: (mark: Buffer, ends: Ends) => readonly Body[],
  options: IpOptions & { from?: Buffer; to?: Buffer } = {},
): Promise<Seen> {
  const mark = newMark();
  const link = { from: options.from ?? attacker.mac, to: options.to ?? attacker.nextHop(friend) };
  const frames = bodies(mark, ends).map((body) => ethernet(link, familyOf(ends.source), ip(ends, body, options)));
  return attack(segment, { attacker, friend, mark, frames });
}

/** One of each kind that could be of use. */
const everyKind = (mark: Buffer, ends: Ends): Body[] => [
  ...[80, 443, openPort].flatMap((port) => [
    tcp(ends, { from: 40_000, to: port, flags: tcpFlags.syn, payload: mark }),
    udp(ends, 40_000, port, mark),
  ]),
  icmp(ends, familyOf(ends.source) === 'ipv4' ? 8 : 128, 0, Buffer.concat([Buffer.from([0, 7, 0, 1]), mark])),
  // SCTP, GRE, IP in IP, ESP: protocols that no rule names.
  ...[132, 47, 4, 41, 50].map((protocol) => ({ protocol, bytes: Buffer.concat([Buffer.alloc(20), mark]) })),
];

const own = (family: 'ipv4' | 'ipv6') => attackerEnd[family];
const families = ['ipv4', 'ipv6'] as const;

describe.each(families)('%s', (family) => {
  const outside = () => segment.outside[0]?.[family] ?? '';

  test('honest packets of the attacker arrive where they may: what follows is not blocked for another reason', async () => {
    expect((await sent({ source: own(family), destination: friendEnd[family] }, everyKind)).leaks).toEqual([
      friend.name,
    ]);
    expect((await sent({ source: own(family), destination: outside() }, everyKind)).leaks).toEqual(['out0']);
    const single = (mark: Buffer, between: Ends) => [
      tcp(between, { from: 40_001, to: 80, flags: tcpFlags.syn, payload: mark }),
    ];
    expect((await sent({ source: own(family), destination: bystanderEnd[family] }, single)).leaks).toEqual([
      bystander.name,
    ]);
  });

  test.each(['victim', 'ally', 'far'] as const)("another tenant's subnet: the %s", async (who) => {
    const destination = { victim: victimEnd, ally: allyEnd, far: farEnd }[who][family];
    expect(await sent({ source: own(family), destination }, everyKind)).toEqual(blocked);
  });

  const sources = {
    "its neighbour's in the subnet": () => friendEnd[family],
    "a victim's on the same node": () => allyEnd[family],
    "a victim's on another node": () => farEnd[family],
    "nobody's in the pool": () => (family === 'ipv4' ? '10.64.1.77' : 'fd61:746f:6c6c:1::77'),
    "the node's": () => attacker.node.underlay[family],
    "another node's": () => far.node.underlay[family],
    "a host's outside": outside,
    'the gateway of its wire': () => (family === 'ipv4' ? '169.254.1.1' : 'fe80::1'),
    'of the loopback': () => (family === 'ipv4' ? '127.0.0.1' : '::1'),
    'no address': () => (family === 'ipv4' ? '0.0.0.0' : '::'),
    'a multicast one': () => (family === 'ipv4' ? '224.0.0.1' : 'ff02::1'),
    ...(family === 'ipv4'
      ? { 'the broadcast address': () => '255.255.255.255' }
      : { 'a link-local one': () => 'fe80::77' }),
  };
  test.each(Object.keys(sources))('a source address that is %s', async (what) => {
    const source = sources[what as keyof typeof sources]?.() ?? '';
    for (const destination of [friendEnd, victimEnd, farEnd]
      .map((end) => end[family])
      .concat(outside(), attacker.node.underlay[family])) {
      expect(await sent({ source, destination }, everyKind), `to ${destination}`).toEqual(blocked);
    }
  });

  const places = {
    'its address in the network of the nodes': () => attacker.node.underlay[family],
    'the gateway of the wire': () => (family === 'ipv4' ? '169.254.1.1' : 'fe80::1'),
    'its loopback': () => (family === 'ipv4' ? '127.0.0.1' : '::1'),
    'every host on the link': () => (family === 'ipv4' ? '224.0.0.1' : 'ff02::1'),
    'every router on the link': () => (family === 'ipv4' ? '224.0.0.2' : 'ff02::2'),
    'a group of a wider scope': () => (family === 'ipv4' ? '239.1.1.1' : 'ff05::1:3'),
    ...(family === 'ipv4'
      ? { 'a broadcast': () => '255.255.255.255', 'the broadcast of its network': () => '192.0.2.255' }
      : {}),
  };
  test.each(Object.keys(places))('the node itself: %s', async (what) => {
    const destination = places[what as keyof typeof places]?.() ?? '';
    expect(await sent({ source: own(family), destination }, everyKind)).toEqual(blocked);
    expect(await sent({ source: own(family), destination }, everyKind, { to: mac('ff:ff:ff:ff:ff:ff') })).toEqual(
      blocked,
    );
    expect(JSON.stringify(await listener.ask({ do: 'received' }))).not.toContain('attack:');
  });

  test('TCP that begins in the middle: nothing but what a first packet could', async () => {
    const middles = [
      tcpFlags.ack,
      tcpFlags.ack | tcpFlags.psh,
      tcpFlags.fin,
      tcpFlags.rst,
      tcpFlags.syn | tcpFlags.ack,
      0,
      0x29,
    ];
    const all = (from: number, to: number) => (mark: Buffer, between: Ends) =>
      middles.map((flags, index) =>
        tcp(between, { from: from + index, to, flags, sequence: 7, acknowledged: 9, payload: mark }),
      );
    expect(await sent({ source: own(family), destination: victimEnd[family] }, all(41_000, 80))).toEqual(blocked);
    expect(await sent({ source: own(family), destination: bystanderEnd[family] }, all(41_000, 81))).toEqual(blocked);
    // As if it were an answer: of a port that is open to a client that nobody was.
    const back = (mark: Buffer, between: Ends) =>
      middles.map((flags, index) =>
        tcp(between, { from: 80, to: 42_000 + index, flags, sequence: 7, acknowledged: 9, payload: mark }),
      );
    expect(await sent({ source: own(family), destination: farEnd[family] }, back)).toEqual(blocked);
  });

  test("forged ICMP errors about somebody else's connection", async () => {
    // The victim talks with its ally and with a host outside.
    const flows = [allyEnd[family], outside()].map((peer) => ({ source: victimEnd[family], destination: peer }));
    victim.tap.send(
      flows.map((flow) =>
        ethernet({ from: victim.mac, to: victim.nextHop(ally) }, family, ip(flow, udp(flow, 5000, 6000))),
      ),
    );
    await victim.tap.sync();
    const errors =
      family === 'ipv4'
        ? ([
            [3, 3],
            [3, 4],
            [11, 0],
            [5, 1],
          ] as const)
        : ([
            [1, 4],
            [2, 0],
            [3, 0],
            [137, 0],
          ] as const);
    for (const flow of flows) {
      for (const [about, to] of [
        [flow, flow.source],
        [flow, flow.destination],
      ] as const) {
        const turned = { source: about.destination, destination: about.source };
        const forged = (mark: Buffer, between: Ends): Body[] =>
          errors.flatMap(([type, code]) =>
            [about, turned].map((inner) => {
              const [from, port] = inner === about ? [5000, 6000] : [6000, 5000];
              const quoted = ip(inner, udp(inner, from, port, mark));
              return icmp(between, type, code, Buffer.concat([Buffer.from([0, 0, 5, 0]), quoted]));
            }),
          );
        expect(await sent({ source: own(family), destination: to }, forged), `to ${to}`).toEqual(blocked);
      }
    }
  });

  test('fragments: neither a tiny first one nor overlapping ones carry a port past its rule', async () => {
    const between = { source: own(family), destination: bystanderEnd[family] };
    const mark = newMark();
    const link = { from: attacker.mac, to: attacker.nextHop(bystander) };
    const forbidden = tcp(between, {
      from: 43_000,
      to: 81,
      flags: tcpFlags.syn,
      payload: Buffer.concat([mark, Buffer.alloc(64)]),
    });
    const allowed = tcp(between, { from: 43_000, to: 80, flags: tcpFlags.syn, payload: Buffer.alloc(80) });
    const piece = (body: Body, from: number, to: number, more: boolean): Buffer => {
      const bytes = body.bytes.subarray(from, to);
      if (family === 'ipv4')
        return ip(between, { ...body, bytes }, { fragment: (more ? 0x2000 : 0) | (from / 8) || 0x2000 });
      const header = Buffer.from([0, 0, (from | (more ? 1 : 0)) & 0xff, 0, 0, 0, 7]);
      header.writeUInt16BE(from | (more ? 1 : 0), 1);
      return ip(between, extension(44, { ...body, bytes }, header));
    };
    const end = forbidden.bytes.length;
    const frames = [
      // Eight bytes first: the ports, and no flags.
      [piece(forbidden, 0, 8, true), piece(forbidden, 8, end, false)],
      // The allowed beginning, then the forbidden one over it; then the other way round.
      [piece(allowed, 0, 24, true), piece(forbidden, 0, 24, true), piece(forbidden, 24, end, false)],
      [piece(forbidden, 24, end, false), piece(forbidden, 0, 24, true), piece(allowed, 0, 24, true)],
      // No beginning at all.
      [piece(forbidden, 16, end, false)],
    ].flat();
    const seen = await attack(segment, {
      attacker,
      friend,
      mark,
      frames: frames.map((packet) => ethernet(link, family, packet)),
    });
    expect(seen).toEqual(blocked);
  });
});

describe('IPv4', () => {
  test('the metadata address', async () => {
    const destinations = [metadata, '169.254.169.253', '169.254.1.2'];
    for (const destination of destinations) {
      expect(await sent({ source: attackerEnd.ipv4, destination }, everyKind)).toEqual(blocked);
    }
  });

  test('source routing: neither through the node nor through a friend', async () => {
    const address = (text: string) => Buffer.from(text.split('.').map(Number));
    for (const kind of [0x83, 0x89]) {
      for (const [first, then] of [
        ['169.254.1.1', victimEnd.ipv4],
        [friendEnd.ipv4, victimEnd.ipv4],
        ['169.254.1.1', farEnd.ipv4],
      ] as const) {
        const options = Buffer.concat([Buffer.from([kind, 7, 4]), address(then), Buffer.from([0])]);
        const seen = await sent({ source: attackerEnd.ipv4, destination: first }, everyKind, { options });
        expect(
          seen.leaks.filter((name) => name !== friend.name),
          `${kind} ${first} ${then}`,
        ).toEqual([]);
      }
    }
  });

  test('ARP: nobody is told anything, and nobody believes it', async () => {
    const broadcast = mac('ff:ff:ff:ff:ff:ff');
    const me = attacker.mac;
    const claimed = ['169.254.1.1', friendEnd.ipv4, victimEnd.ipv4, attacker.node.underlay.ipv4, attackerEnd.ipv4];
    const asked = [
      friendEnd.ipv4,
      victimEnd.ipv4,
      farEnd.ipv4,
      attacker.node.underlay.ipv4,
      far.node.underlay.ipv4,
      '10.64.1.1',
      metadata,
    ];
    const lies = claimed.flatMap((address) => [
      arp('reply', { mac: me, ip: address }, { mac: broadcast, ip: address }),
      arp('request', { mac: me, ip: address }, { mac: Buffer.alloc(6), ip: address }),
    ]);
    const questions = asked.map((address) =>
      arp('request', { mac: me, ip: attackerEnd.ipv4 }, { mac: Buffer.alloc(6), ip: address }),
    );
    const frames = [...lies, ...questions].map((body) => ethernet({ from: me, to: broadcast }, 'arp', body));
    // Of all these, the wire's own gateway alone may answer, to a request for its own address.
    const { leaks, answers } = await attack(segment, { attacker, friend, mark: me, frames });
    expect(leaks).toEqual([]);
    expect(answers.filter((answer) => !answer.includes(Buffer.from([169, 254, 1, 1]).toString('hex')))).toEqual([]);
    const { stdout } = await attacker.node.commands.run('ip', ['-4', 'neigh', 'show', 'nud', 'permanent']);
    for (const pod of [friend, victim])
      expect(stdout).toContain(`${pod.ipv4} dev ${attacker.node.names.interface(pod.end.instanceId)}`);
    expect(stdout.match(/lladdr (\S+) PERMANENT/g)?.length).toBe(
      segment.pods.filter((pod) => pod.node === attacker.node).length,
    );
    const honest = { source: victimEnd.ipv4, destination: allyEnd.ipv4 };
    const mark = newMark();
    const frame = ethernet({ from: victim.mac, to: victim.nextHop(ally) }, 'ipv4', ip(honest, udp(honest, 9, 9, mark)));
    expect((await attack(segment, { attacker: victim, friend: ally, mark, frames: [frame] })).leaks).toEqual([
      ally.name,
    ]);
  });
});

describe('IPv6', () => {
  const everyNode = 'ff02::1';
  const groupMac = mac('33:33:00:00:00:01');
  const state = async () => {
    const { commands } = attacker.node;
    const shown = await Promise.all([
      commands.run('ip', ['-6', 'route', 'show', 'table', 'all']),
      commands.run('ip', ['-6', 'addr', 'show']),
      commands.run('ip', ['-4', 'route', 'show', 'table', 'all']),
    ]);
    return shown.map(({ stdout }) => stdout).join('\n');
  };

  test('router advertisements and redirects change nothing at the node', async () => {
    const before = await state();
    const gateway = mac('ee:ee:ee:ee:ee:ee');
    const prefix = Buffer.concat([
      Buffer.from([3, 4, 64, 0xc0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0]),
      Buffer.from('20010db8dead00000000000000000000', 'hex'),
    ]);
    const advertisement = Buffer.concat([Buffer.from([64, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]), prefix]);
    for (const source of [attackerEnd.ipv6, 'fe80::1', 'fe80::77']) {
      const advertise = (_: Buffer, between: Ends) => [icmp(between, 134, 0, advertisement)];
      const redirect = (_: Buffer, between: Ends) => [
        icmp(between, 137, 0, Buffer.concat([Buffer.alloc(4), Buffer.alloc(16, 0xfe), Buffer.alloc(16, 0x20)])),
      ];
      const to = { hops: 255, to: groupMac };
      expect((await sent({ source, destination: everyNode }, advertise, to)).answers).toEqual([]);
      expect((await sent({ source, destination: 'fe80::1' }, redirect, { hops: 255, to: gateway })).answers).toEqual(
        [],
      );
    }
    expect(await state()).toBe(before);
  });

  test('neighbour discovery: nobody is told of anybody, and nobody believes it', async () => {
    const me = attacker.mac;
    const target = (address: string, lies: boolean) => {
      const option = Buffer.concat([Buffer.from([lies ? 2 : 1, 1]), me]);
      const bytes = ip(
        { source: address, destination: address },
        udp({ source: address, destination: address }, 1, 1),
      ).subarray(8, 24);
      return Buffer.concat([Buffer.from([lies ? 0x20 : 0, 0, 0, 0]), bytes, option]);
    };
    const others = [friendEnd.ipv6, victimEnd.ipv6, farEnd.ipv6, attacker.node.underlay.ipv6, far.node.underlay.ipv6];
    for (const address of others) {
      const lie = (_: Buffer, between: Ends) => [icmp(between, 136, 0, target(address, true))];
      const question = (_: Buffer, between: Ends) => [icmp(between, 135, 0, target(address, false))];
      for (const source of [attackerEnd.ipv6, 'fe80::77']) {
        for (const destination of [everyNode, 'fe80::1']) {
          const hop = { hops: 255, to: destination === everyNode ? groupMac : mac('ee:ee:ee:ee:ee:ee') };
          expect((await sent({ source, destination }, lie, hop)).answers).toEqual([]);
          const { answers } = await sent({ source, destination }, question, hop);
          expect(answers, `asked for ${address}`).toEqual([]);
        }
      }
    }
    const honest = { source: victimEnd.ipv6, destination: allyEnd.ipv6 };
    const mark = newMark();
    const frame = ethernet({ from: victim.mac, to: victim.nextHop(ally) }, 'ipv6', ip(honest, udp(honest, 9, 9, mark)));
    expect((await attack(segment, { attacker: victim, friend: ally, mark, frames: [frame] })).leaks).toEqual([
      ally.name,
    ]);
  });

  test('extension headers hide neither a port nor a destination', async () => {
    const between = { source: attackerEnd.ipv6, destination: bystanderEnd.ipv6 };
    const padding = Buffer.from([0, 1, 4, 0, 0, 0, 0]);
    const hidden = (mark: Buffer, ends: Ends): Body[] => {
      const body = tcp(ends, { from: 44_000, to: 81, flags: tcpFlags.syn, payload: mark });
      const routing = Buffer.concat([Buffer.from([2, 0, 1, 0, 0, 0, 0]), Buffer.alloc(16, 0xfd)]);
      const atomic = Buffer.from([0, 0, 0, 0, 0, 0, 9]);
      return [
        extension(0, body, padding),
        extension(60, body, padding),
        extension(60, extension(60, extension(60, body, padding), padding), padding),
        extension(43, body, routing),
        extension(44, body, atomic),
        extension(0, extension(44, body, atomic), padding),
        extension(44, extension(60, body, padding), atomic),
        // An authentication header, and one that nobody knows.
        extension(51, body, Buffer.concat([Buffer.from([1, 0, 0]), Buffer.alloc(8)])),
        extension(253, body, padding),
      ];
    };
    expect((await sent(between, hidden)).leaks).toEqual([]);
    // A routing header that leads from the node, or from a friend, to a victim: of type 0 and of a segment list.
    const { length } = Buffer.alloc(16);
    const segments = ip(
      { source: victimEnd.ipv6, destination: victimEnd.ipv6 },
      { protocol: 59, bytes: Buffer.alloc(0) },
    ).subarray(8, 8 + length);
    for (const type of [0, 2, 4]) {
      const routed = (mark: Buffer, ends: Ends) => [
        extension(43, udp(ends, 1, 9, mark), Buffer.concat([Buffer.from([2, type, 1, 0, 0, 0, 0]), segments])),
      ];
      for (const destination of ['fe80::1', friendEnd.ipv6, attacker.node.underlay.ipv6]) {
        const { leaks } = await sent({ source: attackerEnd.ipv6, destination }, routed);
        expect(leaks.filter((name) => name !== friend.name)).toEqual([]);
      }
    }
  });
});

describe('below IP', () => {
  test("frames to another's hardware address, with a tag, or of an unknown type go nowhere", async () => {
    const mark = newMark();
    const between = { source: attackerEnd.ipv4, destination: victimEnd.ipv4 };
    const packet = ip(between, udp(between, 1, 80, mark));
    const tagged = Buffer.concat([Buffer.from([0x81, 0, 0, 7, 0x08, 0]), packet]);
    const head = (to: Buffer) => Buffer.concat([to, attacker.mac]);
    const gateway = mac('ee:ee:ee:ee:ee:ee');
    const frames = [
      ethernet({ from: attacker.mac, to: victim.mac }, 'ipv4', packet),
      ethernet({ from: victim.mac, to: ally.mac }, 'ipv4', packet),
      Buffer.concat([head(gateway), tagged]),
      Buffer.concat([head(mac('ff:ff:ff:ff:ff:ff')), tagged]),
      ...[0x88b5, 0x88cc, 0x8847, 0x8863].map((type) =>
        Buffer.concat([head(mac('01:80:c2:00:00:0e')), Buffer.from([type >> 8, type & 255]), Buffer.alloc(40), mark]),
      ),
    ];
    expect(await attack(segment, { attacker, friend, mark, frames })).toEqual(blocked);
  });
});

describe.each(families)('from the segment, %s', (family) => {
  /** As a host that stands between the nodes and outside. */
  async function fromWire(
    ends: Ends,
    bodies: (mark: Buffer, ends: Ends) => readonly Body[] = everyKind,
  ): Promise<readonly string[]> {
    const [host] = segment.outside;
    if (host === undefined) throw new Error('there is an outside');
    const mark = newMark();
    const frames = bodies(mark, ends).map((body) =>
      ethernet({ from: host.mac, to: attacker.node.mac }, family, ip(ends, body)),
    );
    return (await attack(segment, { attacker: host, friend: victim, mark, frames })).leaks;
  }

  test('honest packets arrive where they may', async () => {
    const source = segment.outside[0]?.[family] ?? '';
    expect(await fromWire({ source, destination: victimEnd[family] })).toEqual([victim.name]);
    expect(await fromWire({ source, destination: friendEnd[family] })).toEqual([]);
  });

  test.each(['ally', 'victim', 'attacker'] as const)(
    'nobody outside is taken for a pod of this node: the %s',
    async (who) => {
      const source = { ally: allyEnd, victim: victimEnd, attacker: attackerEnd }[who][family];
      for (const destination of [victimEnd[family], friendEnd[family], allyEnd[family]]) {
        expect(await fromWire({ source, destination })).toEqual([]);
      }
    },
  );

  test.each(['nobody in the pool', 'a link-local address', 'the loopback'] as const)('nor for %s', async (who) => {
    const source = {
      'nobody in the pool': { ipv4: '10.64.2.99', ipv6: 'fd61:746f:6c6c:2::99' },
      'a link-local address': { ipv4: metadata, ipv6: 'fe80::99' },
      'the loopback': { ipv4: '127.0.0.1', ipv6: '::1' },
    }[who][family];
    expect(await fromWire({ source, destination: victimEnd[family] })).toEqual([]);
  });
});
