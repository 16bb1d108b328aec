/** Which nodes can take an instance at all. The first rule that says no, in the order of the codes, is the one recorded. */
import type { FilterCode } from '@atoll/schema/deploy/placement';
import { filterCodes } from '@atoll/schema/deploy/placement';
import type { Resources } from '@atoll/schema/deploy/spec';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import { type Field, NO_ZONE } from './field.ts';
import type { PoolView } from './node-view.ts';
import type { Placer } from './placer.ts';

/** A code as a number, so that counting costs nothing. */
export const codeNumber = Object.fromEntries(filterCodes.map((code, index) => [code, index])) as Readonly<
  Record<FilterCode, number>
>;
/** The node can take it. */
export const FITS = -1;

/** What is looked for, for all nodes at once. */
export interface Search {
  readonly field: Field;
  readonly need: Resources;
  readonly placer: Placer;
  /** Of the deployment itself, on each node and in each zone. */
  readonly peers: Int32Array;
  readonly zonePeers: Int32Array;
  /** Of each pool: why it is out of the question, or FITS. */
  readonly poolCodes: Int32Array;
  /** Whether a node has somebody of the groups that the deployment keeps apart from. */
  readonly others: Uint8Array | null;
  /** Of each wish to be near: where that is, by node and by zone. */
  readonly near: readonly { readonly nodes: Uint8Array; readonly zones: Uint8Array }[];
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly zones: Uint8Array | null;
  /** A zone with more peers than this is full; Infinity where skew doesn't matter. */
  mostInZone: number;
}

export const rankOf = (slaClass: PoolView['slaClass']) => slaClasses.indexOf(slaClass);

export function poolCode(pool: PoolView, { pools, slaClasses: given, wishes }: Placer): number {
  if (pools.length > 0 && !pools.includes(pool.name)) return codeNumber.POOL_EXCLUDED;
  if (!given.includes(pool.slaClass)) return codeNumber.CLASS_EXCLUDED;
  const tooLow = wishes.slaClass !== null && rankOf(pool.slaClass) < rankOf(wishes.slaClass);
  return tooLow ? codeNumber.CLASS_TOO_LOW : FITS;
}

/** What has nothing to do with how full nodes are, or where the deployment's own instances are. */
export function standingCode(search: Search, index: number): number {
  const { field, placer, labels } = search;
  const node = field.nodes[index];
  if (node === undefined || node.unreachable !== null) return codeNumber.NOT_READY;
  if (node.closed !== null) return codeNumber.CLOSED;
  const ofPool = search.poolCodes[field.poolOf[index] ?? 0] ?? FITS;
  if (ofPool !== FITS) return ofPool;
  const keptFor = field.keptFor[index] ?? null;
  if (keptFor !== placer.tenant && (field.instances[index] ?? 0) > 0) {
    if (keptFor !== null) return codeNumber.KEPT;
    if (placer.nodes === 'own') return codeNumber.NOT_OWN;
  }
  for (const [key, value] of labels) {
    if ((node.labels[key] ?? node.pool.labels[key]) !== value) return codeNumber.LABELS;
  }
  const zone = field.zoneOf[index] ?? NO_ZONE;
  if (search.zones !== null && (zone === NO_ZONE || search.zones[zone] === 0)) return codeNumber.ZONE;
  return FITS;
}

/** Everything else; asked only of a node that stands. */
export function fittingCode(search: Search, index: number): number {
  const { field, need, placer } = search;
  const { wishes } = placer;
  if (search.others !== null && search.others[index] === 1) return codeNumber.APART;
  if (wishes.maxPerNode !== null && (search.peers[index] ?? 0) >= wishes.maxPerNode) return codeNumber.MAX_PER_NODE;
  const zone = field.zoneOf[index] ?? NO_ZONE;
  for (let rule = 0; rule < wishes.near.length; rule++) {
    const wish = wishes.near[rule];
    if (wish?.required && closeness(search, rule, index, zone, wish.within) < 1) return codeNumber.NEAR;
  }
  if (search.mostInZone !== Number.POSITIVE_INFINITY) {
    if (zone === NO_ZONE || (search.zonePeers[zone] ?? 0) > search.mostInZone) return codeNumber.ZONE_SKEW;
  }
  if ((field.instances[index] ?? 0) >= (field.mostInstances[index] ?? 0)) return codeNumber.INSTANCES;
  if ((field.cpuTotal[index] ?? 0) - (field.cpuUsed[index] ?? 0) < need.cpuMillis) return codeNumber.CPU;
  if ((field.memoryTotal[index] ?? 0) - (field.memoryUsed[index] ?? 0) < need.memoryMiB) return codeNumber.MEMORY;
  return FITS;
}

/** 1: as close as is wished; 0.5: in the zone of what it should share a node with; 0: elsewhere. */
export function closeness(search: Search, rule: number, index: number, zone: number, within: 'NODE' | 'ZONE'): number {
  const near = search.near[rule];
  if (near === undefined) return 0;
  if (near.nodes[index] === 1) return 1;
  if (zone === NO_ZONE || near.zones[zone] === 0) return 0;
  return within === 'ZONE' ? 1 : 0.5;
}

/** For people. */
export function reasonText(search: Search, index: number, code: FilterCode): string {
  const { field, need, placer } = search;
  const node = field.nodes[index];
  if (node === undefined) return '';
  const { wishes } = placer;
  const { pool } = node;
  const used = field.instances[index] ?? 0;
  switch (code) {
    case 'NOT_READY':
      return `not ready: ${node.unreachable ?? ''}`.slice(0, 500);
    case 'CLOSED':
      return `closed by the operator: ${node.closed ?? ''}`.slice(0, 500);
    case 'POOL_EXCLUDED':
      return `in the pool ${pool.name}, and the tenant may use ${placer.pools.slice(0, 5).join(', ')}`;
    case 'CLASS_EXCLUDED':
      return `of the class ${pool.slaClass}, and the tenant may use ${placer.slaClasses.join(', ')}`;
    case 'CLASS_TOO_LOW':
      return `of the class ${pool.slaClass}, and ${wishes.slaClass ?? ''} is asked for`;
    case 'KEPT':
      return 'kept for a tenant with nodes of its own';
    case 'NOT_OWN':
      return 'not of its own: runs instances that other tenants may run beside';
    case 'LABELS': {
      const [key, value] = search.labels.find(([key, value]) => (node.labels[key] ?? pool.labels[key]) !== value) ?? [];
      const has = node.labels[key ?? ''] ?? pool.labels[key ?? ''];
      return `needs the label ${key}=${value}, ${has === undefined ? 'and has no such label' : `and has ${key}=${has}`}`;
    }
    case 'ZONE':
      return `${node.zone === null ? 'in no zone' : `in the zone ${node.zone}`}, and must be in ${wishes.zones.slice(0, 5).join(', ')}`;
    case 'APART':
      return `runs another deployment of ${wishes.apart.join(' or ')}`;
    case 'MAX_PER_NODE':
      return `has ${search.peers[index] ?? 0} instances of the deployment, and may have ${wishes.maxPerNode ?? 0}`;
    case 'NEAR': {
      const names = wishes.near.filter(({ required }) => required).map(({ deployment }) => deployment);
      return `not near ${names.join(' and ')}`;
    }
    case 'ZONE_SKEW':
      return node.zone === null
        ? 'in no zone, and the deployment is spread over zones'
        : `its zone ${node.zone} would have more than ${wishes.zoneSkew ?? 0} instances above the one with the fewest`;
    case 'INSTANCES':
      return `full: runs ${used} of at most ${node.maxInstances} instances`;
    case 'CPU':
      return short('thousandths of a core', field.cpuTotal[index], field.cpuUsed[index], need.cpuMillis);
    case 'MEMORY':
      return short('MiB', field.memoryTotal[index], field.memoryUsed[index], need.memoryMiB);
    case 'OTHER':
      return '';
    default:
      return code satisfies never;
  }
}

const short = (unit: string, total = 0, used = 0, need: number) =>
  `needs ${need} ${unit}, ${Math.max(0, total - used)} of ${total} are free`;
