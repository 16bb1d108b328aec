/**
 * Counts of policy rules over everything that happens to the chains that count: these are written anew, and begin at 0 again,
 * whenever a rule of them changes. Sums what each look adds to the one before.
 */
import type { RuleCounter } from '@atoll/schema/node/counters';
import type { PolicyRule, RuleChain, RuleSet } from '@atoll/schema/node/network';
import { z } from 'zod';
import { type Direction, endpointChain } from '../render/dispatch.ts';
import type { Family } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';

const count = z.strictObject({ packets: z.number().int().min(0), bytes: z.number().int().min(0) });
export type Count = z.infer<typeof count>;

/** What is kept over restarts. */
export const tallyFile = z.strictObject({
  since: z.iso.datetime(),
  /** By what a rule is. */
  totals: z.record(z.string(), count),
  /** By family and chain, what was read last. */
  seen: z.record(z.string(), z.array(count)),
});
export type TallyFile = z.infer<typeof tallyFile>;

/** Of rules that are gone the oldest are forgotten beyond these. */
const mostTotals = 20_000;

type Identity = Omit<RuleCounter, 'packets' | 'bytes'>;
const identityOf = (direction: Direction, rule: PolicyRule): Identity => {
  const { policyId, action, protocol, ports, icmp, set } = rule;
  return { policyId, direction, action, protocol, ports, icmp, set };
};

/** What counts of a chain, in its order: a rule that logs has one before it that counts what it logged. */
const countingOf = ({ rules }: RuleChain) =>
  rules.flatMap((rule) =>
    rule.log
      ? [
          { rule, logs: true },
          { rule, logs: false },
        ]
      : [{ rule, logs: false }],
  );

/** Policies with rules that log. */
export const loggingPolicies = ({ chains }: Pick<RuleSet, 'chains'>): ReadonlySet<string> =>
  new Set(chains.flatMap(({ rules }) => rules.flatMap((rule) => (rule.log ? [rule.policyId] : []))));

export class Tally {
  readonly since: string;
  readonly #names: NodeNames;
  readonly #totals: Map<string, Count>;
  #seen: Map<string, readonly Count[]>;
  /** Of chains that are in the kernel, or were when they were looked at last. */
  #chains = new Map<string, RuleChain>();
  #current: readonly RuleChain[] = [];
  /** By policy: packets that its rules that log have decided about, less those that were logged. */
  readonly #leftOut = new Map<string, number>();

  constructor(names: NodeNames, last: TallyFile | null, now: string) {
    this.#names = names;
    this.since = last?.since ?? now;
    this.#totals = new Map(Object.entries(last?.totals ?? {}));
    this.#seen = new Map(Object.entries(last?.seen ?? {}));
  }

  /** These are in force from now on. */
  learn(rules: Pick<RuleSet, 'chains'>): void {
    this.#current = rules.chains;
    const logging = loggingPolicies(rules);
    for (const policyId of this.#leftOut.keys()) if (!logging.has(policyId)) this.#leftOut.delete(policyId);
    for (const chain of rules.chains) this.#chains.set(endpointChain(this.#names, chain.direction, chain.name), chain);
  }

  /** What the chains of one family have counted by now, rule by rule in their order. True where it is more than before. */
  note(family: Family, counts: ReadonlyMap<string, readonly Count[]>): boolean {
    let more = false;
    for (const [name, values] of counts) {
      const chain = this.#chains.get(name);
      if (chain === undefined) continue;
      const counting = countingOf(chain);
      if (counting.length !== values.length) continue;
      const key = `${family} ${name}`;
      const last = this.#seen.get(key);
      for (const [at, value] of values.entries()) {
        const { rule, logs = false } = counting[at] ?? {};
        const before = last?.[at];
        // Fewer than before: it was written anew, and counts from 0.
        const base = before === undefined || value.packets < before.packets ? { packets: 0, bytes: 0 } : before;
        const packets = value.packets - base.packets;
        if (rule === undefined || packets === 0) continue;
        more = true;
        if (rule.log) this.#addLeftOut(rule.policyId, logs ? -packets : packets);
        if (logs) continue;
        this.#add(JSON.stringify(identityOf(chain.direction, rule)), packets, Math.max(0, value.bytes - base.bytes));
      }
      this.#seen.set(key, values);
    }
    this.#forget(family, counts);
    return more;
  }

  #add(key: string, packets: number, bytes: number): void {
    const total = this.#totals.get(key) ?? { packets: 0, bytes: 0 };
    this.#totals.delete(key);
    this.#totals.set(key, { packets: total.packets + packets, bytes: total.bytes + bytes });
    if (this.#totals.size > mostTotals) {
      const [oldest] = this.#totals.keys();
      if (oldest !== undefined) this.#totals.delete(oldest);
    }
  }

  #addLeftOut(policyId: string, packets: number): void {
    this.#leftOut.set(policyId, (this.#leftOut.get(policyId) ?? 0) + packets);
  }

  /** Of these policies: how many packets were decided about, and not logged, because there were too many at a time. */
  leftOut(policies: Iterable<string>): number {
    let sum = 0;
    // Rules are read one after the other while packets come: the one that logs may be ahead by a few.
    for (const policyId of policies) sum += Math.max(0, this.#leftOut.get(policyId) ?? 0);
    return sum;
  }

  /** Chains that aren't there any more. */
  #forget(family: Family, counts: ReadonlyMap<string, unknown>): void {
    for (const key of this.#seen.keys()) {
      const [of, name = ''] = key.split(' ');
      if (of === family && !counts.has(name)) this.#seen.delete(key);
    }
    const current = new Set(this.#current);
    for (const [name, chain] of this.#chains) {
      if (!counts.has(name) && !current.has(chain)) this.#chains.delete(name);
    }
  }

  of(policies: ReadonlySet<string>): RuleCounter[] {
    const rules = this.#current.flatMap(({ direction, rules: all }) =>
      all.map((rule) => JSON.stringify(identityOf(direction, rule))),
    );
    return [...new Set([...rules, ...this.#totals.keys()])]
      .map((key) => ({ identity: JSON.parse(key) as Identity, total: this.#totals.get(key) }))
      .filter(({ identity }) => policies.has(identity.policyId))
      .map(({ identity, total }) => ({ ...identity, packets: total?.packets ?? 0, bytes: total?.bytes ?? 0 }));
  }

  file(): TallyFile {
    return {
      since: this.since,
      totals: Object.fromEntries(this.#totals),
      seen: Object.fromEntries([...this.#seen].map(([key, counts]) => [key, [...counts]])),
    };
  }
}
