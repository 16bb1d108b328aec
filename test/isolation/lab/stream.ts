/**
 * Flows that are probed at a steady pace for as long as it takes, every probe from another port: none may be lost of those
 * that are allowed, none may arrive of the others. Besides, connections that stay open and say something all the time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Family } from '@atoll/agent/render/family';
import { addressKey, echo, echoTypes, ethernet, ip, parse, protocols, tcp, tcpFlags, udp } from './frames.ts';
import type { Party } from './segment.ts';
import type { Tap } from './tap.ts';

export interface Flow {
  readonly name: string;
  readonly source: Party;
  readonly destination: Party;
  readonly family: Family;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  readonly port: number;
  readonly allowed: boolean;
}

export interface FlowCount {
  readonly flow: Flow;
  sent: number;
  /** Sent, and never answered. */
  lost: number;
  /** Of those that were sent, counted from 0: the first and the last that were lost. */
  span: readonly [number, number] | null;
  /** Arrived, and should not have. */
  leaked: number;
}

export interface Streams {
  /** Ends the sending, waits for what is on the way, and counts. */
  stop(): Promise<readonly FlowCount[]>;
  /** Ends the sending, and nothing more. */
  end(): void;
  readonly counts: readonly FlowCount[];
}

const firstPort = 20_000;
const portCount = 40_000;
const paceMs = 10;
const roundsAtOnce = 5;
/** For answers on their way: a machine that was too busy to be in time comes after seconds with what it had taken up. */
const settleMs = 30_000;

const intKey = (source: string, destination: string, protocol: number, from: number, to: number) =>
  `${source}${destination}${protocol}.${from}.${to}`;

export function startStreams(flows: readonly Flow[], otherTaps: readonly Tap[]): Streams {
  const counts = flows.map((flow): FlowCount => ({ flow, sent: 0, lost: 0, span: null, leaked: 0 }));
  /** What is awaited, by the key of the answer; what must not arrive, by the key of the probe. */
  const awaited = new Map<string, { count: FlowCount; number: number }>();
  const forbidden = new Map<string, FlowCount>();
  const taps = new Set([...otherTaps, ...flows.flatMap(({ source, destination }) => [source.tap, destination.tap])]);
  for (const tap of taps) tap.take();

  function keys({ source, destination, family, protocol, port }: Flow, from: number) {
    const [a, b] = [addressKey(source[family]), addressKey(destination[family])];
    if (protocol === 'ICMP') {
      const number = family === 'ipv4' ? protocols.ICMP : protocols.ICMPV6;
      const { request, reply } = echoTypes[family];
      return { there: intKey(a, b, number, from, request), back: intKey(b, a, number, from, reply) };
    }
    const number = protocols[protocol];
    return { there: intKey(a, b, number, from, port), back: intKey(b, a, number, port, from) };
  }

  function frameOf({ source, destination, family, protocol, port }: Flow, from: number): Buffer {
    const ends = { source: source[family], destination: destination[family] };
    const body =
      protocol === 'TCP'
        ? tcp(ends, { from, to: port, flags: tcpFlags.syn })
        : protocol === 'UDP'
          ? udp(ends, from, port)
          : echo(ends, 'request', from);
    return ethernet({ from: source.mac, to: source.nextHop(destination) }, family, ip(ends, body));
  }

  function miss(probe: { count: FlowCount; number: number } | undefined): void {
    if (probe === undefined) return;
    const { count, number } = probe;
    count.lost += 1;
    count.span = [Math.min(count.span?.[0] ?? number, number), Math.max(count.span?.[1] ?? number, number)];
  }

  function send(from: number): void {
    // One write for each tap: thousands of frames a second are to leave the machine time for what it proves.
    const frames = new Map<Tap, Buffer[]>();
    for (const count of counts) {
      const { there, back } = keys(count.flow, from);
      if (count.flow.allowed) {
        // The ports have come round, and the probe of the round before was never answered.
        miss(awaited.get(back));
        awaited.set(back, { count, number: count.sent });
      } else forbidden.set(there, count);
      count.sent += 1;
      const { tap } = count.flow.source;
      const before = frames.get(tap);
      if (before) before.push(frameOf(count.flow, from));
      else frames.set(tap, [frameOf(count.flow, from)]);
    }
    for (const [tap, its] of frames) tap.send(its);
  }

  function look(): void {
    for (const tap of taps) {
      for (const frame of tap.take()) {
        const seen = parse(frame);
        if (seen === null) continue;
        const to = seen.type === null ? seen.to : seen.type;
        const key = intKey(seen.source, seen.destination, seen.protocol, seen.from, to);
        awaited.delete(key);
        const leaked = forbidden.get(key);
        if (leaked !== undefined) leaked.leaked += 1;
      }
    }
  }

  // A machine that is too busy to be in time catches up by a few rounds; what it owes beyond them, or its taps can't take, it never
  // sends: a queue of probes would only grow.
  const began = performance.now();
  let [round, left] = [0, 0];
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - began) / paceMs) - left;
    const rounds = [...taps].some((tap) => tap.isBehind) ? 0 : Math.min(due - round, roundsAtOnce);
    left += due - round - rounds;
    for (const end = round + rounds; round < end; round++) send(firstPort + (round % portCount));
    look();
  }, paceMs);

  return {
    counts,
    end: () => clearInterval(timer),
    async stop() {
      clearInterval(timer);
      const deadline = Date.now() + settleMs;
      do {
        await Promise.all([...taps].map((tap) => tap.sync()));
        look();
        if (awaited.size === 0) break;
        await pause(20);
      } while (Date.now() < deadline);
      for (const probe of awaited.values()) miss(probe);
      return counts;
    },
  };
}
