/** Rules as values. A rule's hash chains in those before it: the last one pins the whole chain and its order. */
import { createHash } from 'node:crypto';

export interface Rule {
  /** What stands after `-A <chain>` or `-I <chain> <n>`, comment included. */
  readonly text: string;
  readonly hash: string;
}

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** For sorting what has a name, by code unit. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** A rule before it has its place. `note` is for people who read the table. */
export interface RuleBody {
  readonly match: readonly string[];
  readonly target: readonly string[];
  readonly note?: string;
}

/** How a rule of Atoll's shows its hash; the note may follow. */
export const hashPattern = /^atoll:([0-9a-f]{16})(?::|$)/;

export function chain(name: string, bodies: readonly RuleBody[]): Chain {
  let hash = '';
  const rules = bodies.map(({ match, target, note }) => {
    const body = [...match, ...target].join(' ');
    hash = createHash('sha256')
      .update(`${hash || name}\n${body}`)
      .digest('hex')
      .slice(0, 16);
    const comment = `atoll:${hash}${note === undefined ? '' : `:${note}`}`;
    return { text: [...match, '-m', 'comment', '--comment', comment, ...target].join(' '), hash };
  });
  return { name, rules };
}

export const jump = (target: string) => ['-j', target];
/** As a jump, but what returns from `target` goes on where this chain was called, not here. */
export const goto = (target: string) => ['-g', target];
/** Members of `set` in these directions: `src`, `dst`, or `src,src` for address and interface. */
export const inSet = (set: string, direction: string) => ['-m', 'set', '--match-set', set, direction];
export const notInSet = (set: string, direction: string) => ['-m', 'set', '!', '--match-set', set, direction];
export const inState = (states: string) => ['-m', 'conntrack', '--ctstate', states];
