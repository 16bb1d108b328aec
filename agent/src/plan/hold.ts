/** Rules of an earlier process, of which nobody knows any more what they should be: whether they may stay until it is known. Pure. */
import { families } from '../render/family.ts';
import type { ObservedRules } from './rules.ts';

/**
 * True where they are led to from FORWARD and INPUT as they were left, before the rules of everybody else, and every chain has
 * rules, all of them ours. Not told: a rule of ours that was deleted from among others.
 */
export function looksWhole(observed: ObservedRules): boolean {
  return families.every((family) => {
    const { chains, builtins } = observed.tables[family].filter;
    const ways = { FORWARD: ['far', 'check', 'accept'], INPUT: ['tunnel', 'input'] } as const;
    const ledTo = (['FORWARD', 'INPUT'] as const).every((builtin) => {
      const there = builtins.get(builtin) ?? [];
      const own = there.flatMap((entry) => (entry.kind === 'atoll' && entry.own ? [entry] : []));
      const mine = there.findIndex((entry) => entry.kind === 'atoll' && entry.own);
      return (
        ways[builtin].every((to) => own.some((entry) => entry.text.endsWith(`-${to}`) && entry.hash !== null)) &&
        there.slice(0, mine).every((entry) => entry.kind === 'atoll' && entry.place === 'first')
      );
    });
    return ledTo && [...chains.values()].every((rules) => rules.length > 0 && rules.every((hash) => hash !== null));
  });
}
