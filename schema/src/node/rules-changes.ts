/**
 * How one rule set becomes a newer one: what the network service sends to a node that has an older one, or none, in pages that
 * fit a message. Pages may be read while rules change: what changed meanwhile is sent again from where the first page stood,
 * and the hash of the outcome says whether all of it is there.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { hash } from '../network/events.ts';
import { type AddressSet, addressSet, desiredNetwork, emptyRuleSet, type RuleSet, ruleSet } from './network.ts';
import {
  hashOf,
  memberDigest,
  membersSum,
  minus,
  partDigest,
  plus,
  rulesSum,
  type Sum,
  setDigest,
} from './rules-hash.ts';
import { traces } from './trace.ts';

/** Lists of a rule set, and what names an element. Sets have operations of their own. */
const keys = {
  endpoints: (part: { readonly instanceId: string }) => part.instanceId,
  chains: (part: { readonly name: string }) => part.name,
  policies: (part: { readonly policyId: string }) => part.policyId,
  remotes: (part: { readonly nodeId: string }) => part.nodeId,
  mappings: (part: { readonly portMappingId: string }) => part.portMappingId,
  entrances: (part: { readonly nodeId: string }) => part.nodeId,
  services: (part: { readonly serviceId: string }) => part.serviceId,
  serving: (part: string) => part,
} as const satisfies { [L in Exclude<keyof RuleSet, 'sets' | 'names'>]: (part: RuleSet[L][number]) => string };

/** What names an element among its list; what is no list has the empty key. */
export const keyOfPart = (list: Exclude<keyof RuleSet, 'sets'>, part: unknown): string =>
  list === 'names' ? '' : (keys[list] as (part: unknown) => string)(part);

const partNames = [
  'endpoints',
  'chains',
  'policies',
  'remotes',
  'mappings',
  'entrances',
  'services',
  'serving',
  'names',
] as const satisfies readonly Exclude<keyof RuleSet, 'sets'>[];
type PartName = (typeof partNames)[number];

const part = z.enum(partNames);
const members = { name: addressSet.shape.name, added: z.array(z.string()), removed: z.array(z.string()) };

export const ruleOperation = z.discriminatedUnion('op', [
  /** A set that is there from now on, with no members yet. */
  z.strictObject({ op: z.literal('SET'), name: addressSet.shape.name, kind: addressSet.shape.kind }),
  z.strictObject({ op: z.literal('MEMBERS'), ...members }),
  z.strictObject({ op: z.literal('UNSET'), name: addressSet.shape.name }),
  z.strictObject({ op: z.literal('PUT'), list: part, key: z.string(), value: z.unknown() }),
  /** Part of the JSON of a value that is too long for one page; the last one puts it. */
  z.strictObject({
    ...{ op: z.literal('PIECE'), list: part, key: z.string(), text: z.string(), first: z.boolean(), last: z.boolean() },
  }),
  z.strictObject({ op: z.literal('REMOVE'), list: part, key: z.string() }),
]);
export type RuleOperation = z.infer<typeof ruleOperation>;

/** `generation`: of the rules that the node has, whole and checked; 0 for none. `after`: as the page before said. */
export const networkPullRequest = z.strictObject({
  generation: z.number().int().min(0),
  after: z.string().max(2000).nullable().default(null),
});

export const networkChanges = z.strictObject({
  nodeId: id('node'),
  /** What the operations are relative to: the generation that was asked for, or 0 for the empty rule set. */
  from: z.number().int().min(0),
  /** Of the newest rules, as this page was read, and their hash. */
  generation: z.number().int().min(0),
  hash,
  pools: desiredNetwork.shape.pools,
  operations: z.array(ruleOperation),
  /** Where the next page begins; null: this was the last one. */
  next: z.string().nullable(),
  traces: traces.optional(),
});
export type NetworkChanges = z.infer<typeof networkChanges>;

/** Reply to a pull: null where the agent's generation is the newest. */
export const networkChangesReply = z.union([z.null(), networkChanges]);

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const isIpv6 = (member: string) => member.includes(':');

/** A sorted list, with some elements replaced, added or gone. */
function merged<T>(list: readonly T[], keyOf: (value: T) => string, changes: ReadonlyMap<string, T | null>): T[] {
  const fresh = [...changes].filter((entry): entry is [string, T & {}] => entry[1] !== null);
  fresh.sort(([a], [b]) => byText(a, b));
  const result: T[] = [];
  let next = 0;
  for (const value of list) {
    const key = keyOf(value);
    for (let one = fresh[next]; one !== undefined && one[0] < key; one = fresh[++next]) result.push(one[1]);
    if (!changes.has(key)) result.push(value);
  }
  return [...result, ...fresh.slice(next).map(([, one]) => one)];
}

interface SetDraft {
  kind: AddressSet['kind'];
  /** Null: all that are in it are in `members`. */
  base: AddressSet | null;
  readonly members: Map<string, string | null>;
}

/** A rule set with the sums that its hash is made of. */
export interface HashedRules {
  readonly rules: RuleSet;
  readonly sum: Sum;
  readonly setSums: ReadonlyMap<string, Sum>;
}

export const hashedRules = (rules: RuleSet): HashedRules => ({
  rules,
  sum: rulesSum(rules),
  setSums: new Map(rules.sets.map((set) => [set.name, membersSum(set)])),
});
export const noRules: HashedRules = hashedRules(emptyRuleSet);
export const hashOfRules = ({ sum }: HashedRules): string => hashOf(sum);

export interface RulesDraft {
  apply(operations: readonly RuleOperation[]): void;
  /** What has become of it; parts that no operation named are the very same objects. Throws where it is no rule set. */
  done(): HashedRules;
}

export function changeRules(before: HashedRules): RulesDraft {
  const lists = new Map<PartName, Map<string, unknown>>();
  const sets = new Map<string, SetDraft | null>();
  const known = new Map(before.rules.sets.map((set) => [set.name, set]));
  let pieces: string[] = [];

  const put = (list: PartName, key: string, value: unknown) => {
    const changes = lists.get(list) ?? new Map<string, unknown>();
    changes.set(key, value);
    lists.set(list, changes);
  };
  function draftOf(name: string): SetDraft | null {
    const draft = sets.get(name);
    if (draft !== undefined) return draft;
    const base = known.get(name);
    if (base === undefined) return null;
    const begun: SetDraft = { kind: base.kind, base, members: new Map() };
    sets.set(name, begun);
    return begun;
  }

  function applyOne(operation: RuleOperation): void {
    switch (operation.op) {
      case 'SET':
        sets.set(operation.name, { kind: operation.kind, base: null, members: new Map() });
        return;
      case 'MEMBERS': {
        // One that isn't there was given up between two pages, and is told of again.
        const draft = draftOf(operation.name);
        for (const member of operation.added) draft?.members.set(member, member);
        for (const member of operation.removed) draft?.members.set(member, null);
        return;
      }
      case 'UNSET':
        sets.set(operation.name, null);
        return;
      case 'PUT':
        put(operation.list, operation.key, operation.value);
        return;
      case 'PIECE':
        if (operation.first) pieces = [];
        pieces.push(operation.text);
        if (operation.last) put(operation.list, operation.key, JSON.parse(pieces.join('')));
        return;
      case 'REMOVE':
        put(operation.list, operation.key, null);
        return;
      default:
        operation satisfies never;
    }
  }

  function doneSets(setSums: Map<string, Sum>, count: (added: bigint, removed: bigint) => void): RuleSet['sets'] {
    const changes = new Map<string, AddressSet | null>();
    for (const [name, draft] of sets) {
      const old = known.get(name);
      const oldSum = setSums.get(name);
      const oldDigest = old && oldSum !== undefined ? setDigest(old, oldSum) : 0n;
      if (draft === null) {
        changes.set(name, null);
        setSums.delete(name);
        count(0n, oldDigest);
        continue;
      }
      const base = draft.base ?? { name, kind: draft.kind, ipv4: [], ipv6: [] };
      const has = draft.members.size > 0 ? new Set([...base.ipv4, ...base.ipv6]) : new Set<string>();
      let sum = draft.base === null ? 0n : (oldSum ?? 0n);
      for (const [member, there] of draft.members) {
        if (there !== null && !has.has(member)) sum = plus(sum, memberDigest(member));
        if (there === null && has.has(member)) sum = minus(sum, memberDigest(member));
      }
      const ofFamily = (six: boolean) => new Map([...draft.members].filter(([member]) => isIpv6(member) === six));
      const self = (member: string) => member;
      const set = {
        ...{ name, kind: draft.kind },
        ipv4: merged(base.ipv4, self, ofFamily(false)),
        ipv6: merged(base.ipv6, self, ofFamily(true)),
      };
      // Those that were there were looked at when they came: of a large set a few change.
      const came = [...draft.members.values()].filter((member) => member !== null);
      addressSet.parse({ ...set, ipv4: came.filter((one) => !isIpv6(one)), ipv6: came.filter(isIpv6) });
      changes.set(name, set);
      setSums.set(name, sum);
      count(setDigest(set, sum), oldDigest);
    }
    return merged(before.rules.sets, (set) => set.name, changes);
  }

  return {
    apply(operations) {
      for (const operation of operations) applyOne(operation);
    },
    done() {
      let { sum } = before;
      const count = (added: bigint, removed: bigint) => {
        sum = minus(plus(sum, added), removed);
      };
      const setSums = new Map(before.setSums);
      const next: { [list: string]: unknown } = { ...before.rules };
      if (sets.size > 0) next.sets = doneSets(setSums, count);
      for (const [list, raw] of lists) {
        if (list === 'names') {
          const value = raw.get('') ?? emptyRuleSet.names;
          count(partDigest(list, value), partDigest(list, before.rules.names));
          next.names = ruleSet.shape.names.parse(value);
          continue;
        }
        const keyOf = keys[list] as (value: unknown) => string;
        const there: readonly unknown[] = before.rules[list];
        const parse = ruleSet.shape[list] as z.ZodType<readonly unknown[]>;
        const fresh = parse.parse([...raw.values()].filter((value) => value !== null));
        const changes = new Map<string, unknown>([...raw.keys()].map((key) => [key, null]));
        for (const value of fresh) changes.set(keyOf(value), value);
        for (const value of there) if (changes.has(keyOf(value))) count(0n, partDigest(list, value));
        for (const value of fresh) count(partDigest(list, value), 0n);
        next[list] = merged(there, keyOf, changes);
      }
      return { rules: next as RuleSet, sum, setSums };
    },
  };
}

/** All of a rule set, for one who has none. */
export const operationsOf = (rules: RuleSet): RuleOperation[] => [
  ...partNames.flatMap((list): RuleOperation[] => {
    const value = rules[list];
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
    return parts.map((one) => ({ op: 'PUT', list, key: keyOfPart(list, one), value: one }));
  }),
  ...rules.sets.flatMap(({ name, kind, ipv4, ipv6 }): RuleOperation[] => [
    { op: 'SET', name, kind },
    { op: 'MEMBERS', name, added: [...ipv4, ...ipv6], removed: [] },
  ]),
];

/** Of two sorted lists, what only one of them has. */
export function difference(before: readonly string[], after: readonly string[]) {
  const [added, removed]: [string[], string[]] = [[], []];
  let [at, from] = [0, 0];
  while (at < after.length || from < before.length) {
    const [next, last] = [after[at], before[from]];
    if (next === last) {
      at++;
      from++;
    } else if (last === undefined || (next !== undefined && next < last)) {
      added.push(next ?? '');
      at++;
    } else {
      removed.push(last);
      from++;
    }
  }
  return { added, removed };
}

function setOperations(before: AddressSet | undefined, after: AddressSet): RuleOperation[] {
  const { name, kind } = after;
  const base = before?.kind === kind ? before : undefined;
  const [v4, v6] = [difference(base?.ipv4 ?? [], after.ipv4), difference(base?.ipv6 ?? [], after.ipv6)];
  const added = [...v4.added, ...v6.added];
  const removed = [...v4.removed, ...v6.removed];
  const members: RuleOperation[] = added.length + removed.length > 0 ? [{ op: 'MEMBERS', name, added, removed }] : [];
  return base === undefined ? [{ op: 'SET', name, kind }, ...members] : members;
}

/** What makes the one of the other. Parts that are the very same object are not looked at. */
export const operationsBetween = (before: RuleSet, after: RuleSet): RuleOperation[] => [
  ...partNames.flatMap((list): RuleOperation[] => {
    if (before[list] === after[list]) return [];
    const partsOf = (rules: RuleSet): readonly unknown[] => {
      const value = rules[list];
      return Array.isArray(value) ? value : [value];
    };
    const there = new Map(partsOf(before).map((one) => [keyOfPart(list, one), one]));
    const put = partsOf(after).flatMap((value): RuleOperation[] => {
      const key = keyOfPart(list, value);
      const same = there.get(key) === value;
      there.delete(key);
      return same ? [] : [{ op: 'PUT', list, key, value }];
    });
    return [...put, ...[...there.keys()].map((key): RuleOperation => ({ op: 'REMOVE', list, key }))];
  }),
  ...(before.sets === after.sets ? [] : setsBetween(before.sets, after.sets)),
];

function setsBetween(before: readonly AddressSet[], after: readonly AddressSet[]): RuleOperation[] {
  const there = new Map(before.map((set) => [set.name, set]));
  const changed = after.flatMap((set) => {
    const known = there.get(set.name);
    there.delete(set.name);
    return known === set ? [] : setOperations(known, set);
  });
  return [...changed, ...[...there.keys()].map((name): RuleOperation => ({ op: 'UNSET', name }))];
}
