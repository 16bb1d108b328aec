/**
 * The compiled rules of each node, kept in the transaction that changes what they follow from. A generation moves only
 * when the content does; every address that leaves a node's rules is written down until the node confirms it.
 */
import type { Id } from '@atoll/schema/ids';
import type { RuleSet } from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import { maxTraces } from '@atoll/schema/node/trace';
import type { PoolClient } from 'pg';
import { compileRemotes } from '../compile/remotes.ts';
import { compileNode } from '../compile/rules.ts';
import { type Affected, affectedNodes } from './affected.ts';
import { noIntent, readIntent } from './intent.ts';
import { readServices } from './services.ts';
import type { RulesTouch } from './touch.ts';
import { readTunnelEnds } from './tunnel-ends.ts';

/** How many generations of a node a report may still name. */
const keptGenerations = 64;

interface DocumentRow {
  readonly node_id: string;
  readonly hash: string;
  readonly rules: RuleSet;
}

async function readDocuments(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, DocumentRow>> {
  const { rows } = await tx.query<DocumentRow>(
    'select node_id, hash, rules from network.node_document where node_id = any($1)',
    [nodes],
  );
  return new Map(rows.map((row) => [row.node_id, row]));
}

/** Every IPv4 address that the rules know. The IPv6 one of the same endpoint is always beside it. */
const addressesOf = (rules: RuleSet): Set<string> =>
  new Set([...rules.endpoints.map(({ ipv4 }) => ipv4), ...rules.sets.flatMap(({ ipv4 }) => ipv4)]);

async function writeDocument(
  tx: PoolClient,
  nodeId: string,
  { generation, traces }: Affected,
  hash: string,
  rules: RuleSet,
): Promise<void> {
  await tx.query(
    `insert into network.node_document as d (node_id, generation, hash, rules, traces) values ($1, $2, $3, $4, $5)
     on conflict (node_id) do update set
       generation = excluded.generation, hash = excluded.hash, rules = excluded.rules, compiled_at = now(),
       traces = jsonb_path_query_array(excluded.traces || d.traces, '$[0 to ${maxTraces - 1}]')`,
    [nodeId, generation, hash, JSON.stringify(rules), JSON.stringify(traces.slice(0, maxTraces))],
  );
  await tx.query(
    `insert into network.node_generation (node_id, generation, hash, policies) values ($1, $2, $3, $4)
     on conflict (node_id, generation) do update set hash = excluded.hash, policies = excluded.policies`,
    [nodeId, generation, hash, JSON.stringify(rules.policies)],
  );
  await tx.query(
    `delete from network.node_generation where node_id = $1 and generation <= (
       select generation from network.node_generation where node_id = $1 order by generation desc offset $2 limit 1
     )
     -- What the node has and what came right after it stay, however far it is behind: its next report names the one, and since
     -- when it lags is told by the other.
     and generation is distinct from (select generation from network.node_applied where node_id = $1)
     and generation is distinct from (
       select min(g.generation) from network.node_generation g where g.node_id = $1 and g.generation >
         coalesce((select generation from network.node_applied where node_id = $1), 0)
     )`,
    [nodeId, keptGenerations],
  );
}

async function writeRemovals(
  tx: PoolClient,
  nodeId: string,
  generation: number,
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
): Promise<void> {
  const removed = [...before].filter((address) => !now.has(address));
  const added = [...now].filter((address) => !before.has(address));
  if (removed.length > 0) {
    await tx.query(
      `insert into network.node_removal (node_id, ipv4, generation) select $1, unnest($2::inet[]), $3
       on conflict (node_id, ipv4) do update set generation = excluded.generation, removed_at = now()`,
      [nodeId, removed, generation],
    );
  }
  // What is rightly there again isn't waited for.
  if (added.length > 0) {
    await tx.query('delete from network.node_removal where node_id = $1 and ipv4 = any($2::inet[])', [nodeId, added]);
  }
}

/** Compiles what the touches may have changed; answers with the nodes whose rules did change. */
export async function recompile(tx: PoolClient, touches: readonly RulesTouch[]): Promise<Id<'node'>[]> {
  if (touches.length === 0) return [];
  const affected = await affectedNodes(tx, touches);
  const nodes = [...affected.keys()];
  const intents = await readIntent(tx, nodes);
  const services = await readServices(tx, nodes);
  const documents = await readDocuments(tx, nodes);
  const ends = await readTunnelEnds(tx);
  const changed: Id<'node'>[] = [];
  for (const [node, change] of affected) {
    const nodeId = node as Id<'node'>;
    const intent = intents.get(node) ?? noIntent;
    const local = compileNode(nodeId, intent);
    const remotes = compileRemotes(nodeId, local, intent.endpoints, ends);
    const rules = { ...local, remotes, ...services.get(node) };
    const hash = rulesHash(rules);
    const before = documents.get(node);
    if (before?.hash === hash) continue;
    await writeDocument(tx, node, change, hash, rules);
    await writeRemovals(
      tx,
      node,
      change.generation,
      before ? addressesOf(before.rules) : new Set(),
      addressesOf(rules),
    );
    changed.push(nodeId);
  }
  return changed;
}
