/**
 * A packet with a question → the packet with the answer. What isn't a question gets none; what is, and can't be carried out, an answer
 * that says so. An answer that doesn't fit comes without its records and with the mark that sends the asker to TCP.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type OptAnswer,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { answer, TTL } from './answer.ts';
import type { NamesTable } from './table.ts';

/** What a datagram may hold where nothing else is agreed, and at most: no fragments on the way. */
const smallest = 512;
const largest = 1232;

/** RFC 1035; `dns-packet` takes the number in the flags. */
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof rcodes;

export type Responded =
  | { readonly kind: 'none' }
  | { readonly kind: 'answer'; readonly packet: Buffer }
  /** Outside of the zone: for whoever it may be forwarded to. */
  | {
      readonly kind: 'outside';
      readonly question: Question;
      /** Where it is forwarded to nobody, and where nothing came of that. */
      readonly refusal: Buffer;
      readonly failure: Buffer;
    };

export function respond(
  table: NamesTable,
  asker: string,
  packet: Buffer,
  transport: 'udp' | 'tcp',
  forwards: boolean,
): Responded {
  let query: DecodedPacket;
  try {
    query = decode(packet);
  } catch {
    return { kind: 'none' };
  }
  if (query.type === 'response' || query.id === undefined) return { kind: 'none' };
  const { id } = query;
  const edns = query.additionals?.find((record) => record.type === 'OPT');
  const room = transport === 'tcp' ? 65_535 : Math.min(largest, Math.max(smallest, edns?.udpPayloadSize ?? smallest));
  const questions = query.questions ?? [];

  function say(rcode: Rcode, parts: Pick<Packet, 'answers' | 'additionals' | 'authorities'> = {}): Buffer {
    const flags =
      rcodes[rcode] |
      (rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? AUTHORITATIVE_ANSWER : 0) |
      (query.flag_rd ? RECURSION_DESIRED : 0) |
      (forwards ? RECURSION_AVAILABLE : 0);
    const opt: OptAnswer = {
      ...{ type: 'OPT', name: '.', udpPayloadSize: largest, extendedRcode: 0 },
      ...{ ednsVersion: 0, flags: 0, flag_do: false, options: [] },
    };
    const made = (with_: typeof parts, more: number) =>
      encode({
        ...{ type: 'response', id, flags: flags | more, questions },
        ...{ answers: with_.answers ?? [], authorities: with_.authorities ?? [] },
        additionals: [...(with_.additionals ?? []), ...(edns === undefined ? [] : [opt])],
      });
    const whole = made(parts, 0);
    if (whole.length <= room) return whole;
    // What only helps is left out first.
    const plain = made({ ...parts, additionals: [] }, 0);
    return plain.length <= room ? plain : made({}, TRUNCATED_RESPONSE);
  }

  const [question] = questions;
  // Bits 1 to 4 of the third octet: what is no plain question is done by nobody here.
  if (((packet[2] ?? 0) >> 3) % 16 !== 0) return { kind: 'answer', packet: say('NOTIMP') };
  if (question === undefined || questions.length !== 1) return { kind: 'answer', packet: say('FORMERR') };
  if ((question.class ?? 'IN') !== 'IN') return { kind: 'answer', packet: say('REFUSED') };
  const answered = answer(table, asker, question.name, question.type);
  const authorities = [authority(table.zone)];
  switch (answered.kind) {
    case 'outside':
      return { kind: 'outside', question, refusal: say('REFUSED'), failure: say('SERVFAIL') };
    case 'missing':
      return { kind: 'answer', packet: say('NXDOMAIN', { authorities }) };
    case 'found': {
      const { answers, additionals } = answered;
      if (answers.length === 0) return { kind: 'answer', packet: say('NOERROR', { authorities }) };
      return { kind: 'answer', packet: say('NOERROR', { answers: [...answers], additionals: [...additionals] }) };
    }
    default:
      return answered satisfies never;
  }
}

/** For how long it may be remembered that there is nothing. */
const authority = (zone: string): Answer => ({
  type: 'SOA',
  name: zone,
  ttl: TTL,
  data: {
    ...{ mname: `ns.${zone}`, rname: `hostmaster.${zone}`, serial: 1 },
    ...{ refresh: 3600, retry: 600, expire: 86_400, minimum: TTL },
  },
});
