/**
 * Many probes at once, each a flow of its own: a first packet, seen or not where it is addressed to, and its answer, seen
 * or not where it came from. The kernels at both ends answer TCP (by a reset) and echo; datagrams are answered here.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Family, familyFacts } from '@atoll/agent/render/family';
import {
  addressKey,
  type Body,
  echo,
  echoTypes,
  ethernet,
  familyOf,
  ip,
  parse,
  protocols,
  type Seen,
  tcp,
  tcpFlags,
  udp,
} from './frames.ts';
import type { Party, Pod } from './segment.ts';

const isPod = (party: Party): party is Pod => 'node' in party;

export interface Probe {
  readonly source: Party;
  readonly destination: Party;
  readonly family: Family;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** Of the destination; of ICMP nothing but what tells probes apart. */
  readonly port: number;
}

/** `half`: the first packet came through, and its answer did not. */
export type Outcome = 'passed' | 'blocked' | 'half';

const partiesAtMost = 16;
const portsEach = 2500;
const numbers = new Map<string, number>();

/** Of a party, the same for as long as the process lives. */
function numberOf({ ipv4 }: Party): number {
  const number = numbers.get(ipv4) ?? numbers.size % partiesAtMost;
  numbers.set(ipv4, number);
  return number;
}

/**
 * The same for the same probe, in every volley: what an earlier volley left in the connection table still counts. Each party has
 * its own: pods of a node go out under one address, and keep the port that nobody else of them has.
 */
export const sourcePort = (source: Party, number: number): number =>
  20_000 + numberOf(source) * portsEach + (number % portsEach);
const portOf = ({ source, port }: Probe) => sourcePort(source, port);

/** Whose address is seen at the destination: outside of the platform a pod's node's. */
const seenAs = ({ source, destination, family }: Probe): string =>
  isPod(source) && !isPod(destination) ? source.node.underlay[family] : source[family];

/** `type` tells the two directions of an echo apart; the others' ports do. */
const keyOf = ({ source, destination, protocol, from, to, type }: Omit<Seen, 'family' | 'flags' | 'link'>) =>
  `${source} ${destination} ${protocol} ${from} ${to} ${type}`;

function keysOf(probe: Probe): { there: string; back: string } {
  const { family, protocol, port: to } = probe;
  const destination = addressKey(probe.destination[family]);
  const ends = { source: addressKey(seenAs(probe)), destination };
  const turned = { source: destination, destination: addressKey(probe.source[family]) };
  const from = portOf(probe);
  if (protocol === 'ICMP') {
    const { request, reply } = echoTypes[family];
    const icmp = { protocol: family === 'ipv4' ? protocols.ICMP : protocols.ICMPV6, from, to: from };
    return { there: keyOf({ ...ends, ...icmp, type: request }), back: keyOf({ ...turned, ...icmp, type: reply }) };
  }
  const rest = { protocol: protocols[protocol], type: null };
  return { there: keyOf({ ...ends, ...rest, from, to }), back: keyOf({ ...turned, ...rest, from: to, to: from }) };
}

function firstPacket(probe: Probe): Buffer {
  const { source, destination, family, protocol, port } = probe;
  const ends = { source: source[family], destination: destination[family] };
  const from = portOf(probe);
  const body: Record<Probe['protocol'], () => Body> = {
    TCP: () => tcp(ends, { from, to: port, flags: tcpFlags.syn }),
    UDP: () => udp(ends, from, port),
    ICMP: () => echo(ends, 'request', from),
  };
  return ethernet({ from: source.mac, to: source.nextHop(destination) }, family, ip(ends, body[protocol]()));
}

/** Answers each datagram that comes in at a party, as a server there would. */
export function answerDatagrams(parties: readonly Party[]): void {
  // Who is led to itself sees its gateway.
  const gateways = { ipv4: familyFacts.ipv4.gateway, ipv6: familyFacts.ipv6.gateway };
  for (const tap of new Set(parties.map((party) => party.tap))) {
    const mine = parties.filter((party) => party.tap === tap);
    const at = new Map(
      mine.flatMap((party) =>
        (['ipv4', 'ipv6'] as const).map((f) => [addressKey(party[f]), { party, address: party[f] }]),
      ),
    );
    const known = [gateways, ...parties, ...parties.flatMap((party) => (isPod(party) ? [party.node.underlay] : []))];
    const others = new Map(
      known.flatMap((one) => (['ipv4', 'ipv6'] as const).map((f) => [addressKey(one[f]), one[f]])),
    );
    tap.onFrame = (frame) => {
      const seen = parse(frame);
      if (seen?.protocol !== protocols.UDP || seen.to >= 20_000) return;
      const own = at.get(seen.destination);
      const other = others.get(seen.source);
      if (own === undefined || other === undefined || familyOf(other) !== seen.family) return;
      const ends = { source: own.address, destination: other };
      const link = { from: seen.link.to, to: seen.link.from };
      tap.send([ethernet(link, seen.family, ip(ends, udp(ends, seen.to, seen.from, Buffer.from('answer'))))]);
    };
  }
}

const deadlineMs = 8000;

/**
 * Outcomes in the order of the probes. It waits until everything that `passes` says came through has done so, or a
 * deadline, and then once more for what should not have come.
 */
export async function volley(
  probes: readonly Probe[],
  passes: readonly boolean[],
  options: { quietMs?: number } = {},
): Promise<Outcome[]> {
  const taps = [...new Set(probes.flatMap(({ source, destination }) => [source.tap, destination.tap]))];
  await Promise.all(taps.map((tap) => tap.sync()));
  for (const tap of taps) tap.take();
  const keys = probes.map(keysOf);
  const came = new Set<string>();
  for (const [tap, mine] of Map.groupBy(probes, ({ source }) => source.tap)) tap.send(mine.map(firstPacket));

  async function collect(): Promise<void> {
    await Promise.all(taps.map((tap) => tap.sync()));
    for (const tap of taps) {
      for (const frame of tap.take()) {
        const seen = parse(frame);
        if (seen !== null) came.add(keyOf(seen));
      }
    }
  }
  const complete = () => keys.every(({ there, back }, index) => !passes[index] || (came.has(there) && came.has(back)));
  const deadline = Date.now() + deadlineMs;
  do {
    await collect();
    if (complete()) break;
    await pause(10);
  } while (Date.now() < deadline);
  await pause(options.quietMs ?? 40);
  await collect();
  return keys.map(({ there, back }) => {
    if (!came.has(there)) return 'blocked';
    return came.has(back) ? 'passed' : 'half';
  });
}
