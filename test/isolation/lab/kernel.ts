/** Everything that iptables and ipset have on a node, as text that can be compared: ours apart from everybody else's. */
import { familyFacts } from '@atoll/agent/render/family';
import type { SegmentNode } from './segment.ts';

export const everyFamily = ['ipv4', 'ipv6'] as const;
export const everyTable = ['filter', 'raw', 'mangle', 'nat'] as const;
export type Family = (typeof everyFamily)[number];
export type Table = (typeof everyTable)[number];
export const program = { ipv4: 'iptables', ipv6: 'ip6tables' } as const;

export interface OwnRule {
  readonly family: Family;
  readonly table: Table;
  readonly chain: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

export interface Kernel {
  /** Counters, dates and what the kernel draws at random are left out. */
  readonly ours: string;
  readonly foreign: string;
  readonly chains: readonly { readonly family: Family; readonly table: Table; readonly name: string }[];
  readonly rules: readonly OwnRule[];
  readonly sets: readonly { readonly name: string; readonly members: readonly string[]; readonly type: string }[];
}

export async function readKernel(node: SegmentNode): Promise<Kernel> {
  const { prefix } = node.names;
  const ours: string[] = [];
  const foreign: string[] = [];
  const chains: Kernel['chains'][number][] = [];
  const rules: OwnRule[] = [];
  for (const family of everyFamily) {
    for (const table of everyTable) {
      const { stdout } = await node.commands.run(familyFacts[family].save, ['-t', table]);
      const counts = new Map<string, number>();
      for (const raw of stdout.split('\n')) {
        if (raw.startsWith('#') || raw === '') continue;
        const line = `${family} ${table} ${raw.replace(/ ?\[\d+:\d+\]/, '')}`;
        (raw.includes(prefix) ? ours : foreign).push(line);
        if (raw.startsWith(`:${prefix}`)) chains.push({ family, table, name: raw.slice(1).split(' ', 1)[0] ?? '' });
        const [, chain, text] = /^-A (\S+) (.*)$/.exec(raw) ?? [];
        if (chain === undefined || text === undefined) continue;
        const number = (counts.get(chain) ?? 0) + 1;
        counts.set(chain, number);
        if (raw.includes(prefix)) rules.push({ family, table, chain, number, text });
      }
    }
  }
  const sets = new Map<string, { type: string; members: string[] }>();
  const { stdout } = await node.commands.run('ipset', ['save']);
  for (const raw of stdout.split('\n').filter(Boolean)) {
    const line = raw.replace(/ initval \S+| hashsize \d+| bucketsize \d+/g, '');
    (line.includes(prefix) ? ours : foreign).push(line);
    const [verb, name = '', what = ''] = line.split(' ');
    if (!name.startsWith(prefix)) continue;
    if (verb === 'create') sets.set(name, { type: what, members: [] });
    else sets.get(name)?.members.push(what);
  }
  // A set has two names, and the hash of a rule follows from them: which it is, is nobody's matter.
  const plainNames = (text: string) =>
    text.replaceAll(new RegExp(`(${prefix}[46][0-9a-f]{16})x`, 'g'), '$1').replaceAll(/atoll:[0-9a-f]{16}/g, 'atoll:');
  return {
    // The order of an ipset's members is the kernel's; that of rules within their chain is kept by numbering.
    ours: [
      ...ours
        .filter((line) => !line.includes(' -A '))
        .map(plainNames)
        .sort(),
      ...rules.map((rule) => plainNames(JSON.stringify(rule))),
    ].join('\n'),
    foreign: foreign.join('\n'),
    chains,
    rules,
    sets: [...sets].map(([name, { type, members }]) => ({ name, type, members })),
  };
}

/** Rules, chains and sets of an administrator and of another tool, in every table. */
export async function addForeign(node: SegmentNode): Promise<void> {
  const { commands } = node;
  await commands.run(
    'ipset',
    ['restore'],
    'create admins hash:ip\nadd admins 192.0.2.9\ncreate other hash:net family inet6\n',
  );
  for (const family of everyFamily) {
    const run = (...args: string[]) => commands.run(program[family], args);
    const set = family === 'ipv4' ? 'admins' : 'other';
    await run('-N', 'ADMIN');
    await run(
      '-A',
      'ADMIN',
      '-m',
      'set',
      '--match-set',
      set,
      'src',
      '-m',
      'comment',
      '--comment',
      'by hand',
      '-j',
      'ACCEPT',
    );
    await run('-A', 'INPUT', '-j', 'ADMIN');
    await run('-A', 'FORWARD', '-i', 'eth9', '-j', 'ADMIN');
    await run('-A', 'OUTPUT', '-p', 'tcp', '--dport', '25', '-j', 'REJECT');
    await run('-t', 'mangle', '-A', 'PREROUTING', '-i', 'eth9', '-j', 'MARK', '--set-mark', '7');
    await run('-t', 'raw', '-A', 'PREROUTING', '-i', 'eth9', '-j', 'ACCEPT');
    await run('-t', 'nat', '-A', 'POSTROUTING', '-o', 'eth9', '-j', 'MASQUERADE');
  }
}
