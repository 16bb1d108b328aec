/** What of the nodes' lists that aren't the compiler's is to be looked at. */

export const keyedLists = ['services', 'serving', 'mappings', 'entrances', 'remotes'] as const;
export type KeyedList = (typeof keyedLists)[number];

export interface NodeWork {
  /** All of it. */
  whole: boolean;
  /** There is one for a node; with it the services of environments that it sees now, or doesn't any more. */
  names: boolean;
  readonly keys: { readonly [L in KeyedList]: Set<string> };
}

export interface SectionWork {
  readonly nodes: ReadonlyMap<string, NodeWork>;
  of(nodeId: string): NodeWork;
}

export function createSectionWork(): SectionWork {
  const nodes = new Map<string, NodeWork>();
  return {
    nodes,
    of(nodeId) {
      const known = nodes.get(nodeId);
      if (known) return known;
      const keys = { services: new Set<string>(), serving: new Set<string>(), mappings: new Set<string>() };
      const made = {
        whole: false,
        names: false,
        keys: { ...keys, entrances: new Set<string>(), remotes: new Set<string>() },
      };
      nodes.set(nodeId, made);
      return made;
    },
  };
}

/** Pairs of a node and a key, as two columns. */
export function pairsOf(work: SectionWork, list: KeyedList): { readonly nodes: string[]; readonly keys: string[] } {
  const pairs = [...work.nodes].flatMap(([node, { whole, keys }]) =>
    whole ? [] : [...keys[list]].map((key): [string, string] => [node, key]),
  );
  return { nodes: pairs.map(([node]) => node), keys: pairs.map(([, key]) => key) };
}
