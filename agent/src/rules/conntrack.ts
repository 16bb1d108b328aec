/** The kernel's table of connections: what a new rule set forbids is cut, everything else goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { type Connection, forbiddenConnections } from '../plan/connections.ts';
import { type Family, families, familyFacts } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';
import type { NodeCommands } from '../sandbox/commands.ts';

export async function cutForbidden(
  { commands, log }: { commands: NodeCommands; log: Logger },
  previous: DesiredNetwork | null,
  next: DesiredNetwork,
): Promise<void> {
  const find = forbiddenConnections(previous, next);
  if (find === null) return;
  const listed = await Promise.all(
    families.map(async (family) => {
      const { stdout } = await commands.run('conntrack', ['-L', '-f', familyFacts[family].conntrack]);
      return parseConnections(stdout, family);
    }),
  );
  const forbidden = find(listed.flat(), await nodeAddresses(commands));
  if (forbidden.length === 0) return;
  log.info({ count: forbidden.length }, 'cutting connections that are no longer allowed');
  // All in one go; conntrack opens the file by name, and can't open what Node gives as standard input.
  const folder = await mkdtemp(join(tmpdir(), 'atoll-conntrack-'));
  try {
    const file = join(folder, 'deletions');
    const lines = new Set(forbidden.map(deletion));
    await writeFile(file, [...lines].map((line) => `${line}\n`).join(''));
    await commands.run('conntrack', ['-R', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Device {
  readonly addr_info?: readonly { readonly local?: string }[];
}

async function nodeAddresses(commands: NodeCommands): Promise<ReadonlySet<string>> {
  const { stdout } = await commands.run('ip', ['-j', 'address', 'show']);
  const devices = JSON.parse(stdout || '[]') as readonly Device[];
  const local = devices.flatMap((device) => device.addr_info?.flatMap((info) => info.local ?? []) ?? []);
  return new Set(local.map(canonicalMember));
}

const field = (line: string, name: string) => new RegExp(` ${name}=(\\S+)`).exec(line)?.[1];

/** A line names each field twice: first as the connection's first packet had it, then of the answers. */
export function parseConnections(text: string, family: Family): Connection[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, protocolNumber] = line.split(/ +/, 2);
    const source = field(line, 'src');
    const destination = field(line, 'dst');
    if (!protocol || source === undefined || destination === undefined) return [];
    const from = field(line, 'sport');
    const to = field(line, 'dport');
    const ports = from === undefined || to === undefined ? null : { source: Number(from), destination: Number(to) };
    const type = field(line, 'type');
    const icmpType = type === undefined ? null : Number(type);
    return [{ family, protocol, protocolNumber: Number(protocolNumber), icmpType, source, destination, ports }];
  });
}

/**
 * Each line makes the kernel go through its whole table. The client's port decides nothing: one line does for all of them. The
 * protocol always stands there: without it everything between the two would go.
 */
function deletion({ family, protocolNumber, icmpType, source, destination, ports }: Connection): string {
  const flow = `-D -f ${familyFacts[family].conntrack} -s ${source} -d ${destination} -p ${protocolNumber}`;
  if (icmpType !== null) return `${flow} ${family === 'ipv4' ? '--icmp-type' : '--icmpv6-type'} ${icmpType}`;
  return ports === null ? flow : `${flow} --dport ${ports.destination}`;
}
