/** The kernel's table of connections: what a new rule set forbids is cut, everything else goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { type Connection, forbiddenConnections } from '../plan/connections.ts';
import { type Family, families, familyFacts } from '../render/family.ts';
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
  const forbidden = find(listed.flat());
  if (forbidden.length === 0) return;
  log.info({ count: forbidden.length }, 'cutting connections that are no longer allowed');
  // All in one go; conntrack opens the file by name, and can't open what Node gives as standard input.
  const folder = await mkdtemp(join(tmpdir(), 'atoll-conntrack-'));
  try {
    const file = join(folder, 'deletions');
    await writeFile(file, forbidden.map((connection) => `${deletion(connection)}\n`).join(''));
    await commands.run('conntrack', ['-R', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const field = (line: string, name: string) => new RegExp(` ${name}=(\\S+)`).exec(line)?.[1];

/** A line names each field twice: first as the connection's first packet had it, then of the answers. */
export function parseConnections(text: string, family: Family): Connection[] {
  return text.split('\n').flatMap((line) => {
    const protocol = line.split(' ', 1)[0];
    const source = field(line, 'src');
    const destination = field(line, 'dst');
    if (!protocol || source === undefined || destination === undefined) return [];
    const from = field(line, 'sport');
    const to = field(line, 'dport');
    const ports = from === undefined || to === undefined ? null : { source: Number(from), destination: Number(to) };
    return [{ family, protocol, source, destination, ports }];
  });
}

function deletion({ family, protocol, source, destination, ports }: Connection): string {
  const ends = `-D -f ${familyFacts[family].conntrack} -s ${source} -d ${destination}`;
  return ports === null ? ends : `${ends} -p ${protocol} --sport ${ports.source} --dport ${ports.destination}`;
}
