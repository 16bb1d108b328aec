/**
 * The lists of a node's rules that aren't the compiler's: what a change touches is read as it is to be now, compared with what
 * the node has, and only what differs is written.
 */
import { canonicalJson, minus, partDigest, plus, type Sum } from '@atoll/schema/node/rules-hash';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import type { PartRow } from './parts.ts';
import { noSections, readNames, readValues, type Sections, sectionLists, servicesOfViews } from './section-values.ts';
import { keyedLists, type NodeWork, type SectionWork } from './section-work.ts';

interface StoredRow {
  readonly nodeId: string;
  readonly list: keyof Sections;
  readonly key: string;
  readonly value: unknown;
}

export interface SectionChanges {
  readonly parts: readonly PartRow[];
  /** Of all of the sections' parts, beyond those of the empty rule set. By node, where it is another. */
  readonly sums: ReadonlyMap<string, Sum>;
}

const keysOf = ({ names, keys }: NodeWork): { readonly list: keyof Sections; readonly key: string }[] => [
  ...(names ? [{ list: 'names' as const, key: '' }] : []),
  ...keyedLists.flatMap((list) => [...keys[list]].map((key) => ({ list, key }))),
];

async function readStored(tx: PoolClient, work: SectionWork): Promise<Map<string, StoredRow[]>> {
  const whole = [...work.nodes].flatMap(([node, one]) => (one.whole ? [node] : []));
  const some = [...work.nodes].flatMap(([node, one]) =>
    one.whole ? [] : keysOf(one).map(({ list, key }): [string, string, string] => [node, list, key]),
  );
  const columns = 'p.node_id as "nodeId", p.list, p.key, p.value';
  const { rows } = await tx.query<StoredRow>(
    `select ${columns} from network.node_part p where p.node_id = any($1) and p.list = any($2) and not p.gone
     union all
     select ${columns} from unnest($3::text[], $4::text[], $5::text[]) as asked (node_id, list, key)
     join network.node_part p using (node_id, list, key) where not p.gone`,
    [whole, sectionLists, some.map(([node]) => node), some.map(([, list]) => list), some.map(([, , key]) => key)],
  );
  return Map.groupBy(rows, (row) => row.nodeId);
}

const viewsOf = (names: unknown): string[] =>
  ((names as Sections['names'] | undefined) ?? noSections.names).views.map((view) => view.environmentId);

/** A node that sees other environments than before has their services, or has them no longer. */
async function addSeen(
  tx: PoolClient,
  work: SectionWork,
  wanted: ReadonlyMap<string, Sections['names']>,
): Promise<void> {
  if (wanted.size === 0) return;
  const { rows } = await tx.query<StoredRow>(
    `select node_id as "nodeId", list, key, value from network.node_part
     where node_id = any($1) and list = 'names' and not gone`,
    [[...wanted.keys()]],
  );
  const stored = new Map(rows.map((row) => [row.nodeId, row.value]));
  for (const [node, names] of wanted) {
    const [before, now] = [new Set(viewsOf(stored.get(node))), new Set(viewsOf(names))];
    const others = await servicesOfViews(tx, [...before.symmetricDifference(now)]);
    for (const serviceId of others) work.of(node).keys.services.add(serviceId);
  }
}

/** `sums`: what they were. */
export async function changedSections(
  tx: PoolClient,
  compiler: Compiler,
  work: SectionWork,
  sums: ReadonlyMap<string, Sum>,
): Promise<SectionChanges> {
  if (work.nodes.size === 0) return { parts: [], sums: new Map() };
  const names = await readNames(tx, work);
  await addSeen(tx, work, names);
  const wanted = await readValues(tx, compiler, work, names);
  const stored = await readStored(tx, work);
  const parts: PartRow[] = [];
  const changed = new Map<string, Sum>();
  for (const nodeId of work.nodes.keys()) {
    const before = sums.get(nodeId) ?? 0n;
    let sum = before;
    const there = new Map((stored.get(nodeId) ?? []).map((row) => [`${row.list}/${row.key}`, row]));
    for (const [at, { list, key, value }] of wanted.get(nodeId) ?? []) {
      const old = there.get(at)?.value ?? (list === 'names' ? noSections.names : undefined);
      there.delete(at);
      if (old !== undefined && canonicalJson(old) === canonicalJson(value)) continue;
      parts.push({ nodeId, list, key, value });
      sum = plus(minus(sum, old === undefined ? 0n : partDigest(list, old)), partDigest(list, value));
    }
    for (const { list, key, value } of there.values()) {
      parts.push({ nodeId, list, key, value: null });
      sum = minus(sum, partDigest(list, value));
    }
    if (sum !== before) changed.set(nodeId, sum);
  }
  return { parts, sums: changed };
}
