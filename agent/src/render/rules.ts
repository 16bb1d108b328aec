/**
 * A node's rule set as iptables chains and ipsets of one family. Pure: equal intent gives equal bytes.
 *
 * How a topic gets its rules into the kernel. It is a file beside this one, with a function of (names, intent, family) that
 * returns a `RenderedPart`, and a line in `parts` below. In it:
 * - `tables`: for each of `filter`, `raw`, `mangle`, `nat` that it needs, its chains (`chain(names.chain('…'), bodies)`, names of
 *   28 characters at most, none that another part has in that table) and its anchors (`anchor('PREROUTING', match, chain)`): the
 *   rules of built-in chains that lead to them, before those of everybody else and in the order of `parts`. A packet that a
 *   part doesn't decide about returns. Only the chain `accept` of `filter` accepts what is forwarded.
 * - `sets`: made by `ipSet(names, family, type, meaning, members)`; `meaning` names it, and the same meaning is the same set.
 * Nothing else has to be done: it is planned, applied, verified, repaired, and removed when it is rendered no more. Chains that
 * didn't change aren't written, so many small chains are better than a large one, and a set than many rules.
 *
 * What is in force at each moment, when all of this changes:
 * - new sets are there before a rule names one; where members and rules that name them change at once, it is a new set;
 * - a family is one run of `iptables-restore --noflush`, in which each table is replaced by one commit: either all or nothing;
 * - `filter` is committed first and removed last: a translation of `nat` never stands without the wall behind it. The rules of
 *   `filter` see addresses and ports after DNAT and before SNAT, so an old translation beside new rules, which is how it is
 *   between the two commits, leads where the new rules allow, or nowhere. Never let `filter` allow something for what another
 *   table has marked alone, unless it would be allowed with any mark that an earlier rule set could leave.
 */

import { renderBounds } from './bounds.ts';
import { byName } from './chain.ts';
import type { Family } from './family.ts';
import { renderGuard } from './guard.ts';
import { type RuleIntent, RuleSetInvalid } from './intent.ts';
import { renderMappings } from './mappings.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';
import { renderNames } from './nameserver.ts';
import { renderOverlay } from './overlay.ts';
import { renderPolicies } from './policies.ts';
import { renderServices } from './services.ts';
import type { IpSet } from './set.ts';
import { builtins, emptyTable, type RenderedPart, type RenderedRules, type Table, type TablePart } from './tables.ts';
import { renderWayBack } from './way-back.ts';

type Part = (names: NodeNames, intent: RuleIntent, family: Family) => RenderedPart;

/** In the order in which a packet meets their anchors. */
const parts: readonly Part[] = [
  ...[
    renderNames,
    renderServices,
    renderMappings,
    renderGuard,
    renderBounds,
    renderWayBack,
    renderOverlay,
    renderPolicies,
  ],
];

export function renderRules(names: NodeNames, intent: RuleIntent, family: Family): RenderedRules {
  const rendered = assemble(
    family,
    parts.map((part) => part(names, intent, family)),
  );
  memoryOf(names, family).turn();
  return rendered;
}

export function assemble(family: Family, rendered: readonly RenderedPart[]): RenderedRules {
  const sets = new Map<string, IpSet>();
  for (const set of rendered.flatMap((part) => part.sets)) {
    const known = sets.get(set.name);
    if (known === undefined) sets.set(set.name, set);
    else if (known.type !== set.type || known.members.join() !== set.members.join()) {
      throw new RuleSetInvalid(`two different sets are called ${set.name}`);
    }
  }
  return {
    family,
    sets: [...sets.values()].sort(byName),
    tables: {
      filter: table('filter', rendered),
      raw: table('raw', rendered),
      mangle: table('mangle', rendered),
      nat: table('nat', rendered),
    },
  };
}

function table(name: Table, rendered: readonly RenderedPart[]): TablePart {
  const all = rendered.flatMap((part) => part.tables[name] ?? []);
  if (all.length === 0) return emptyTable;
  const chains = all.flatMap((part) => part.chains).sort(byName);
  const twice = chains.find((chain, index) => chains[index + 1]?.name === chain.name);
  if (twice !== undefined) throw new RuleSetInvalid(`two chains of ${name} are called ${twice.name}`);
  const anchors = all.flatMap((part) => part.anchors);
  const astray = anchors.find((anchor) => !builtins[name].some((builtin) => builtin === anchor.builtin));
  if (astray !== undefined) throw new RuleSetInvalid(`${name} has no chain ${astray.builtin}`);
  return { chains, anchors };
}
