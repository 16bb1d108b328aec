/**
 * Whether what the upstream says may be passed on. Pure.
 *
 * A name outside of the zone that leads to an address of the platform is how somebody outside makes a pod's own client connect to
 * what only the pod can reach (DNS rebinding), so such an answer is refused whole; and so is one that says anything about names in the
 * zone, which nobody but this server speaks for. Addresses of loopback pass: blocklists answer with them, and they are the pod's own.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { type Answer, type DecodedPacket, decode, type Question } from 'dns-packet';
import type { NamesTable } from './table.ts';

/** `other`: no answer to this question. */
export type Vetted = 'other' | 'refused' | 'taken';

export interface Guard {
  readonly zone: string;
  readonly inside: BlockList;
}

/** Of one link: the name server itself, and what clouds tell machines about themselves. */
const ofOneLink = ['169.254.0.0/16', 'fe80::/10', 'fd00:a701::53/128'];

export function guardOf({ zone, platform }: Pick<NamesTable, 'zone' | 'platform'>): Guard {
  const inside = new BlockList();
  for (const cidr of [...platform, ...ofOneLink]) {
    const [address = '', prefix] = cidr.split('/');
    inside.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return { zone, inside };
}

const plain = (name: string) => name.toLowerCase().replace(/\.$/, '');

/** An IPv4-mapped address is looked up as what it maps, too: `BlockList` does that. */
const isInside = ({ inside }: Guard, address: string): boolean =>
  inside.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

const text4 = (bytes: Buffer) => [...bytes].join('.');
const text6 = (bytes: Buffer) => (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');

/** The addresses that an SVCB or HTTPS record gives as hints (RFC 9460, section 7.3). */
function hints(data: Buffer): string[] {
  let at = 2;
  while ((data[at] ?? 0) > 0) at += 1 + (data[at] ?? 0);
  at += 1;
  const found: string[] = [];
  while (at + 4 <= data.length) {
    const [key, length] = [data.readUInt16BE(at), data.readUInt16BE(at + 2)];
    const value = data.subarray(at + 4, at + 4 + length);
    if (key === 4) for (let n = 0; n + 4 <= value.length; n += 4) found.push(text4(value.subarray(n, n + 4)));
    if (key === 6) for (let n = 0; n + 16 <= value.length; n += 16) found.push(text6(value.subarray(n, n + 16)));
    at += 4 + length;
  }
  return found;
}

function addressesOf(record: Answer): string[] {
  if (record.type === 'A' || record.type === 'AAAA') return [record.data];
  const { type, data } = record as { type: string; data?: unknown };
  const isService = type === 'UNKNOWN_64' || type === 'UNKNOWN_65';
  return isService && Buffer.isBuffer(data) ? hints(data) : [];
}

export function vet(question: Question, reply: Buffer, guard: Guard): Vetted {
  let said: DecodedPacket;
  try {
    said = decode(reply);
  } catch {
    return 'refused';
  }
  const [answered, ...more] = said.questions ?? [];
  const same =
    answered !== undefined && plain(answered.name) === plain(question.name) && answered.type === question.type;
  if (!same || more.length > 0) return 'other';
  const records = [...(said.answers ?? []), ...(said.authorities ?? []), ...(said.additionals ?? [])];
  for (const record of records) {
    const name = plain(record.name);
    if (name === guard.zone || name.endsWith(`.${guard.zone}`)) return 'refused';
    if (addressesOf(record).some((address) => isInside(guard, address))) return 'refused';
  }
  return 'taken';
}
