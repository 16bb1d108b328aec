/**
 * What a deployment holds, as a function of its state: claims are the difference between before and after, so that what
 * is held can't drift from what the stream says.
 *
 * - Its name, until it is deleted.
 * - On each node: the sum of its instances there, stopping ones counted; and of each group that it keeps apart from others,
 *   the node itself.
 *
 * Of the quotas it takes the most that it can come to hold without another command, so the surge of a rollout is reserved
 * before it starts (MISSION B4), and no step of a rollout ever takes more. That is no claim of this context: the ledger
 * is tenancy's, and is told by `HoldingChanged`.
 */
import type { Claim } from '@atoll/events/decider';
import { resourcesOf } from '@atoll/schema/deploy/processes';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import type { NodeView } from '../placement/node-view.ts';
import { keptAfter } from '../placement/place.ts';
import type { Placer } from '../placement/placer.ts';
import { type Amounts, measures, nothing } from './amounts.ts';
import { type Active, type Body, baseOf, ceiling, type Deleting, type Deployment } from './deployment.ts';
import { nodeUnchanged } from './node.ts';
import { termsUnchanged } from './placement-terms.ts';
import { poolUnchanged } from './pool.ts';
import { placerOf, termsIn, type World } from './world.ts';

export const NAMESPACE_OPEN = 'namespace-open';
export const DEPLOYMENT_NAME = 'deployment-name';
/** What a command's commit must come before the end of. */
export const RESERVATION = 'reservation';
/** Which deployment of a group has a node: `<namespace>/<group>/<node>`. */
export const APART = 'apart';
/** Which tenant a node is kept for. Stays when its last instance goes: whoever comes next lets go of it. */
export const NODE_KEPT = 'node-kept';
export const nodeSets = { cpuMillis: 'node-cpu', memoryMiB: 'node-memory', instances: 'node-instances' } as const;

/** Who places, on the nodes as they were seen; null where nothing can be placed. */
export type Placing = { readonly world: World; readonly tenant: Id<'tenant'> } | null;

export function claimsOf(before: Deployment, after: Deployment, placing: Placing): readonly Claim[] {
  return [
    ...nameClaims(before, after),
    ...apartClaims(before, after),
    ...nodeClaims(before, after, placing),
    ...placingClaims(before, after, placing),
  ];
}

const bodyOf = (state: Deployment): Active | Deleting | null =>
  state.status === 'ACTIVE' || state.status === 'DELETING' ? state : null;

function nameClaims(before: Deployment, after: Deployment): readonly Claim[] {
  const claim = (body: Body) =>
    ({
      kind: 'unique',
      set: DEPLOYMENT_NAME,
      key: `${body.namespaceId}/${body.name}`,
      owner: body.deploymentId,
    }) as const;
  const had = bodyOf(before);
  const has = bodyOf(after);
  if (had === null && has !== null) return [{ op: 'take', ...claim(has) }];
  if (had !== null && has === null) return [{ op: 'release', ...claim(had) }];
  return [];
}

function nodeClaims(before: Deployment, after: Deployment, placing: Placing): readonly Claim[] {
  const body = bodyOf(before) ?? bodyOf(after);
  if (body === null) return [];
  const owner = body.deploymentId;
  const nodes = placing?.world.nodes ?? [];
  const had = onNodes(before);
  const has = onNodes(after);
  const nodeIds = [...new Set([...had.keys(), ...has.keys()])].sort();
  return nodeIds.flatMap((key) => {
    const view = nodes.find((node) => node.nodeId === key);
    const limit = view === undefined ? null : { ...view.capacity, instances: view.maxInstances };
    const [now, then] = [had.get(key) ?? nothing, has.get(key) ?? nothing];
    const kept =
      placing && view && then.instances > now.instances
        ? keptClaims(view, placerOf(placing.tenant, body, placing.world), owner)
        : [];
    return [...kept, ...differences(nodeSets, key, owner, now, then, limit)];
  });
}

/** Others of its groups are on none of its nodes: who is there first has the node for the group. */
function apartClaims(before: Deployment, after: Deployment): readonly Claim[] {
  const body = bodyOf(before) ?? bodyOf(after);
  if (body === null) return [];
  const [had, has] = [apartKeys(before), apartKeys(after)];
  const mark = { kind: 'unique', set: APART, owner: body.deploymentId } as const;
  return [
    ...[...had].filter((key) => !has.has(key)).map((key): Claim => ({ op: 'release', ...mark, key })),
    ...[...has].filter((key) => !had.has(key)).map((key): Claim => ({ op: 'take', ...mark, key })),
  ];
}

export const apartKey = (namespaceId: Id<'namespace'>, group: string, nodeId: string) =>
  `${namespaceId}/${group}/${nodeId}`;

function apartKeys(state: Deployment): ReadonlySet<string> {
  const body = bodyOf(state);
  if (body === null || body.placement.apart.length === 0) return new Set();
  const nodeIds = [...onNodes(state).keys()];
  return new Set(
    body.placement.apart.flatMap((group) => nodeIds.map((nodeId) => apartKey(body.namespaceId, group, nodeId))),
  );
}

/** What a place was chosen by still holds: what the tenant may use, and what the operator says of each node and its pool. */
function placingClaims(before: Deployment, after: Deployment, placing: Placing): readonly Claim[] {
  const body = bodyOf(after);
  if (body === null || placing === null) return [];
  const had = onNodes(before);
  const comes = new Set(
    [...onNodes(after)].flatMap(([nodeId, { instances }]) =>
      instances > (had.get(nodeId)?.instances ?? 0) ? [nodeId] : [],
    ),
  );
  if (comes.size === 0) return [];
  const views = placing.world.nodes.filter(({ nodeId }) => comes.has(nodeId));
  const pools = new Map(views.map(({ pool }) => [pool.poolId, pool]));
  return [
    ...termsUnchanged(placing.tenant, termsIn(placing.world), body.deploymentId),
    ...[...pools.values()].map(({ poolId, revision }) => poolUnchanged(poolId, revision)),
    ...views.flatMap(({ nodeId, revision }) => nodeUnchanged(nodeId, revision, body.deploymentId)),
  ];
}

/**
 * Nobody else's instance is on a node that is kept for a tenant, over any number of schedulers that place at once.
 * - It becomes kept only while nothing at all runs on it, and everybody's again only then: both are asked in the commit, as
 *   the limit of 0 that is set on what its instances hold, and taken back at once.
 * - Whoever joins the tenant on it requires that it still is kept for that tenant; whoever places on one that is everybody's
 *   takes the mark and lets go of it in the same commit, which nobody can who meets it held.
 */
function keptClaims(view: NodeView, placer: Placer, owner: Id<'deployment'>): readonly Claim[] {
  const { nodeId: key, keptFor, used } = view;
  const mark = { kind: 'unique', set: NODE_KEPT, key } as const;
  const after = keptAfter(view, placer);
  if (after !== null && after === keptFor && used.instances > 0) {
    return [{ op: 'require', set: NODE_KEPT, key, owner: after }];
  }
  const asEmpty = { op: 'limit', kind: 'amount', set: nodeSets.instances, key } as const;
  const empty: readonly Claim[] = [
    { ...asEmpty, limit: 0 },
    { ...asEmpty, limit: null },
  ];
  const letGo: readonly Claim[] = keptFor === null ? [] : [{ op: 'release', ...mark, owner: keptFor }];
  if (after !== null) return [...empty, ...letGo, { op: 'take', ...mark, owner: after }];
  if (keptFor !== null) return [...empty, ...letGo];
  return [
    { op: 'take', ...mark, owner },
    { op: 'release', ...mark, owner },
  ];
}

function differences(
  sets: Record<(typeof measures)[number], string>,
  key: string,
  owner: string,
  had: Amounts,
  has: Amounts,
  limits: Amounts | null,
): readonly Claim[] {
  return measures.flatMap((measure): readonly Claim[] => {
    const amount = has[measure];
    if (amount === had[measure]) return [];
    const claim = { kind: 'amount', set: sets[measure], key, owner } as const;
    if (amount === 0) return [{ op: 'release', ...claim }];
    // Less than before is always allowed, even where the limit has since become smaller still.
    const limit = amount > had[measure] ? (limits?.[measure] ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER;
    return [{ op: 'take', ...claim, amount, limit }];
  });
}

/** What its instances take of each node. */
export function onNodes(state: Deployment): ReadonlyMap<Id<'node'>, Amounts> {
  const sums = new Map<Id<'node'>, Amounts>();
  for (const { nodeId, resources } of bodyOf(state)?.instances.list() ?? []) {
    const sum = sums.get(nodeId) ?? nothing;
    sums.set(nodeId, {
      cpuMillis: sum.cpuMillis + resources.cpuMillis,
      memoryMiB: sum.memoryMiB + resources.memoryMiB,
      instances: sum.instances + 1,
    });
  }
  return sums;
}

/** The most that it holds now or comes to hold by itself. */
export function reserved(state: Deployment): Amounts {
  const body = bodyOf(state);
  if (body === null) return nothing;
  const all = body.instances.list();
  const most = body.status === 'DELETING' ? 0 : ceiling(body);
  return {
    cpuMillis: peak(all, body, most, (resources) => resources.cpuMillis),
    memoryMiB: peak(all, body, most, (resources) => resources.memoryMiB),
    instances: Math.max(all.length, most),
  };
}

/**
 * Any later mixture is some of today's instances and, for the rest, new ones: of the target, or of what lost ones are
 * replaced by while the rollout stands still; `most` of them at most.
 */
function peak(
  instances: readonly { resources: Resources }[],
  body: Body,
  most: number,
  measure: (resources: Resources) => number,
): number {
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  const today = instances.map((instance) => measure(instance.resources));
  const next = [body.target, baseOf(body)].flatMap((release) =>
    release === null ? [] : [measure(resourcesOf(release.spec))],
  );
  const future = next.length === 0 ? [] : Array<number>(most).fill(Math.max(...next));
  const largest = [...today, ...future].sort((a, b) => b - a).slice(0, most);
  return Math.max(sum(today), sum(largest));
}
