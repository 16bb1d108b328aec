/** Rules as values. A rule's hash chains in those before it: the last one pins the whole chain and its order. */
import { hash } from 'node:crypto';

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
export const hashPattern = /^atoll:([0-9a-f]{16})(?::(.*))?$/;

/** Hashing is most of the work: what was made lately isn't made again. A name has a few contents, of families and nodes. */
const made = new Map<string, { readonly bodies: readonly string[]; readonly chain: Chain }[]>();
const mostNames = 50_000;
const mostContents = 4;

/** Equal arguments give the same object, as long as it is remembered. */
export function chain(name: string, bodies: readonly RuleBody[]): Chain {
  const texts = bodies.map(({ match, target, note = '' }) => `${match.join(' ')}\n${target.join(' ')}\n${note}`);
  const known = made.get(name) ?? [];
  const same = known.find((one) => one.bodies.length === texts.length && texts.every((t, at) => t === one.bodies[at]));
  if (same !== undefined) return same.chain;
  const fresh = { bodies: texts, chain: makeChain(name, bodies) };
  if (made.size >= mostNames) made.clear();
  made.set(name, [fresh, ...known].slice(0, mostContents));
  return fresh.chain;
}

function makeChain(name: string, bodies: readonly RuleBody[]): Chain {
  let before = '';
  const rules = bodies.map(({ match, target, note }) => {
    const [matches, then] = [match.join(' '), target.join(' ')];
    const body = matches === '' ? then : `${matches} ${then}`;
    before = hash('sha256', `${before || name}\n${body}`, 'hex').slice(0, 16);
    const comment = `atoll:${before}${note === undefined ? '' : `:${note}`}`;
    const first = matches === '' ? '' : `${matches} `;
    return { text: `${first}-m comment --comment ${comment} ${then}`, hash: before };
  });
  return { name, rules };
}

/** The last hash pins all of them. */
export const sameChain = (a: Chain, b: Chain) =>
  a === b || (a.rules.length === b.rules.length && a.rules.at(-1)?.hash === b.rules.at(-1)?.hash);

export const jump = (target: string) => ['-j', target];
/** As a jump, but what returns from `target` goes on where this chain was called, not here. */
export const goto = (target: string) => ['-g', target];
/** Members of `set` in these directions: `src`, `dst`, or `src,src` for address and interface. */
export const inSet = (set: string, direction: string) => ['-m', 'set', '--match-set', set, direction];
export const notInSet = (set: string, direction: string) => ['-m', 'set', '!', '--match-set', set, direction];
export const inState = (states: string) => ['-m', 'conntrack', '--ctstate', states];
