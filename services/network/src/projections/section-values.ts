/** The lists of nodes' rules that aren't the compiler's, as they are to be now: what is asked for of them. */
import { emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { keyOfPart } from '@atoll/schema/node/rules-changes';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import { compileRemote, type TunnelEnds } from '../compile/remotes.ts';
import { readEntrances, readLed, readMappings } from './outside.ts';
import { pairsOf, type SectionWork } from './section-work.ts';
import { readServices, readSomeServices } from './services.ts';
import { readTunnelEnds } from './tunnel-ends.ts';

export type Sections = Omit<RuleSet, 'endpoints' | 'chains' | 'sets' | 'policies'>;
const { endpoints: _, chains: __, sets: ___, policies: ____, ...none } = emptyRuleSet;
export const noSections: Sections = none;
export const sectionLists = Object.keys(none) as readonly (keyof Sections)[];

/** By list and key. */
export type Values = Map<string, { readonly list: keyof Sections; readonly key: string; readonly value: unknown }>;

/** What nodes have to do with each other from outside: whom they lead to, and who leads to them. */
interface Outside {
  readonly led: Awaited<ReturnType<typeof readLed>>;
  readonly entrances: Awaited<ReturnType<typeof readEntrances>>;
}
const readOutside = async (tx: PoolClient, nodes: readonly string[]): Promise<Outside> => ({
  led: await readLed(tx, nodes),
  entrances: await readEntrances(tx, nodes),
});

function remotesOf(
  compiler: Compiler,
  node: string,
  others: Iterable<string>,
  ends: TunnelEnds,
  { led, entrances }: Outside,
) {
  const leading = new Set(entrances.get(node)?.map(({ nodeId }): string => nodeId));
  return [...others].sort().flatMap((other) => {
    const end = ends.get(other);
    if (end === undefined) return [];
    const named = [...compiler.named(node, other), ...(led.get(node)?.get(other) ?? [])];
    return named.length === 0 && !leading.has(other) ? [] : [compileRemote(named, end)];
  });
}

/** All of them, of some nodes; none of them leans on what the nodes have. */
export async function readWhole(
  tx: PoolClient,
  compiler: Compiler,
  nodes: readonly string[],
): Promise<Map<string, Sections>> {
  if (nodes.length === 0) return new Map();
  const services = await readServices(tx, nodes);
  const mappings = await readMappings(tx, nodes, null);
  const outside = await readOutside(tx, nodes);
  const others = new Map(
    nodes.map((node): [string, ReadonlySet<string>] => {
      const from = outside.entrances.get(node)?.map(({ nodeId }) => nodeId) ?? [];
      return [node, new Set([...compiler.namedBy(node), ...(outside.led.get(node)?.keys() ?? []), ...from])];
    }),
  );
  const ends = await readTunnelEnds(tx, [...new Set([...others.values()].flatMap((those) => [...those]))]);
  return new Map(
    nodes.map((node): [string, Sections] => {
      const remotes = remotesOf(compiler, node, others.get(node) ?? [], ends, outside);
      const entrances = outside.entrances.get(node) ?? [];
      const own = { mappings: mappings.get(node) ?? [], entrances, remotes };
      return [node, { ...noSections, ...services.get(node), ...own }];
    }),
  );
}

async function readServing(tx: PoolClient, instances: readonly string[]): Promise<Map<string, string>> {
  if (instances.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; node: string }>(
    `select instance_id as id, node_id as node from network.endpoint
     where instance_id = any($1) and status <> 'refused' and serving in ('serving', 'withdrawn')`,
    [instances],
  );
  return new Map(rows.map((row) => [row.id, row.node]));
}

/** Those that somebody sees, or doesn't see any more, who sees these views from now on. */
export async function servicesOfViews(tx: PoolClient, views: readonly string[]): Promise<string[]> {
  if (views.length === 0) return [];
  const { rows } = await tx.query<{ id: string }>(
    `select s.service_id as id from network.service s join network.namespace n using (namespace_id)
     where n.environment_id = any($1) or n.namespace_id = any($1)`,
    [views],
  );
  return rows.map((row) => row.id);
}

/** The names of nodes where they are asked for, but of none that is asked for whole. */
export async function readNames(tx: PoolClient, work: SectionWork): Promise<Map<string, Sections['names']>> {
  const nodes = [...work.nodes].flatMap(([node, { whole, names }]) => (names && !whole ? [node] : []));
  if (nodes.length === 0) return new Map();
  const services = await readServices(tx, nodes, 'names');
  return new Map(nodes.map((node) => [node, services.get(node)?.names ?? noSections.names]));
}

/** What there is to be of what the work asks for, by node. */
export async function readValues(
  tx: PoolClient,
  compiler: Compiler,
  work: SectionWork,
  names: ReadonlyMap<string, Sections['names']>,
): Promise<Map<string, Values>> {
  const [services, serving, mappings, entrances, remotes] = [
    pairsOf(work, 'services'),
    pairsOf(work, 'serving'),
    pairsOf(work, 'mappings'),
    pairsOf(work, 'entrances'),
    pairsOf(work, 'remotes'),
  ];
  const once = (keys: readonly string[]) => [...new Set(keys)];
  const whole = await readWhole(
    tx,
    compiler,
    [...work.nodes].flatMap(([node, one]) => (one.whole ? [node] : [])),
  );
  const some = await readSomeServices(tx, once(services.keys), once(services.nodes));
  const servingOn = await readServing(tx, once(serving.keys));
  const mapped = await readMappings(tx, once(mappings.nodes), once(mappings.keys));
  const outside = await readOutside(tx, once([...entrances.nodes, ...remotes.nodes]));
  const ends = await readTunnelEnds(tx, once(remotes.keys));

  return new Map(
    [...work.nodes].map(([node, { keys }]): [string, Values] => {
      const values: Values = new Map();
      const put = (list: keyof Sections, value: unknown) => {
        const key = keyOfPart(list, value);
        values.set(`${list}/${key}`, { list, key, value });
      };
      const all = whole.get(node);
      if (all !== undefined) {
        for (const list of sectionLists) for (const one of list === 'names' ? [all.names] : all[list]) put(list, one);
        return [node, values];
      }
      const named = names.get(node);
      if (named !== undefined) put('names', named);
      for (const key of keys.services) {
        const service = some.rules.get(key);
        if (service !== undefined && some.sees(node, key)) put('services', service);
      }
      for (const key of keys.serving) if (servingOn.get(key) === node) put('serving', key);
      for (const one of mapped.get(node) ?? []) if (keys.mappings.has(one.portMappingId)) put('mappings', one);
      for (const one of outside.entrances.get(node) ?? []) if (keys.entrances.has(one.nodeId)) put('entrances', one);
      for (const one of remotesOf(compiler, node, keys.remotes, ends, outside)) put('remotes', one);
      return [node, values];
    }),
  );
}
