/** Reads back what is in force: names, places and hashes; never the body of a rule. */

import { setImmediate as turn } from 'node:timers/promises';
import type { ObservedAnchor, ObservedRules, ObservedTables } from '../plan/rules.ts';
import type { Count } from '../plan/tally.ts';
import { hashPattern } from '../render/chain.ts';
import { type Family, familyFacts } from '../render/family.ts';
import { anyChainPattern, type NodeNames } from '../render/names.ts';
import { canonicalMember } from '../render/set.ts';
import { builtins, placeOf, type Table, tables } from '../render/tables.ts';
import type { NodeCommands } from '../sandbox/commands.ts';

/** Some milliseconds' work. */
const linesPerTurn = 500;

const ruleLine = /^(?:\[(\d+):(\d+)\] )?-A (\S+) (.*)$/;
const targetOf = /(?:^| )-[jg] (\S+)/;
const setName = /--match-set (\S+)/g;
const commentOf = /--comment (?:"([^"]*)"|(\S+))/;

function commentIn(text: string): { readonly hash: string | null; readonly note: string | null } {
  const comment = commentOf.exec(text);
  const found = hashPattern.exec(comment?.[1] ?? comment?.[2] ?? '');
  return { hash: found?.[1] ?? null, note: found?.[2] ?? null };
}

/** Rules of policies say whose they are, and so do those that log for them. */
const decides = (note: string) => /^(?:log:)?(?:p?pol_|ns_)/.test(note);

function anchorOf(text: string, names: NodeNames): ObservedAnchor {
  const target = targetOf.exec(text)?.[1] ?? '';
  if (!anyChainPattern.test(target)) return { kind: 'foreign' };
  return {
    kind: 'atoll',
    place: placeOf(target),
    own: target.startsWith(`${names.prefix}-`),
    hash: commentIn(text).hash,
    text,
  };
}

/** What a save program prints: one table after the other, those that aren't in use left out. Line by line. */
function tableParser(names: NodeNames) {
  const observed = {
    filter: noTable('filter'),
    raw: noTable('raw'),
    mangle: noTable('mangle'),
    nat: noTable('nat'),
  } satisfies ObservedTables;
  let table: ReturnType<typeof noTable> | undefined;
  const isOwn = (name: string) => name.startsWith(names.prefix);
  /** Of a rule in a chain that isn't ours. */
  function noteHeld(
    { held, builtins: all }: ReturnType<typeof noTable>,
    by: string,
    target: string,
    text: string,
  ): void {
    // What leads to ours from a built-in chain is one of our anchors, or is taken for one, and goes.
    if (isOwn(target) && all.has(by)) return;
    if (isOwn(target)) held.chains.set(target, by);
    for (const [, set = ''] of text.matchAll(setName)) if (isOwn(set)) held.sets.set(set, by);
  }
  function parse(line: string): void {
    const head = line.charAt(0);
    if (head === '*') table = tables.includes(line.slice(1) as Table) ? observed[line.slice(1) as Table] : undefined;
    if (table === undefined || head === '#') return;
    if (line.startsWith(`:${names.prefix}-`)) table.chains.set(line.slice(1).split(' ', 1)[0] ?? '', []);
    const rule = ruleLine.exec(line);
    if (rule === null) return;
    const [, packets = '0', bytes = '0', name = '', text = ''] = rule;
    const builtin = table.builtins.get(name);
    const target = targetOf.exec(text)?.[1];
    if (!table.chains.has(name)) {
      if (target !== undefined) table.entered.add(target);
      noteHeld(table, name, target ?? '', text);
    } else {
      const steps = table.steps.get(name) ?? { targets: [], sets: [] };
      table.steps.set(name, steps);
      if (target !== undefined) steps.targets.push(target);
      for (const [, set = ''] of text.matchAll(setName)) steps.sets.push(set);
    }
    if (builtin !== undefined) builtin.push(anchorOf(text, names));
    else if (table.chains.has(name)) {
      const { hash, note } = commentIn(text);
      table.chains.get(name)?.push(hash);
      if (note === null || !decides(note)) return;
      const counts = table.counts.get(name) ?? [];
      counts.push({ packets: Number(packets), bytes: Number(bytes) });
      table.counts.set(name, counts);
    }
  }
  return {
    parse,
    done(): ObservedTables {
      for (const one of Object.values(observed)) findUses(one);
      return observed;
    },
  };
}

export function parseTables(save: string, names: NodeNames): ObservedTables {
  const parser = tableParser(names);
  for (const line of save.split('\n')) parser.parse(line);
  return parser.done();
}

/** The same, and others have their turn in between: a node may have a hundred thousand lines. */
async function parseInTurns(save: string, names: NodeNames): Promise<ObservedTables> {
  const parser = tableParser(names);
  for (const [at, line] of save.split('\n').entries()) {
    if (at % linesPerTurn === 0) await turn();
    parser.parse(line);
  }
  return parser.done();
}

/** What packets can come by: chains that nothing leads to any more decide nothing, and may stand there until the next look. */
function findUses({ entered, steps, uses }: ReturnType<typeof noTable>): void {
  const reached = new Set(entered);
  // What is added while it is walked is walked, too.
  for (const chain of reached) {
    for (const target of steps.get(chain)?.targets ?? []) reached.add(target);
    for (const set of steps.get(chain)?.sets ?? []) uses.add(set);
  }
}

function noTable(table: Table) {
  return {
    chains: new Map<string, (string | null)[]>(),
    uses: new Set<string>(),
    held: { chains: new Map<string, string>(), sets: new Map<string, string>() },
    /** Chains that rules of chains that aren't ours lead to. */
    entered: new Set<string>(),
    steps: new Map<string, { readonly targets: string[]; readonly sets: string[] }>(),
    counts: new Map<string, Count[]>(),
    builtins: new Map<string, ObservedAnchor[]>(builtins[table].map((builtin) => [builtin, []])),
  };
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

/** The counts of policy rules, and nothing else. */
export async function observeCounts(commands: NodeCommands, names: NodeNames, family: Family) {
  const { stdout } = await commands.run(familyFacts[family].save, ['-c', '-t', 'filter']);
  return (await parseInTurns(stdout, names)).filter.counts;
}

export async function observeRules(commands: NodeCommands, names: NodeNames): Promise<ObservedRules> {
  const saved = async (family: Family) =>
    parseInTurns((await commands.run(familyFacts[family].save, ['-c'])).stdout, names);
  const [ipv4, ipv6, sets] = await Promise.all([saved('ipv4'), saved('ipv6'), commands.run('ipset', ['save'])]);
  return { tables: { ipv4, ipv6 }, sets: parseSets(sets.stdout, names) };
}
