/** What is rendered, before it is planned: chains, anchors and sets, by table. Values only. */
import { type Chain, chain, jump, type Rule } from './chain.ts';
import type { Family } from './family.ts';
import type { IpSet } from './set.ts';

/**
 * In the order in which they are put in force: `filter` first, so that the wall stands before any translation leads to it.
 * What is removed goes the other way round.
 */
export const tables = ['filter', 'raw', 'mangle', 'nat'] as const;
export type Table = (typeof tables)[number];

/** The kernel's own chains that can lead into chains of ours. */
export const builtins = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
} as const satisfies Record<Table, readonly string[]>;
export type Builtin = (typeof builtins)[Table][number];

/**
 * A rule by which a built-in chain leads into a chain of ours. It comes before the rules of everybody else; of several of
 * one node the order is kept. `behind`: after those of all Atoll nodes that share the host, for what accepts.
 */
export interface Anchor {
  readonly builtin: Builtin;
  readonly place: Place;
  readonly rule: Rule;
}
export type Place = 'first' | 'behind';

/** Told from the name alone, so that each node knows the place of another's: a chain called `accept` is behind. */
export const placeOf = (chainName: string): Place => (chainName.endsWith('-accept') ? 'behind' : 'first');

export interface TablePart {
  readonly chains: readonly Chain[];
  /** Of one built-in chain in the order in which packets are to come to them. */
  readonly anchors: readonly Anchor[];
}

/** What one topic adds, of one family. A set that several add is the same for all of them. */
export interface RenderedPart {
  readonly sets: readonly IpSet[];
  readonly tables: Partial<Readonly<Record<Table, TablePart>>>;
}

/** All of a node's of one family; sets and chains are sorted by name. */
export interface RenderedRules {
  readonly family: Family;
  readonly sets: readonly IpSet[];
  readonly tables: Readonly<Record<Table, TablePart>>;
}

export const emptyTable: TablePart = { chains: [], anchors: [] };

/** Leads from `builtin` into the chain `target`, which is one of `names.chain(…)`. */
export function anchor(builtin: Builtin, match: readonly string[], target: string): Anchor {
  const [rule] = chain(builtin, [{ match, target: jump(target) }]).rules;
  if (rule === undefined) throw new Error('a chain of one rule has one');
  return { builtin, place: placeOf(target), rule };
}
