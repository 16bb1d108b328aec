/** What a node's network needs besides rules: forwarding, and that packets to unknown pool addresses never leave it. */
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import type { NodeCommands } from './commands.ts';

/** Routes of ours carry this protocol number, interfaces apart. */
export const routeProtocol = '97';

interface BlackholeRoute {
  readonly dst: string;
  readonly metric?: number;
}

export async function ensureHost(
  commands: NodeCommands,
  names: NodeNames,
  pools: DesiredNetwork['pools'] | null,
): Promise<void> {
  await ensureForwarding(commands);
  const wanted = pools === null ? [] : families.flatMap((family) => pools[family]);
  const observed = await blackholes(commands, names);
  const lines = [
    ...wanted.filter((pool) => !observed.includes(pool)).map((pool) => blackholeLine('add', pool, names)),
    // Without a document the pools aren't known: what an earlier start made stays.
    ...(pools === null
      ? []
      : observed.filter((pool) => !wanted.includes(pool)).map((pool) => blackholeLine('del', pool, names))),
  ];
  if (lines.length > 0) await commands.run('ip', ['-batch', '-'], lines.join('\n'));
}

export async function clearHost(commands: NodeCommands, names: NodeNames): Promise<void> {
  const lines = (await blackholes(commands, names)).map((pool) => blackholeLine('del', pool, names));
  if (lines.length > 0) await commands.run('ip', ['-batch', '-'], lines.join('\n'));
}

/** Nothing answers for such an address: neither does a pod learn which addresses are taken. */
const blackholeLine = (verb: 'add' | 'del', pool: string, names: NodeNames) =>
  `route ${verb} blackhole ${pool} metric ${names.routeMetric} proto ${routeProtocol}`;

async function blackholes(commands: NodeCommands, names: NodeNames): Promise<string[]> {
  const found = await Promise.all(
    ['-4', '-6'].map(async (flag) => {
      const { stdout } = await commands.run('ip', [
        '-j',
        flag,
        'route',
        'show',
        'type',
        'blackhole',
        'proto',
        routeProtocol,
      ]);
      return JSON.parse(stdout || '[]') as BlackholeRoute[];
    }),
  );
  return found.flat().flatMap((route) => (route.metric === names.routeMetric ? [route.dst] : []));
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
