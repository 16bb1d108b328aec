/** Hostile names through the compiler and the renderer: what iptables-restore and ipset would get, line by line. */
import { planRules } from '@atoll/agent/plan/rules';
import { nodeNames } from '@atoll/agent/render/names';
import { renderRules } from '@atoll/agent/render/rules';
import type { RuleSet } from '@atoll/schema/node/network';
import { fixedId, pools } from '../../../agent/test/fixtures.ts';
import { emptyModel, observe } from '../../../agent/test/kernel-model.ts';
import { diceOf } from '../random.ts';
import { compiledNames, expectedMembers } from '../worlds/hostile.ts';
import { bareNames, hostileName } from '../worlds/names.ts';

/** The characters that words of rules and of sets have; what an attack needs isn't among them. */
const plain = /^[A-Za-z0-9*:-][A-Za-z0-9 _.,:/+!*\-[\]]*$/;

/** Every line that the programs would get, on a machine that has nothing yet. */
export function linesOf(rules: RuleSet): string[] {
  const names = nodeNames(fixedId('node', 1));
  const wanted = {
    ipv4: renderRules(names, { rules, pools }, 'ipv4'),
    ipv6: renderRules(names, { rules, pools }, 'ipv6'),
  };
  const plan = planRules(names, wanted, observe(emptyModel(), names));
  return [...plan.prepare, ...Object.values(plan.restore).flatMap((text) => text?.trimEnd().split('\n') ?? [])];
}

export const isPlain = (line: string): boolean => plain.test(line);

/** What is wrong; empty where each policy has its own rules, its own members, and nothing else is there. */
export function checkNames(seed: number, count: number): string[] {
  const dice = diceOf(seed);
  const drawn = Array.from({ length: count }, (_, index) => hostileName(dice, index));
  const names = [...new Set([...bareNames, ...drawn])];
  const rules = compiledNames(names);
  const members = rules.sets.map(({ ipv4 }) => ipv4.join()).sort();
  const lines = linesOf(rules);
  const policies = lines.flatMap((line) => (line.startsWith('-A ') ? (/pol_[0-9a-z]{26}/.exec(line) ?? []) : []));
  const perPolicy = [...Map.groupBy(policies, (policy) => policy).values()];
  return [
    ...(members.join(' ') === expectedMembers(names.length).join(' ') ? [] : ['a name selects somebody else']),
    ...(rules.chains.flatMap((chain) => chain.rules).length === 2 * names.length
      ? []
      : ['a rule too many, or too few']),
    ...lines.filter((line) => !isPlain(line)).map((line) => `not a plain line: ${JSON.stringify(line)}`),
    // At both ends, in both families.
    ...perPolicy.filter((of) => of.length !== 4).map(([policy]) => `not four rules: ${policy}`),
    ...(perPolicy.length === names.length ? [] : ['a policy without rules']),
  ];
}
