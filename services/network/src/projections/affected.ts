/** Which nodes' rules may have changed, and by which event last. */
import type { PoolClient } from 'pg';
import type { RulesTouch } from './touch.ts';

/** Pairs of namespaces that a policy ties together. */
interface Tie {
  readonly namespace_id: string;
  readonly other_id: string;
}

async function readTies(tx: PoolClient, namespaces: readonly string[]): Promise<Tie[]> {
  const { rows } = await tx.query<Tie>(
    `select distinct one.namespace_id, other.namespace_id as other_id
     from network.policy_concerns one join network.policy_concerns other using (policy_id)
     where one.namespace_id = any($1)`,
    [namespaces],
  );
  return rows;
}

async function readHosts(tx: PoolClient, namespaces: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await tx.query<{ namespace_id: string; node_id: string }>(
    `select distinct namespace_id, node_id from network.endpoint
     where namespace_id = any($1) and status <> 'refused'`,
    [namespaces],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.namespace_id)].map(([id, group]) => [id, group.map((row) => row.node_id)]),
  );
}

/** What may have changed a node's rules. */
export interface Affected {
  /** Position of the newest such event. */
  generation: number;
  /** Of these events, the newest first. */
  readonly traces: { readonly generation: number; readonly traceparent: string }[];
}

/** Namespaces of endpoints that came, went, or are reached otherwise. */
function movedIn(touch: RulesTouch): readonly string[] {
  switch (touch.kind) {
    case 'endpoint':
      return [touch.namespaceId];
    case 'node':
      return touch.namespaces;
    case 'policy':
      return [];
    default:
      return touch satisfies never;
  }
}

/** By node. Read after the tables have all of the events. */
export async function affectedNodes(tx: PoolClient, touches: readonly RulesTouch[]): Promise<Map<string, Affected>> {
  const moved = touches.flatMap(movedIn);
  const tied = new Map<string, Set<string>>();
  for (const { namespace_id, other_id } of await readTies(tx, [...new Set(moved)])) {
    tied.set(namespace_id, (tied.get(namespace_id) ?? new Set()).add(other_id));
  }
  const namespacesOf = (touch: RulesTouch) =>
    touch.kind === 'policy' ? touch.namespaces : movedIn(touch).flatMap((one) => [...(tied.get(one) ?? [])]);
  const hosts = await readHosts(tx, [...new Set(touches.flatMap(namespacesOf))]);

  const affected = new Map<string, Affected>();
  for (const touch of touches) {
    const nodes = namespacesOf(touch).flatMap((namespace) => hosts.get(namespace) ?? []);
    if (touch.kind === 'endpoint') nodes.push(touch.nodeId);
    for (const node of new Set(nodes)) {
      const one = affected.get(node) ?? { generation: 0, traces: [] };
      affected.set(node, one);
      one.generation = Math.max(one.generation, touch.position);
      const { position: generation, traceparent } = touch;
      if (traceparent !== null && one.traces[0]?.traceparent !== traceparent)
        one.traces.unshift({ generation, traceparent });
    }
  }
  return affected;
}
