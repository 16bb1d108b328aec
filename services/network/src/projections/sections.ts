/**
 * The lists of a node's rules that aren't the compiler's: each is read as it is to be now, compared with what the node has,
 * and only what differs is written. A new list is one line in `readSections`.
 */
import { emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { keyOfPart } from '@atoll/schema/node/rules-changes';
import { canonicalJson, minus, partDigest, plus, type Sum } from '@atoll/schema/node/rules-hash';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import { compileRemotes } from '../compile/remotes.ts';
import { readMappings } from './mappings.ts';
import type { PartRow } from './parts.ts';
import { readServices } from './services.ts';
import { readTunnelEnds } from './tunnel-ends.ts';

export type Sections = Omit<RuleSet, 'endpoints' | 'chains' | 'sets' | 'policies'>;
const { endpoints: _, chains: __, sets: ___, policies: ____, ...noSections } = emptyRuleSet;

async function readSections(
  tx: PoolClient,
  compiler: Compiler,
  nodes: readonly string[],
): Promise<Map<string, Sections>> {
  const services = await readServices(tx, nodes);
  const mappings = await readMappings(tx, nodes);
  const ends = await readTunnelEnds(tx);
  return new Map(
    nodes.map((node): [string, Sections] => {
      const sections: Sections = { ...noSections, ...services.get(node), mappings: mappings.get(node) ?? [] };
      const targets = sections.mappings.flatMap((mapping) => mapping.targets.map(({ address }) => address));
      const remotes = compileRemotes(compiler.elsewhere(node, targets), ends);
      return [node, { ...sections, remotes }];
    }),
  );
}

const lists = Object.keys(noSections) as readonly (keyof Sections)[];

interface StoredRow {
  readonly nodeId: string;
  readonly list: keyof Sections;
  readonly key: string;
  readonly value: unknown;
}

export interface SectionChanges {
  readonly parts: readonly PartRow[];
  /** Of all of the sections' parts, beyond those of the empty rule set. By node. */
  readonly sums: ReadonlyMap<string, Sum>;
}

/** `sums`: what they were. */
export async function changedSections(
  tx: PoolClient,
  compiler: Compiler,
  sums: ReadonlyMap<string, Sum>,
): Promise<SectionChanges> {
  const nodes = [...sums.keys()];
  const wanted = await readSections(tx, compiler, nodes);
  const { rows } = await tx.query<StoredRow>(
    `select node_id as "nodeId", list, key, value from network.node_part
     where node_id = any($1) and list = any($2) and not gone`,
    [nodes, lists],
  );
  const stored = Map.groupBy(rows, (row) => row.nodeId);
  const parts: PartRow[] = [];
  const changed = new Map<string, Sum>();
  for (const [nodeId, before] of sums) {
    let sum = before;
    const there = new Map((stored.get(nodeId) ?? []).map((row) => [`${row.list}/${row.key}`, row]));
    const sections = wanted.get(nodeId) ?? noSections;
    for (const list of lists) {
      const value = sections[list];
      const fallback = noSections[list];
      const single = !Array.isArray(value);
      for (const part of single ? [value] : value) {
        const key = keyOfPart(list, part);
        const known = there.get(`${list}/${key}`);
        there.delete(`${list}/${key}`);
        const old = known?.value ?? (single ? fallback : undefined);
        if (old !== undefined && canonicalJson(old) === canonicalJson(part)) continue;
        parts.push({ nodeId, list, key, value: part });
        sum = plus(minus(sum, old === undefined ? 0n : partDigest(list, old)), partDigest(list, part));
      }
    }
    for (const { list, key, value } of there.values()) {
      parts.push({ nodeId, list, key, value: null });
      sum = minus(sum, partDigest(list, value));
    }
    if (sum !== before) changed.set(nodeId, sum);
  }
  return { parts, sums: changed };
}
