/** What a node's network needs besides rules: forwarding, and that packets to unknown pool addresses never leave it. */
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { families, familyFacts } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import type { NodeCommands } from './commands.ts';

/** Routes of ours carry this protocol number, interfaces apart. */
export const routeProtocol = '97';

interface Route {
  readonly dst: string;
  readonly metric?: number;
}

/**
 * `blackhole`: nothing answers for an address of a pool; neither does a pod learn which ones are taken. `local`: virtual addresses are
 * the node's own, so that what isn't sent on to an instance ends here, and is refused.
 */
const kinds = {
  blackhole: { table: 'main', device: [] },
  local: { table: 'local', device: ['dev', 'lo'] },
} as const;
type Kind = keyof typeof kinds;

export async function ensureHost(
  commands: NodeCommands,
  names: NodeNames,
  pools: DesiredNetwork['pools'] | null,
  /** Public addresses that the node answers for. */
  publicAddresses: readonly string[] = [],
): Promise<void> {
  await ensureForwarding(commands);
  await ensureNameServer(commands);
  const wanted = {
    blackhole: pools === null ? [] : families.flatMap((family) => pools[family]),
    local: pools === null ? [] : [...pools.services, ...publicAddresses],
  };
  const lines = await Promise.all(
    (['blackhole', 'local'] as const).map(async (kind) => {
      const observed = await routes(commands, names, kind);
      return [
        ...wanted[kind].filter((range) => !observed.includes(range)).map((range) => line('add', kind, range, names)),
        // Without a document the pools aren't known: what an earlier start made stays.
        ...(pools === null
          ? []
          : observed.filter((range) => !wanted[kind].includes(range)).map((range) => line('del', kind, range, names))),
      ];
    }),
  );
  if (lines.flat().length > 0) await commands.run('ip', ['-batch', '-'], lines.flat().join('\n'));
}

export async function clearHost(commands: NodeCommands, names: NodeNames): Promise<void> {
  const lines = await Promise.all(
    (['blackhole', 'local'] as const).map(async (kind) =>
      (await routes(commands, names, kind)).map((range) => line('del', kind, range, names)),
    ),
  );
  if (lines.flat().length > 0) await commands.run('ip', ['-batch', '-'], lines.flat().join('\n'));
  await clearNameServer(commands);
}

const line = (verb: 'add' | 'del', kind: Kind, range: string, names: NodeNames) =>
  [`route ${verb} ${kind} ${range}`, ...kinds[kind].device, `metric ${names.routeMetric} proto ${routeProtocol}`].join(
    ' ',
  );

async function routes(commands: NodeCommands, names: NodeNames, kind: Kind): Promise<string[]> {
  const found = await Promise.all(
    ['-4', '-6'].map(async (flag) => {
      const where = ['table', kinds[kind].table, 'type', kind, 'proto', routeProtocol];
      const { stdout } = await commands.run('ip', ['-j', flag, 'route', 'show', ...where]);
      return JSON.parse(stdout || '[]') as Route[];
    }),
  );
  return found.flat().flatMap((route) => (route.metric === names.routeMetric ? [route.dst] : []));
}

/** Of the name server: the same on every node, and so of all nodes of a host. Never preferred as a source. */
const nameServerFlags = { ipv4: ['scope', 'link'], ipv6: ['nodad', 'preferred_lft', '0'] } as const;
const nameServerLines = (verb: 'replace' | 'del') =>
  families.map((family) => {
    const { nameServer, length } = familyFacts[family];
    const flags = verb === 'del' ? [] : nameServerFlags[family];
    return ['addr', verb, `${nameServer}/${length}`, 'dev', 'lo', ...flags].join(' ');
  });

async function ensureNameServer(commands: NodeCommands): Promise<void> {
  await commands.run('ip', ['-batch', '-'], nameServerLines('replace').join('\n'));
}

interface Named {
  readonly ifname?: string;
}

async function clearNameServer(commands: NodeCommands): Promise<void> {
  const { stdout } = await commands.run('ip', ['-j', 'link', 'show', 'type', 'veth']);
  // Another node of this host goes on.
  if ((JSON.parse(stdout || '[]') as Named[]).some(({ ifname }) => ifname?.startsWith('atl'))) return;
  for (const line of nameServerLines('del')) {
    await commands.run('ip', line.split(' ')).catch(async (error: unknown) => {
      const { stdout: left } = await commands.run('ip', ['address', 'show', 'dev', 'lo']);
      if (left.includes(line.split(' ')[2] ?? '')) throw error;
    });
  }
}

async function ensureForwarding(commands: NodeCommands): Promise<void> {
  const wanted = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'];
  const { stdout } = await commands.run('sysctl', ['-n', ...wanted]);
  if (
    stdout
      .split('\n')
      .slice(0, 2)
      .every((value) => value === '1')
  )
    return;
  // A host that learns its IPv6 routes from a router stops doing so once it forwards, unless it is told to go on.
  const { stdout: advertisements } = await commands.run('sysctl', ['-a', '-r', '^net\\.ipv6\\.conf\\..*\\.accept_ra$']);
  const listening = advertisements.split('\n').flatMap((line) => (line.endsWith(' = 1') ? [line.slice(0, -4)] : []));
  await commands.run('sysctl', ['-q', '-w', ...listening.map((key) => `${key}=2`), ...wanted.map((key) => `${key}=1`)]);
}
