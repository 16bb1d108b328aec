/** The part of iptables and ipset that plans use, as a model: what the programs do to the text they are given. */
import type { ChangePlan } from '../src/plan/change.ts';
import type { ObservedRules, RulesPlan } from '../src/plan/rules.ts';
import { hashPattern } from '../src/render/chain.ts';
import { type Family, families } from '../src/render/family.ts';
import type { NodeNames } from '../src/render/names.ts';
import { builtins, type Table, tables } from '../src/render/tables.ts';
import { parseSets, parseTables } from '../src/rules/observe.ts';

interface ModelRule {
  readonly text: string;
  readonly hash: string | null;
  readonly target: string;
}
interface ModelTable {
  readonly chains: Map<string, ModelRule[]>;
  readonly builtins: Map<string, ModelRule[]>;
}
export interface Model {
  readonly tables: Record<Family, Record<Table, ModelTable>>;
  readonly sets: Map<string, Set<string>>;
}

const emptyTable = (table: Table): ModelTable => ({
  chains: new Map(),
  builtins: new Map(builtins[table].map((name) => [name, []])),
});
const emptyTables = () => ({
  filter: emptyTable('filter'),
  raw: emptyTable('raw'),
  mangle: emptyTable('mangle'),
  nat: emptyTable('nat'),
});
export const emptyModel = (): Model => ({ tables: { ipv4: emptyTables(), ipv6: emptyTables() }, sets: new Map() });

export const ruleOf = (text: string): ModelRule => ({
  text,
  hash: hashPattern.exec(/--comment (\S+)/.exec(text)?.[1] ?? '')?.[1] ?? null,
  target: /-[jg] (\S+)$/.exec(text)?.[1] ?? '',
});

const present = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`the kernel would refuse: no ${what}`);
  return value;
};

function ipset(model: Model, lines: readonly string[], each = () => {}): void {
  for (const line of lines) {
    const [verb, name = '', other = ''] = line.split(' ');
    if (verb === 'create') model.sets.set(name, model.sets.get(name) ?? new Set());
    else if (verb === 'flush') present(model.sets.get(name), name).clear();
    else if (verb === 'add') present(model.sets.get(name), name).add(other);
    else if (verb === 'del') {
      if (!present(model.sets.get(name), name).delete(other)) throw new Error(`no member: ${line}`);
    } else if (verb === 'swap') {
      const [a, b] = [present(model.sets.get(name), name), present(model.sets.get(other), other)];
      model.sets.set(name, b).set(other, a);
    } else if (verb === 'destroy') {
      for (const family of families) {
        const all = tables.flatMap((table) => allRules(model.tables[family][table]));
        if (all.some((rule) => rule.text.includes(` ${name} `))) throw new Error(`${name} is in use`);
      }
      if (!model.sets.delete(name)) throw new Error(`no set ${name}`);
    } else throw new Error(`unknown: ${line}`);
    each();
  }
}

const allRules = ({ chains, builtins: own }: ModelTable) => [...chains.values(), ...own.values()].flat();

function restore(model: Model, family: Family, text: string | null): void {
  let table = model.tables[family].filter;
  const chainOf = (name: string) => table.builtins.get(name) ?? present(table.chains.get(name), `chain ${name}`);
  for (const line of text?.trim().split('\n') ?? []) {
    if (line === 'COMMIT') continue;
    const [verb = '', name = '', ...rest] = line.split(' ');
    if (verb.startsWith('*')) table = present(model.tables[family][verb.slice(1) as Table], verb);
    else if (verb.startsWith(':')) table.chains.set(verb.slice(1), []);
    else if (verb === '-A') chainOf(name).push(ruleOf(rest.join(' ')));
    else if (verb === '-I') {
      const index = Number(rest[0]) - 1;
      if (index > chainOf(name).length) throw new Error(`index of insertion too big: ${line}`);
      chainOf(name).splice(index, 0, ruleOf(rest.slice(1).join(' ')));
    } else if (verb === '-D') {
      const at = chainOf(name).findIndex((rule) => rule.text === rest.join(' '));
      if (at === -1) throw new Error(`bad rule: ${line}`);
      chainOf(name).splice(at, 1);
    } else if (verb === '-X') {
      if (chainOf(name).length > 0) throw new Error(`${name} is not empty`);
      if (allRules(table).some((rule) => rule.target === name)) throw new Error(`${name} is in use`);
      table.chains.delete(name);
    } else throw new Error(`unknown: ${line}`);
  }
  for (const each of tables) {
    table = model.tables[family][each];
    for (const rule of [...table.chains.values()].flat()) {
      if (rule.target.startsWith('atl')) chainOf(rule.target);
      const set = /--match-set (\S+)/.exec(rule.text)?.[1];
      if (set !== undefined) present(model.sets.get(set), `set ${set}`);
    }
  }
}

export function applyToModel(model: Model, plan: RulesPlan): void {
  ipset(model, plan.prepare);
  ipset(model, plan.swap);
  for (const family of families) restore(model, family, plan.restore[family]);
  ipset(model, plan.retire);
}

/** `each` is called wherever somebody else could see what is there. */
export function applyChangeToModel(model: Model, plan: ChangePlan, each: () => void): void {
  ipset(model, plan.before, each);
  for (const family of families) {
    restore(model, family, plan.restore[family]);
    each();
  }
  ipset(model, plan.after, each);
}

/** As the save programs print it, through the agent's own parser. */
export function observe(model: Model, names: NodeNames): ObservedRules {
  const save = (family: Family) =>
    tables
      .flatMap((table) => {
        const { chains, builtins: own } = model.tables[family][table];
        return [
          `*${table}`,
          ...[...chains.keys()].map((name) => `:${name} - [0:0]`),
          ...[...chains, ...own].flatMap(([name, rules]) => rules.map((rule) => `-A ${name} ${rule.text}`)),
        ];
      })
      .join('\n');
  const sets = [...model.sets].flatMap(([name, members]) => [
    `create ${name} hash:ip`,
    ...[...members].map((member) => `add ${name} ${member}`),
  ]);
  return {
    tables: { ipv4: parseTables(save('ipv4'), names), ipv6: parseTables(save('ipv6'), names) },
    sets: parseSets(sets.join('\n'), names),
  };
}
