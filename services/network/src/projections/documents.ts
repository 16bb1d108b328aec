/**
 * The compiled rules of each node, kept in the transaction that changes what they follow from. A generation moves only
 * when the content does. What is written is what has changed: parts of nodes, members of sets.
 */
import { type Id, id } from '@atoll/schema/ids';
import { hashOf, plus, type Sum } from '@atoll/schema/node/rules-hash';
import { maxTraces } from '@atoll/schema/node/trace';
import type { PoolClient } from 'pg';
import { type Affected, addTouched, createAffected, isOfEverybody } from './affected.ts';
import type { Compilation, Opened } from './compilation.ts';
import { addDifferences } from './differences.ts';
import { readIntent } from './intent.ts';
import { type IntentRef, intentRef } from './intent-refs.ts';
import { type PartRow, refreshSets, writeParts, writeSets } from './parts.ts';
import type { NetworkRecord } from './record.ts';
import { createRuleSum, type NodeSum, type RuleSum } from './rule-changes.ts';
import { createSectionWork, type SectionWork } from './section-work.ts';
import { changedSections } from './sections.ts';
import type { Touch } from './touch.ts';

/** How many generations of a node a report may still name. */
const keptGenerations = 64;

const parseSum = (hex: string): Sum => (hex === '' ? 0n : BigInt(`0x${hex}`));

interface Head {
  readonly core: Sum | null;
  readonly sections: Sum;
  readonly hash: string | null;
}

async function readHeads(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, Head>> {
  const { rows } = await tx.query<{ node_id: string; core: string; sections: string; hash: string }>(
    'select node_id, core, sections, hash from network.node_document where node_id = any($1)',
    [nodes],
  );
  return new Map(
    rows.map((row) => [
      row.node_id,
      { core: row.core === '' ? null : parseSum(row.core), sections: parseSum(row.sections), hash: row.hash },
    ]),
  );
}

interface NewHead {
  readonly nodeId: string;
  readonly core: Sum;
  readonly sections: Sum;
}

async function writeHeads(
  tx: PoolClient,
  heads: readonly NewHead[],
  generation: number,
  affected: Affected,
): Promise<void> {
  const nodes = heads.map(({ nodeId }) => nodeId);
  const hashes = heads.map(({ core, sections }) => hashOf(plus(core, sections)));
  await tx.query(
    `insert into network.node_document as d (node_id, generation, hash, core, sections, traces)
     select node_id, $2, hash, core, sections, traces::jsonb
     from unnest($1::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as new (node_id, hash, core, sections, traces)
     on conflict (node_id) do update set
       generation = excluded.generation, hash = excluded.hash, core = excluded.core, sections = excluded.sections,
       compiled_at = now(), traces = jsonb_path_query_array(excluded.traces || d.traces, '$[0 to ${maxTraces - 1}]')`,
    [
      ...[nodes, generation, hashes],
      ...[heads.map(({ core }) => hashOf(core)), heads.map(({ sections }) => hashOf(sections))],
      nodes.map((nodeId) => JSON.stringify(affected.traces(nodeId, generation))),
    ],
  );
  await tx.query(
    `insert into network.node_generation (node_id, generation, hash) select node_id, $2, hash
     from unnest($1::text[], $3::text[]) as new (node_id, hash)
     on conflict (node_id, generation) do update set hash = excluded.hash`,
    [nodes, generation, hashes],
  );
  await tx.query(
    `delete from network.node_generation g using unnest($1::text[]) as n (node_id)
     where g.node_id = n.node_id and g.generation <= (
       select generation from network.node_generation o where o.node_id = n.node_id order by generation desc offset $2 limit 1
     )
     -- What the node has and what came right after it stay, however far it is behind: its next report names the one, and since
     -- when it lags is told by the other.
     and g.generation is distinct from (select generation from network.node_applied a where a.node_id = n.node_id)
     and g.generation is distinct from (
       select min(o.generation) from network.node_generation o where o.node_id = n.node_id and o.generation >
         coalesce((select generation from network.node_applied a where a.node_id = n.node_id), 0)
     )`,
    [nodes, keptGenerations],
  );
}

const partsOf = (nodeId: string, { parts }: NodeSum): PartRow[] =>
  Object.entries(parts).flatMap(([list, changes]) =>
    [...changes].map(([key, value]) => ({ nodeId, list, key, value })),
  );

/** Writes what has changed; answers with the nodes whose rules did. */
async function write(
  tx: PoolClient,
  { compiler }: Opened,
  sum: RuleSum,
  affected: Affected,
  work: SectionWork,
  generation: number,
  pools: boolean,
): Promise<Id<'node'>[]> {
  // Also where no node has them yet: the compiler tells of a set once.
  await writeSets(tx, sum.sets, generation);
  const nodes = [...new Set([...affected.nodes, ...sum.nodes.keys()])].sort();
  if (nodes.length === 0) return [];
  const heads = await readHeads(tx, nodes);
  const { parts, sums } = await changedSections(
    tx,
    compiler,
    work,
    new Map(nodes.map((node) => [node, heads.get(node)?.sections ?? 0n])),
  );
  const changed = nodes.flatMap((nodeId): NewHead[] => {
    const before = heads.get(nodeId);
    const core = parseSum(sum.nodes.get(nodeId)?.hash ?? compiler.hash(nodeId));
    const sections = sums.get(nodeId) ?? before?.sections ?? 0n;
    const same = before !== undefined && before.hash === hashOf(plus(core, sections)) && before.core === core;
    // The platform's pools are part of every node's document: with others, each gets a newer generation of what it has.
    return same && !pools ? [] : [{ nodeId, core, sections }];
  });
  await writeParts(tx, [...parts, ...[...sum.nodes].flatMap(([nodeId, one]) => partsOf(nodeId, one))], generation);
  const refreshed = [...sum.nodes].flatMap(([nodeId, one]) => [...one.refreshed].map((name) => ({ nodeId, name })));
  await refreshSets(tx, refreshed, generation);
  if (changed.length > 0) await writeHeads(tx, changed, generation, affected);
  return changed.map(({ nodeId }) => id('node').parse(nodeId));
}

/** Of what changes by these events. Those that were put aside come later than newer ones: a generation rises all the same. */
export const nextGeneration = (newest: number, records: readonly NetworkRecord[]): number =>
  Math.max(newest + 1, ...records.map((record) => record.position));

/** Compiles what the events have changed, of which the tables know already; answers with the nodes whose rules did change. */
export async function recompile(
  tx: PoolClient,
  compilation: Compilation,
  opened: Opened,
  records: readonly NetworkRecord[],
  touches: readonly Touch[],
): Promise<Id<'node'>[]> {
  const { compiler } = opened;
  const told = records.flatMap((record): { record: NetworkRecord; ref: IntentRef }[] => {
    const ref = intentRef(record);
    return ref === null ? [] : [{ record, ref }];
  });
  const intent = await readIntent(
    tx,
    told.map(({ ref }) => ref),
  );
  const sum = createRuleSum();
  const affected = createAffected();
  const work = createSectionWork();
  for (const { record, ref } of told) {
    intent.tell(compiler, ref);
    const changes = compiler.take();
    sum.add(changes);
    for (const { nodeId } of changes.nodes) affected.because(nodeId, record);
    for (const [nodeId, others] of changes.remotes) {
      affected.because(nodeId, record);
      for (const other of others) work.of(nodeId).keys.remotes.add(other);
    }
  }
  await addTouched(tx, compiler, touches, affected, work);
  if (opened.otherVersion) {
    await addDifferences(tx, compiler, sum);
    for (const nodeId of sum.nodes.keys()) work.of(nodeId).whole = true;
  }
  const generation = nextGeneration(opened.generation, records);
  const pools = touches.some(isOfEverybody);
  const nodes = await write(tx, opened, sum, affected, work, generation, pools);
  await compilation.save(tx, nodes.length > 0 ? generation : opened.generation);
  return nodes;
}

/** Everything anew, where another version of the compiler has made what is there. Answers with the nodes whose rules changed. */
export async function recompileAll(tx: PoolClient, compilation: Compilation): Promise<Id<'node'>[]> {
  const opened = await compilation.open(tx);
  // Another process was faster.
  if (!opened.otherVersion) return [];
  return recompile(tx, compilation, opened, [], []);
}
