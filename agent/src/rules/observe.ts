/** Reads back what is in force: names, places and hashes; never the body of a rule. */

import type { ObservedAnchor, ObservedRules, ObservedTable } from '../plan/rules.ts';
import { hashPattern } from '../render/chain.ts';
import { type Family, familyFacts } from '../render/family.ts';
import { anchorChainPattern, type NodeNames } from '../render/names.ts';
import { canonicalMember } from '../render/set.ts';
import type { NodeCommands } from '../sandbox/commands.ts';

const ruleLine = /^-A (\S+) (.*)$/;
const targetOf = /(?:^| )-[jg] (\S+)/;
const commentOf = /--comment (?:"([^"]*)"|(\S+))/;

function hashOf(text: string): string | null {
  const comment = commentOf.exec(text);
  return hashPattern.exec(comment?.[1] ?? comment?.[2] ?? '')?.[1] ?? null;
}

function anchorOf(text: string, names: NodeNames): ObservedAnchor {
  const target = targetOf.exec(text)?.[1] ?? '';
  const kind = anchorChainPattern.exec(target)?.[1];
  const own = target.startsWith(`${names.prefix}-`);
  if (kind === 'check' || kind === 'accept' || kind === 'input') {
    return { kind: 'atoll', anchor: kind, own, hash: hashOf(text), text };
  }
  // A jump from here into the middle of our chains is no anchor that we made, but ours to remove.
  return own ? { kind: 'atoll', anchor: 'accept', own, hash: null, text } : { kind: 'foreign' };
}

export function parseTable(save: string, names: NodeNames): ObservedTable {
  const chains = new Map<string, (string | null)[]>();
  const builtins: Record<'FORWARD' | 'INPUT', ObservedAnchor[]> = { FORWARD: [], INPUT: [] };
  for (const line of save.split('\n')) {
    if (line.startsWith(`:${names.prefix}-`)) chains.set(line.slice(1).split(' ', 1)[0] ?? '', []);
    const rule = ruleLine.exec(line);
    const [name = '', text = ''] = rule?.slice(1) ?? [];
    if (name === 'FORWARD' || name === 'INPUT') builtins[name].push(anchorOf(text, names));
    else chains.get(name)?.push(hashOf(text));
  }
  return { chains, builtins };
}

export function parseSets(save: string, names: NodeNames): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>();
  for (const line of save.split('\n')) {
    const [verb, name = '', member = ''] = line.split(' ');
    if (!name.startsWith(names.prefix)) continue;
    if (verb === 'create') sets.set(name, new Set());
    if (verb === 'add') sets.get(name)?.add(canonicalMember(member));
  }
  return sets;
}

export async function observeRules(commands: NodeCommands, names: NodeNames): Promise<ObservedRules> {
  const table = async (family: Family) =>
    parseTable((await commands.run(familyFacts[family].save, ['-t', 'filter'])).stdout, names);
  const [ipv4, ipv6, sets] = await Promise.all([table('ipv4'), table('ipv6'), commands.run('ipset', ['save'])]);
  return { tables: { ipv4, ipv6 }, sets: parseSets(sets.stdout, names) };
}
