/** Frames as bytes: what a well-behaved kernel would send, and what only an attacker would. Pure. */
import type { Family } from '@atoll/agent/render/family';

export const protocols = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd, arp: 0x0806 } as const;
export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

export const mac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');

/** Bytes of an address in its usual spelling. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const [front, back] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => '0');
  return Buffer.from([...front, ...zeros, ...back].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Spelt like `addressBytes(text)` of every canonical text: two texts of one address have one key. */
export const addressKey = (address: string): string => addressBytes(address).toString('hex');

function checksum(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const word = (value: number) => Buffer.from([(value >>> 8) & 0xff, value & 0xff]);
const long = (value: number) => Buffer.concat([word(value >>> 16), word(value & 0xffff)]);

export const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');

export interface Ends {
  readonly source: string;
  readonly destination: string;
}

function pseudoHeader({ source, destination }: Ends, protocol: number, length: number): Buffer {
  const tail =
    familyOf(source) === 'ipv4'
      ? [Buffer.from([0, protocol]), word(length)]
      : [long(length), Buffer.from([0, 0, 0, protocol])];
  return Buffer.concat([addressBytes(source), addressBytes(destination), ...tail]);
}

/** `body` with its checksum, over the pseudo header, written at `at`. */
function summed(ends: Ends, protocol: number, body: Buffer, at: number): Buffer {
  const plain = protocol === protocols.ICMP;
  const sum = plain ? checksum(body) : checksum(pseudoHeader(ends, protocol, body.length), body);
  const copy = Buffer.from(body);
  word(sum).copy(copy, at);
  return copy;
}

export interface TcpOptions {
  readonly from: number;
  readonly to: number;
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledged?: number;
  readonly payload?: Buffer;
}

/** The part of a packet above IP. */
export interface Body {
  readonly protocol: number;
  readonly bytes: Buffer;
}

export function tcp(ends: Ends, options: TcpOptions): Body {
  const { from, to, flags, sequence = 1, acknowledged = 0, payload = Buffer.alloc(0) } = options;
  const header = [word(from), word(to), long(sequence), long(acknowledged), Buffer.from([0x50, flags])];
  const body = Buffer.concat([...header, word(0xffff), word(0), word(0), payload]);
  return { protocol: protocols.TCP, bytes: summed(ends, protocols.TCP, body, 16) };
}

export function udp(ends: Ends, from: number, to: number, payload: Buffer = Buffer.from('atoll')): Body {
  const body = Buffer.concat([word(from), word(to), word(8 + payload.length), word(0), payload]);
  return { protocol: protocols.UDP, bytes: summed(ends, protocols.UDP, body, 6) };
}

export function icmp(ends: Ends, type: number, code: number, rest: Buffer): Body {
  const protocol = familyOf(ends.source) === 'ipv4' ? protocols.ICMP : protocols.ICMPV6;
  const body = Buffer.concat([Buffer.from([type, code]), word(0), rest]);
  return { protocol, bytes: summed(ends, protocol, body, 2) };
}

export const echoTypes = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } } as const;

export const echo = (ends: Ends, kind: 'request' | 'reply', identifier: number): Body =>
  icmp(
    ends,
    echoTypes[familyOf(ends.source)][kind],
    0,
    Buffer.concat([word(identifier), word(1), Buffer.from('atoll')]),
  );

export interface IpOptions {
  /** Time to live, or hop limit; default 64. */
  readonly hops?: number;
  /** IPv4 only: options, a multiple of four bytes. */
  readonly options?: Buffer;
  /** IPv4 only: flags and offset as they stand in the header; IPv6 has a header of its own for it. */
  readonly fragment?: number;
}

let identification = 0;

export function ip(ends: Ends, body: Body, options: IpOptions = {}): Buffer {
  const { hops = 64, fragment = 0, options: extra = Buffer.alloc(0) } = options;
  const addresses = Buffer.concat([addressBytes(ends.source), addressBytes(ends.destination)]);
  if (familyOf(ends.source) === 'ipv6') {
    const start = Buffer.concat([long(0x60000000), word(body.bytes.length), Buffer.from([body.protocol, hops])]);
    return Buffer.concat([start, addresses, body.bytes]);
  }
  const length = 20 + extra.length;
  identification = fragment === 0 ? (identification + 1) & 0xffff : identification;
  const start = [Buffer.from([0x40 | (length / 4), 0]), word(length + body.bytes.length), word(identification)];
  const header = Buffer.concat([
    ...start,
    word(fragment),
    Buffer.from([hops, body.protocol]),
    word(0),
    addresses,
    extra,
  ]);
  word(checksum(header)).copy(header, 10);
  return Buffer.concat([header, body.bytes]);
}

/** Puts an IPv6 extension header before `body`; `rest` is what stands after its first byte. */
export const extension = (kind: number, body: Body, rest: Buffer): Body => ({
  protocol: kind,
  bytes: Buffer.concat([Buffer.from([body.protocol]), rest, body.bytes]),
});

export interface Link {
  readonly from: Buffer;
  readonly to: Buffer;
}

export const ethernet = ({ from, to }: Link, type: keyof typeof etherTypes, payload: Buffer): Buffer =>
  Buffer.concat([to, from, word(etherTypes[type]), payload]);

export const arp = (
  kind: 'request' | 'reply',
  sender: { mac: Buffer; ip: string },
  target: { mac: Buffer; ip: string },
) =>
  Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4, 0, kind === 'request' ? 1 : 2]),
    ...[sender, target].flatMap((end) => [end.mac, addressBytes(end.ip)]),
  ]);

/** What is seen of a frame: enough to know which probe it belongs to. */
export interface Seen {
  readonly family: Family;
  /** Hex of the bytes, see `addressKey`. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** Ports; of ICMP the identifier of an echo as both. */
  readonly from: number;
  readonly to: number;
  /** Of ICMP; null for others. */
  readonly type: number | null;
  /** Of TCP; null for others. */
  readonly flags: number | null;
  readonly link: Link;
}

/** Null for what isn't IP, or is a fragment without the beginning. */
export function parse(frame: Buffer): Seen | null {
  if (frame.length < 34) return null;
  const type = frame.readUInt16BE(12);
  const family = type === etherTypes.ipv4 ? 'ipv4' : type === etherTypes.ipv6 ? 'ipv6' : null;
  if (family === null || (family === 'ipv6' && frame.length < 54)) return null;
  const packet = frame.subarray(14);
  const v4 = family === 'ipv4';
  const body = packet.subarray(v4 ? ((packet[0] ?? 0) & 15) * 4 : 40);
  const protocol = packet[v4 ? 9 : 6] ?? 0;
  const [start, size] = v4 ? [12, 4] : [8, 16];
  const address = (at: number) => packet.subarray(at, at + size).toString('hex');
  const isIcmp = protocol === protocols.ICMP || protocol === protocols.ICMPV6;
  const number = (at: number) => (body.length >= at + 2 ? body.readUInt16BE(at) : 0);
  return {
    family,
    source: address(start),
    destination: address(start + size),
    protocol,
    from: isIcmp ? number(4) : number(0),
    to: isIcmp ? number(4) : number(2),
    type: isIcmp ? (body[0] ?? 0) : null,
    flags: protocol === protocols.TCP ? (body[13] ?? 0) : null,
    link: { to: frame.subarray(0, 6), from: frame.subarray(6, 12) },
  };
}
