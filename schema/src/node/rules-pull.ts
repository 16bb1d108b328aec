/**
 * How a node comes from the rules that it has to the newest: it asks page by page. Where the rules changed between two pages,
 * it asks once more for what changed since the first of them; and where the outcome isn't what its hash says, for everything.
 */
import type { z } from 'zod';
import type { DesiredNetwork } from './network.ts';
import {
  changeRules,
  type HashedRules,
  hashOfRules,
  type NetworkChanges,
  type networkPullRequest,
  noRules,
} from './rules-changes.ts';

export interface HeldNetwork {
  readonly document: DesiredNetwork;
  readonly hashed: HashedRules;
}

/** Null: there is nothing newer. Undefined: nobody answers. */
export type AskChanges = (request: z.output<typeof networkPullRequest>) => Promise<NetworkChanges | null | undefined>;

/** Pages of one pull: far more than any node's rules have. */
const maxPages = 10_000;

/**
 * Null where the node has the newest, undefined where somebody didn't answer; what was read is given up then. `mended`: the
 * rules weren't what their hash says, and were asked for as a whole.
 */
export async function pullRules(
  ask: AskChanges,
  has: HeldNetwork | null,
  mended: (message: string) => void,
): Promise<HeldNetwork | null | undefined> {
  const generationOf = has?.document.generation ?? 0;
  let since = generationOf;
  let base = has?.hashed ?? noRules;
  let draft = changeRules(base);
  let after: string | null = null;
  /** Of the first page since `since`. */
  let first: NetworkChanges | null = null;
  let wholes = 0;
  const traces = new Set<string>();

  function whole(message: string): void {
    if (++wholes > 3) throw new Error(`The rules of ${has?.document.nodeId ?? 'this node'} can't be had: ${message}`);
    mended(message);
    [since, base, after, first] = [0, noRules, null, null];
    draft = changeRules(base);
  }

  for (let pages = 0; pages < maxPages; pages++) {
    const page = await ask({ generation: since, after });
    if (page === undefined) return undefined;
    if (page === null) {
      if (since === generationOf && first === null) return null;
      whole('the service has older rules than a moment ago');
      continue;
    }
    if (page.from !== since) {
      if (page.from !== 0) {
        whole(`generation ${since} was asked for and ${page.from} was answered`);
        continue;
      }
      if (first !== null) {
        whole(`what changed since generation ${since} isn't known any more`);
        continue;
      }
      [since, base] = [0, noRules];
      draft = changeRules(base);
    }
    first ??= page;
    draft.apply(page.operations);
    for (const trace of page.traces ?? []) traces.add(trace);
    after = page.next;
    if (after !== null) continue;
    const done = draft.done();
    if (page.generation !== first.generation) {
      // Rules changed meanwhile: what did is asked for on top of what was read.
      [since, base, first] = [first.generation, done, null];
      draft = changeRules(base);
      if (since > 0) continue;
      whole('rules came while there were none yet');
      continue;
    }
    if (hashOfRules(done) !== page.hash) {
      whole(`the hash of generation ${page.generation} is not ${page.hash}`);
      continue;
    }
    const { nodeId, generation, hash, pools } = page;
    const document = { nodeId, generation, hash, pools, rules: done.rules, traces: [...traces].slice(0, 16) };
    return { document, hashed: done };
  }
  throw new Error(`The rules have more than ${maxPages} pages.`);
}
