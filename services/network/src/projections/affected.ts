/** Which nodes' other lists (services, names, mappings, remotes) may have changed, and which requests changed a node's rules. */
import { maxTraces } from '@atoll/schema/node/trace';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import { hostsOf, type Lead, leadsNear, leadsOf } from './mappings.ts';
import type { SectionWork } from './section-work.ts';
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

/** By namespace: the nodes with endpoints of its environment. */
async function readHosts(tx: PoolClient, namespaces: readonly string[]): Promise<Map<string, string[]>> {
  if (namespaces.length === 0) return new Map();
  const { rows } = await tx.query<{ namespace_id: string; nodes: string[] }>(
    `select own.namespace_id, array_agg(distinct e.node_id) as nodes
     from network.namespace own
     join network.namespace other on other.namespace_id = own.namespace_id or other.environment_id = own.environment_id
     join network.endpoint e on e.namespace_id = other.namespace_id and e.status <> 'refused'
     where own.namespace_id = any($1) group by own.namespace_id`,
    [namespaces],
  );
  return new Map(rows.map((row) => [row.namespace_id, row.nodes]));
}

/** By service: the nodes that have it in their rules. */
async function readKnowing(tx: PoolClient, services: readonly string[]): Promise<Map<string, string[]>> {
  if (services.length === 0) return new Map();
  const { rows } = await tx.query<{ key: string; nodes: string[] }>(
    `select key, array_agg(node_id) as nodes from network.node_part
     where list = 'services' and key = any($1) and not gone group by key`,
    [services],
  );
  return new Map(rows.map((row) => [row.key, row.nodes]));
}

async function readNodes(tx: PoolClient): Promise<string[]> {
  const { rows } = await tx.query<{ node_id: string }>('select node_id from network.node_document');
  return rows.map((row) => row.node_id);
}

const addAll = (to: Set<string>, keys: readonly string[]) => {
  for (const key of keys) to.add(key);
};

/** What is told to all nodes beside their rules is another. */
export const isOfEverybody = (touch: Touch): boolean =>
  touch.kind === 'pools' || (touch.kind === 'node' && touch.moved);

/** Read after the tables have all of the events, and the compiler knows them. */
export async function addTouched(
  tx: PoolClient,
  compiler: Compiler,
  touches: readonly Touch[],
  affected: Affected,
  work: SectionWork,
): Promise<void> {
  const wide = touches.filter((touch) => touch.kind === 'services' || touch.kind === 'located');
  const hosts = await readHosts(tx, [...new Set(wide.map((touch) => touch.namespaceId))]);
  const knowing = await readKnowing(tx, [
    ...new Set(wide.flatMap((touch) => (touch.kind === 'services' ? touch.serviceIds : []))),
  ]);
  const near = Map.groupBy(
    await leadsNear(
      tx,
      touches.filter((touch) => touch.kind === 'endpoint'),
    ),
    (lead) => lead.host,
  );
  const leads = await leadsOf(
    tx,
    touches.flatMap((touch) => (touch.kind === 'node' ? [touch.nodeId] : [])),
  );
  const led = await hostsOf(tx, [
    ...new Set(touches.flatMap((touch) => (touch.kind === 'mappings' ? touch.namespaces : []))),
  ]);
  const everybody = touches.some(isOfEverybody) ? await readNodes(tx) : [];

  /** What is between a node that answers for addresses and one with instances; answers with the two. */
  function between(announcer: string, host: string, portMappingIds: readonly string[]): string[] {
    addAll(work.of(announcer).keys.mappings, portMappingIds);
    if (announcer === host) return [announcer];
    work.of(announcer).keys.remotes.add(host);
    work.of(host).keys.entrances.add(announcer);
    work.of(host).keys.remotes.add(announcer);
    return [announcer, host];
  }
  const along = (some: readonly Lead[]) =>
    some.flatMap(({ announcer, host, portMappingId }) => between(announcer, host, [portMappingId]));

  function take(touch: Touch): Iterable<string> {
    switch (touch.kind) {
      case 'endpoint': {
        const { nodeId, instanceId, hosted } = touch;
        const own = work.of(nodeId);
        if (hosted) own.names = true;
        own.keys.serving.add(instanceId);
        return [nodeId, ...along(near.get(nodeId) ?? [])];
      }
      case 'services': {
        const nodes = new Set(hosts.get(touch.namespaceId));
        // Who has it sees it, whoever is on the node by now.
        for (const serviceId of touch.serviceIds) for (const node of knowing.get(serviceId) ?? []) nodes.add(node);
        for (const node of nodes) {
          const own = work.of(node);
          if (touch.named) own.names = true;
          addAll(own.keys.services, touch.serviceIds);
        }
        return nodes;
      }
      case 'located': {
        const nodes = hosts.get(touch.namespaceId) ?? [];
        for (const node of nodes) work.of(node).whole = true;
        return nodes;
      }
      case 'mappings':
        return touch.nodes.flatMap((node) => [
          ...between(node, node, touch.portMappingIds),
          ...touch.namespaces.flatMap((id) => (led.get(id) ?? []).flatMap((host) => between(node, host, []))),
        ]);
      case 'node': {
        const nodes = compiler.nodesThatName(touch.nodeId);
        for (const node of nodes) work.of(node).keys.remotes.add(touch.nodeId);
        const own = leads.filter(({ announcer, host }) => announcer === touch.nodeId || host === touch.nodeId);
        return new Set([...nodes, ...along(own), ...(touch.moved ? everybody : [])]);
      }
      case 'pools':
        return everybody;
      default:
        return touch satisfies never;
    }
  }
  for (const touch of touches) for (const node of take(touch)) affected.because(node, touch);
}
