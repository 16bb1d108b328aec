/** What the compiler remembers: endpoints, sets, classes and nodes, which know each other. */
import type { Id } from '@atoll/schema/ids';
import type { AddressSet, RuleChain, RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import type { Sum } from '@atoll/schema/node/rules-hash';
import type { CompiledEndpoint } from './model.ts';
import type { Decision, Direction, Selection } from './policy.ts';
import type { Selector } from './selector.ts';

export type RulePolicy = RuleSet['policies'][number];

/** An endpoint that is known. */
export interface Held {
  endpoint: CompiledEndpoint;
  places: ReadonlySet<string>;
  readonly sets: Set<SetState>;
  /** As of the last take. */
  class: ClassState | null;
  node: NodeState | null;
  gone: boolean;
}

export interface SetState {
  readonly name: string;
  readonly kind: AddressSet['kind'];
  readonly selection: Selection | null;
  selectors: readonly Selector[];
  readonly members: Set<Held>;
  /** Addresses and networks, with how many members have them. */
  readonly texts: Map<string, number>;
  sum: Sum;
  /** Of name, kind and members; as of the last take. */
  digest: bigint;
  /** What was there at the last take, of what may have changed since. */
  readonly before: Map<string, boolean>;
  /** Decisions that name it, or that it guards. */
  users: number;
  readonly guards: { readonly ingress: Set<Decision>; readonly egress: Set<Decision> };
  readonly classes: Set<ClassState>;
  /** That have it. */
  readonly nodes: Set<NodeState>;
  told: boolean;
}

export type PolicyId = Id<'policy'> | Id<'platformPolicy'>;
export type Receipt = NonNullable<Decision['receipt']>;

export interface Chain {
  readonly chain: RuleChain;
  readonly digest: bigint;
  /** Names of the sets that its rules name, each once. */
  readonly sets: readonly string[];
  readonly policies: ReadonlyMap<PolicyId, Receipt>;
}

/** Null where there is no rule: nothing is allowed. */
export type Chains = { readonly [D in Direction]: Chain | null };

export interface ClassState {
  readonly key: string;
  readonly namespaceId: string;
  readonly sets: readonly SetState[];
  /** Its endpoints, by the node that they are on. */
  readonly hosts: Map<NodeState, Set<Held>>;
  chains: Chains;
}

export interface PartChanges<T> {
  readonly put: readonly T[];
  /** Keys. */
  readonly removed: readonly string[];
}

export interface NodeChanges {
  readonly nodeId: Id<'node'>;
  /** Of all of its rules. */
  readonly hash: string;
  readonly endpoints: PartChanges<RuleEndpoint>;
  readonly chains: PartChanges<RuleChain>;
  readonly policies: PartChanges<RulePolicy>;
  /** Names. `put`: the node hasn't had it; `changed`: it has, with other members. */
  readonly sets: PartChanges<string> & { readonly changed: readonly string[] };
}

/** A list's elements by key. */
export interface NodeParts {
  readonly endpoints: ReadonlyMap<string, RuleEndpoint>;
  readonly chains: ReadonlyMap<string, RuleChain>;
  readonly policies: ReadonlyMap<string, RulePolicy>;
  /** Names. */
  readonly sets: readonly string[];
}

export interface NodeState {
  readonly nodeId: Id<'node'>;
  add(one: Held, of: ClassState): void;
  remove(one: Held, of: ClassState): void;
  /** For a class that has endpoints here; before `of.chains` are the new ones. */
  replaceChains(of: ClassState, next: Chains): void;
  /** It may be another as seen from outside: its chains or addresses. */
  touch(one: Held): void;
  touchSet(name: string): void;
  /** An endpoint of that node came to one of its sets, or left it. */
  moved(other: string): void;
  /** Null where all is as it was. */
  take(): NodeChanges | null;
  ruleSet(): Pick<RuleSet, 'endpoints' | 'chains' | 'sets' | 'policies'>;
  hash(): string;
  endpoints(): readonly Held[];
  setNames(): readonly string[];
  parts(): NodeParts;
}
