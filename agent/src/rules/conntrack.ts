/** The kernel's table of connections: what a new rule set forbids is cut, everything else goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { type Connection, forbiddenConnections } from '../plan/connections.ts';
import { strandedConnections } from '../plan/stranded.ts';
import { strandedByMappings } from '../plan/stranded-mappings.ts';
import { type Family, families, familyFacts } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';
import type { NodeCommands } from '../sandbox/commands.ts';

export async function cutForbidden(
  { commands, log }: { commands: NodeCommands; log: Logger },
  previous: DesiredNetwork | null,
  next: DesiredNetwork,
): Promise<void> {
  const find = forbiddenConnections(previous, next);
  const stranded = strandedConnections(previous, next);
  const unmapped = strandedByMappings(previous, next);
  if (find === null && stranded === null && unmapped === null) return;
  const listed = await Promise.all(
    families.map(async (family) => {
      const { stdout } = await commands.run('conntrack', ['-L', '-f', familyFacts[family].conntrack]);
      return parseConnections(stdout, family);
    }),
  );
  const all = listed.flat();
  const forbidden = [
    ...(find?.(all, await nodeAddresses(commands)) ?? []),
    ...(stranded?.(all) ?? []),
    ...(unmapped?.(all) ?? []),
  ];
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

/** A line names each field twice: first as the connection's first packet had it, then of the answers. */
export function parseConnections(text: string, family: Family): Connection[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(/ +/);
    const [name, number] = words;
    const all = (field: string) =>
      words.flatMap((word) => (word.startsWith(`${field}=`) ? [word.slice(field.length + 1)] : []));
    const [source, answerer] = all('src');
    const [destination] = all('dst');
    if (!name || number === undefined || source === undefined || destination === undefined) return [];
    const [from, answered] = all('sport').map(Number);
    const [to] = all('dport').map(Number);
    const [type] = all('type').map(Number);
    return [
      {
        family,
        protocol: name,
        protocolNumber: Number(number),
        source,
        destination,
        ports: from === undefined || to === undefined ? null : { source: from, destination: to },
        icmpType: type ?? null,
        answers: { address: answerer ?? destination, port: answered ?? to ?? null },
      },
    ];
  });
}

/**
 * Each line makes the kernel go through its whole table. The client's port decides nothing: one line does for all of them. The
 * protocol always stands there: without it everything between the two would go.
 */
function deletion({ family, protocolNumber, icmpType, source, destination, ports, answers }: Connection): string {
  const sentOn = answers.address === destination ? '' : ` -r ${answers.address}`;
  const flow = `-D -f ${familyFacts[family].conntrack} -s ${source} -d ${destination}${sentOn} -p ${protocolNumber}`;
  if (icmpType !== null) return `${flow} ${family === 'ipv4' ? '--icmp-type' : '--icmpv6-type'} ${icmpType}`;
  return ports === null ? flow : `${flow} --dport ${ports.destination}`;
}
