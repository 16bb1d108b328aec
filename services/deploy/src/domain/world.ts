/** What a step is decided on. */
import type { Id } from '@atoll/schema/ids';
import type { NodeView } from '../placement/node-view.ts';
import type { Placer } from '../placement/placer.ts';

/** The nodes as they are, and ids for the instances to come: no more are placed in one step. */
export interface World {
  readonly nodes: readonly NodeView[];
  /** Namespaces whose instances run on nodes that run no other tenant's. */
  readonly hostNamespaces: ReadonlySet<Id<'namespace'>>;
  readonly instanceIds: readonly Id<'instance'>[];
  /** Unix time in ms. */
  readonly now: number;
  /** Nodes could tell of progress for long enough that none having been told means that there is none. */
  readonly judging: boolean;
}

export const placerOf = (tenant: Id<'tenant'>, namespaceId: Id<'namespace'>, { hostNamespaces }: World): Placer => ({
  tenant,
  nodes: hostNamespaces.has(namespaceId) ? 'own' : 'any',
});
