/** Which nodes' other lists (services, names, mappings, remotes) may have changed, and which requests changed a node's rules. */
import { maxTraces } from '@atoll/schema/node/trace';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import type { Touch } from './touch.ts';

export interface Traced {
  readonly position: number;
  readonly traceparent: string | null;
}

export type Traces = readonly { readonly generation: number; readonly traceparent: string }[];

/** By node. */
export interface Affected {
  readonly nodes: ReadonlySet<string>;
  because(nodeId: string, cause: Traced): void;
  /** The newest first. */
  traces(nodeId: string, generation: number): Traces;
}

export function createAffected(): Affected & { readonly nodes: Set<string> } {
  const nodes = new Set<string>();
  const traces = new Map<string, string[]>();
  return {
    nodes,
    because(nodeId, { traceparent }) {
      nodes.add(nodeId);
      if (traceparent === null) return;
      const known = traces.get(nodeId) ?? [];
      traces.set(nodeId, [traceparent, ...known.filter((one) => one !== traceparent)].slice(0, maxTraces));
    },
    traces: (nodeId, generation) => (traces.get(nodeId) ?? []).map((traceparent) => ({ generation, traceparent })),
  };
}

async function readHosts(tx: PoolClient, namespaces: readonly string[]): Promise<Map<string, string[]>> {
  if (namespaces.length === 0) return new Map();
  const { rows } = await tx.query<{ namespace_id: string; node_id: string }>(
    `select distinct namespace_id, node_id from network.endpoint
     where namespace_id = any($1) and status <> 'refused'`,
    [namespaces],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.namespace_id)].map(([id, group]) => [id, group.map((row) => row.node_id)]),
  );
}

async function readNodes(tx: PoolClient): Promise<string[]> {
  const { rows } = await tx.query<{ node_id: string }>('select node_id from network.node_document');
  return rows.map((row) => row.node_id);
}

/** Read after the tables have all of the events, and the compiler knows them. */
export async function addTouched(
  tx: PoolClient,
  compiler: Compiler,
  touches: readonly Touch[],
  affected: Affected,
): Promise<void> {
  const hosts = await readHosts(tx, [
    ...new Set(touches.flatMap((touch) => (touch.kind === 'policy' ? touch.namespaces : []))),
  ]);
  const everybody = touches.some((touch) => touch.kind === 'pools') ? await readNodes(tx) : [];
  const nodesOf = (touch: Touch): readonly string[] => {
    switch (touch.kind) {
      case 'endpoint':
        return [touch.nodeId];
      case 'node':
        return compiler.nodesThatName(touch.nodeId);
      case 'policy':
        return touch.namespaces.flatMap((namespace) => hosts.get(namespace) ?? []);
      case 'outside':
        return touch.nodes;
      case 'pools':
        return everybody;
      default:
        return touch satisfies never;
    }
  };
  for (const touch of touches) for (const node of new Set(nodesOf(touch))) affected.because(node, touch);
}
