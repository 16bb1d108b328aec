/**
 * First packets to addresses behind which somebody else is: where each came out, from whom it seemed to be, and whether there
 * was an answer from the address that it was sent to. Each has a source port of its own, by which it is known wherever it is seen.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Family, familyFacts } from '@atoll/agent/render/family';
import { addressKey, ethernet, ip, parse, protocols, type Seen, tcp, tcpFlags, udp } from './frames.ts';
import type { Party } from './segment.ts';
import { sourcePort } from './volley.ts';

export interface Knock {
  readonly name: string;
  readonly source: Party;
  /** Hardware address that the frame goes to. */
  readonly hop: Buffer;
  readonly family: Family;
  readonly protocol: 'TCP' | 'UDP';
  readonly address: string;
  readonly port: number;
  /** Unlike that of all others of the same source and protocol; below 1000. */
  readonly number: number;
}

/** Hex of addresses, as `addressKey` has them. */
interface Arrival {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

export interface Opened {
  /** Each place once. */
  readonly arrivals: readonly Arrival[];
  /** By a reset, for TCP: from the instance, or from the node that refuses. */
  readonly answered: boolean;
}

/** Knocks have ports of their own, besides those of direct probes. */
const firstNumber = 1000;
const portOf = ({ source, number }: Knock) => sourcePort(source, firstNumber + number);
const keyOf = (protocol: number, port: number, family: Family) => `${family} ${protocol} ${port}`;

function frameOf(knock: Knock): Buffer {
  const { source, family, protocol, address, port, hop } = knock;
  const ends = { source: source[family], destination: address };
  const from = portOf(knock);
  const body = protocol === 'TCP' ? tcp(ends, { from, to: port, flags: tcpFlags.syn }) : udp(ends, from, port);
  return ethernet({ from: source.mac, to: hop }, family, ip(ends, body));
}

const deadlineMs = 8000;

/** Waits until all for which `opens` holds came out and were answered, and nothing is on its way, or a deadline. */
export async function knockAll<K extends Knock>(
  knocks: readonly K[],
  parties: readonly Party[],
  opens: (knock: K) => boolean,
): Promise<Opened[]> {
  const taps = [...new Set(parties.map(({ tap }) => tap))];
  await Promise.all(taps.map((tap) => tap.sync()));
  for (const tap of taps) tap.take();
  const byPort = new Map(knocks.map((one) => [keyOf(protocols[one.protocol], portOf(one), one.family), one]));
  const arrivals = new Map<K, Map<string, Arrival>>();
  const answered = new Set<K>();
  for (const [tap, mine] of Map.groupBy(knocks, ({ source }) => source.tap)) tap.send(mine.map(frameOf));

  function note({ family, protocol, from, to, source, destination }: Seen): void {
    const sent = byPort.get(keyOf(protocol, from, family));
    if (sent !== undefined) {
      const places = arrivals.get(sent) ?? new Map<string, Arrival>();
      places.set(`${source} ${destination} ${to}`, { source, destination, port: to });
      arrivals.set(sent, places);
    }
    const back = byPort.get(keyOf(protocol, to, family));
    if (back === undefined || from !== back.port || source !== addressKey(back.address)) return;
    if (destination === addressKey(back.source[family])) answered.add(back);
  }
  async function collect(): Promise<void> {
    await Promise.all(taps.map((tap) => tap.sync()));
    for (const tap of taps) {
      for (const frame of tap.take()) {
        const seen = parse(frame);
        if (seen?.protocol === protocols.TCP || seen?.protocol === protocols.UDP) note(seen);
      }
    }
  }
  const isOver = () =>
    knocks.every((knock) => (arrivals.has(knock) || opens(knock) ? arrivals.has(knock) && answered.has(knock) : true));
  const deadline = Date.now() + deadlineMs;
  do {
    await collect();
    if (isOver()) await pause(40);
    else await pause(10);
    await collect();
  } while (!isOver() && Date.now() < deadline);
  return knocks.map((knock) => ({
    arrivals: [...(arrivals.get(knock)?.values() ?? [])],
    answered: answered.has(knock),
  }));
}

/** Whom the instance sees: the client, or its gateway where it is led to itself. */
export const seenBy = (knock: Knock, destination: string): string =>
  addressKey(
    addressKey(knock.source[knock.family]) === destination
      ? familyFacts[knock.family].gateway
      : knock.source[knock.family],
  );
