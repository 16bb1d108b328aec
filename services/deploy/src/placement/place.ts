/** Chooses nodes for instances, one after the other, each seeing the ones before it. */
import type { PlacementDecision } from '@atoll/schema/deploy/placement';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { Field } from './field.ts';
import type { NodeView } from './node-view.ts';
import type { Placer } from './placer.ts';
import { createSearch, look, type Peers, take } from './search.ts';

export interface Placement {
  readonly nodeId: Id<'node'>;
  readonly decision: PlacementDecision;
}

/** Up to `count` instances. Where no more fit, `unplaced` says why, of the next one. */
export function placeAll(
  count: number,
  need: Resources,
  nodes: readonly NodeView[],
  peers: Peers,
  placer: Placer,
): { readonly placements: readonly Placement[]; readonly unplaced: PlacementDecision | null } {
  const placements: Placement[] = [];
  if (count <= 0) return { placements, unplaced: null };
  const field = new Field(nodes);
  const search = createSearch(field, need, peers, placer);
  while (placements.length < count) {
    const { index, decision } = look(search);
    const nodeId = index === null ? undefined : field.nodes[index]?.nodeId;
    if (index === null || nodeId === undefined) return { placements, unplaced: decision };
    placements.push({ nodeId, decision });
    take(search, index);
  }
  return { placements, unplaced: null };
}

export const placeMany = (...given: Parameters<typeof placeAll>): readonly Placement[] => placeAll(...given).placements;

/** Whom a node is kept for once something of the placer's is on it. */
export const keptAfter = ({ keptFor, used }: NodeView, { tenant, nodes }: Pick<Placer, 'tenant' | 'nodes'>) =>
  nodes === 'own' || (keptFor === tenant && used.instances > 0) ? tenant : null;
