/** What ulogd writes about a packet, one JSON object a line, read as the decision that a rule has made about it. Pure. */
import { isIP } from 'node:net';
import type { LoggedConnection } from '@atoll/schema/node/connection-log';
import { canonicalAddress } from '@atoll/schema/node/decide';
import { z } from 'zod';
import { readLogPrefix } from '../render/log.ts';
import type { NodeNames } from '../render/names.ts';

const address = z.string().refine((text) => isIP(text) !== 0);
const port = z.number().int().min(0).max(65_535).optional();

/** Of what it writes that which is used. Times are seconds since 1970, and microseconds. */
const written = z.object({
  'oob.prefix': z.string(),
  'oob.time.sec': z.number().int().positive().optional(),
  'oob.time.usec': z.number().int().min(0).max(999_999).optional(),
  'ip.protocol': z.number().int(),
  src_ip: address,
  dest_ip: address,
  src_port: port,
  dest_port: port,
});

/** One packet, and what was decided about it. */
export type LoggedPacket = Omit<LoggedConnection, 'instanceId' | 'packets'>;

const protocols: Readonly<Record<number, LoggedPacket['protocol']>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMP' };
const hasPorts = (protocol: LoggedPacket['protocol']) => protocol === 'TCP' || protocol === 'UDP';

/** Null: it is no such line, or not of this node's rules. `now`: for a packet without a time. */
export function readLine(names: Pick<NodeNames, 'prefix'>, line: string, now: () => Date): LoggedPacket | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const read = written.safeParse(json);
  if (!read.success) return null;
  const packet = read.data;
  const mark = readLogPrefix(names, packet['oob.prefix']);
  if (mark === null) return null;
  const seconds = packet['oob.time.sec'];
  const at =
    seconds === undefined ? now() : new Date(seconds * 1000 + Math.floor((packet['oob.time.usec'] ?? 0) / 1000));
  const protocol = protocols[packet['ip.protocol']] ?? 'OTHER';
  const ports = hasPorts(protocol);
  return {
    ...mark,
    at: at.toISOString(),
    family: isIP(packet.src_ip) === 6 ? 'ipv6' : 'ipv4',
    protocol,
    source: canonicalAddress(packet.src_ip),
    sourcePort: (ports ? packet.src_port : null) ?? null,
    destination: canonicalAddress(packet.dest_ip),
    destinationPort: (ports ? packet.dest_port : null) ?? null,
  };
}
