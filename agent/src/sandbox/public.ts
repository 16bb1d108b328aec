/**
 * Public IPv6 addresses are answered for on the interface to the outside: the addresses themselves are no interface's, they are
 * routed to the node (host.ts). For IPv4 that is enough: the kernel answers ARP for every address that is its own.
 */
import type { NodeCommands } from './commands.ts';
import { routeProtocol } from './host.ts';

interface Neighbour {
  readonly dst: string;
  readonly dev?: string;
  readonly protocol?: number | string;
}

/** `device`: null where the node serves no public addresses. */
export async function ensureAnnounced(
  commands: NodeCommands,
  device: string | null,
  addresses: readonly string[],
): Promise<void> {
  if (device === null) return;
  const { stdout } = await commands.run('ip', ['-j', '-6', 'neigh', 'show', 'proxy', 'dev', device]);
  const found = (JSON.parse(stdout || '[]') as Neighbour[]).filter((one) => `${one.protocol}` === routeProtocol);
  const there = new Set(found.map(({ dst }) => dst));
  const wanted = new Set(addresses);
  const verb = (word: 'add' | 'del', address: string) =>
    `neigh ${word} proxy ${address} dev ${device}${word === 'add' ? ` protocol ${routeProtocol}` : ''}`;
  const lines = [
    ...addresses.filter((address) => !there.has(address)).map((address) => verb('add', address)),
    ...[...there].filter((address) => !wanted.has(address)).map((address) => verb('del', address)),
  ];
  if (lines.length === 0) return;
  // At once: for an address that isn't the machine's own the kernel takes up to 0.8 s else, longer than some neighbours ask.
  const settings = [`net/ipv6/conf/${device}/proxy_ndp=1`, `net/ipv6/neigh/${device}/proxy_delay=0`];
  if (wanted.size > 0) await commands.run('sysctl', ['-q', '-w', ...settings]);
  await commands.run('ip', ['-6', '-batch', '-'], lines.join('\n'));
}
