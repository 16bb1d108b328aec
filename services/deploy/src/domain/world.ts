/** What a step is decided on. */
import { noWishes, type PlacementWishes } from '@atoll/schema/deploy/placement';
import type { Id } from '@atoll/schema/ids';
import type { NodeView } from '../placement/node-view.ts';
import type { Placer } from '../placement/placer.ts';
import type { Terms } from './placement-terms.ts';
import { noTerms } from './placement-terms.ts';

type NodeIds = ReadonlySet<Id<'node'>>;

/** The nodes as they are, and ids for the instances to come: no more are placed in one step. */
export interface World {
  readonly nodes: readonly NodeView[];
  /** Namespaces whose instances run on nodes that run no other tenant's. */
  readonly hostNamespaces: ReadonlySet<Id<'namespace'>>;
  /** What the tenant may use. */
  readonly terms?: Terms;
  /** Where other deployments of the namespace are that it wants to be near, by name. */
  readonly near?: ReadonlyMap<string, NodeIds>;
  /** Where other deployments are of groups that it keeps apart from, by group. */
  readonly apart?: ReadonlyMap<string, NodeIds>;
  readonly instanceIds: readonly Id<'instance'>[];
  /** Unix time in ms. */
  readonly now: number;
  /** Nodes could tell of progress for long enough that none having been told means that there is none. */
  readonly judging: boolean;
}

/** Without nodes: nothing is placed. */
export const noWorld: World = { nodes: [], hostNamespaces: new Set(), instanceIds: [], now: 0, judging: false };

/** Those that a tenant has to which nothing was told. */
export const termsIn = ({ terms = noTerms }: World): Terms => terms;

export interface ForWhom {
  readonly namespaceId: Id<'namespace'>;
  readonly placement: PlacementWishes;
}

export const placerOf = (tenant: Id<'tenant'>, { namespaceId, placement }: ForWhom, world: World): Placer => ({
  tenant,
  nodes: world.hostNamespaces.has(namespaceId) ? 'own' : 'any',
  pools: termsIn(world).pools,
  slaClasses: termsIn(world).slaClasses,
  weights: termsIn(world).weights,
  wishes: placement,
  others: union(placement.apart.map((group) => world.apart?.get(group))),
  near: placement.near.map(({ deployment }) => world.near?.get(deployment) ?? nowhere),
});

/** For whoever asks nothing of a place. */
export const anywhere = (namespaceId: Id<'namespace'>): ForWhom => ({ namespaceId, placement: noWishes });

const nowhere: NodeIds = new Set();
const union = (sets: readonly (NodeIds | undefined)[]): NodeIds =>
  sets.length === 0 ? nowhere : new Set(sets.flatMap((set) => [...(set ?? [])]));
