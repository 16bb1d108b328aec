/** Where instances would be placed, and whether what is asked fits any node: nothing is changed. */

import { type EventStore, loadState } from '@atoll/events/store';
import type { DeployInput, DeployResult } from '@atoll/schema/deploy/commands';
import { noWishes } from '@atoll/schema/deploy/placement';
import { summed } from '@atoll/schema/deploy/processes';
import type { Resources } from '@atoll/schema/deploy/spec';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { deploymentDecider } from '../domain/decide.ts';
import { wishesRefusal } from '../domain/moves.ts';
import { deploymentStream } from '../domain/streams.ts';
import { noWorld, placerOf, termsIn, type World } from '../domain/world.ts';
import { readWorld } from '../place-and-commit.ts';
import { placeAll } from '../placement/place.ts';
import { ownText, shortageOf } from '../placement/room.ts';

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
}

/** What is left out stays. */
type ResourcesChange = { readonly [K in keyof Resources]?: Resources[K] | undefined };
type Change = {
  readonly resources?: ResourcesChange | undefined;
  readonly others?: readonly { readonly resources: Resources }[] | undefined;
};

const noPeers: ReadonlyMap<Id<'node'>, number> = new Map();

export async function previewPlacement(
  needs: Needs,
  tenant: Id<'tenant'>,
  { namespaceId, replicas, resources, placement = noWishes }: DeployInput<'PreviewPlacement'>,
): Promise<DeployResult<'PreviewPlacement'> | Rejection> {
  const read = await readWorld(needs, tenant, { namespaceId, placement }, null);
  const world: World = { ...noWorld, ...read.world };
  const unusable = wishesRefusal(placement, termsIn(world));
  if (unusable !== null) return unusable;
  const placer = placerOf(tenant, { namespaceId, placement }, world);
  const { placements, unplaced } = placeAll(replicas, resources, world.nodes, noPeers, placer);
  const fit = placements.length;
  const shortage = fit === replicas ? null : shortageOf(resources, world.nodes, noPeers, placer);
  const refusal = shortage && `Room for ${fit} of ${replicas}: ${shortage.text}${ownText(placer)}`;
  const places = placements.map(({ nodeId, decision }) => ({ nodeId, decision }));
  return { fit, refusal, places, unplaced };
}

/** Larger instances than any node that its rules allow: said before a rollout starts that could never end. */
export async function fitsNoNode(
  needs: Needs,
  tenant: Tenant,
  deploymentId: Id<'deployment'>,
  { resources: own, others }: Change,
): Promise<Rejection | null> {
  if (own === undefined && others === undefined) return null;
  const { state, tenant: owner } = await loadState(needs.store, {
    decider: deploymentDecider,
    stream: deploymentStream(deploymentId),
  });
  if (owner !== tenant || owner === 'platform' || state.status !== 'ACTIVE' || state.target === null) return null;
  const { spec } = state.target;
  const main = { ...spec.resources, ...defined(own ?? {}) };
  const resources = summed([main, ...(others ?? spec.others).map((one) => one.resources)]);
  const { world } = await readWorld(needs, tenant, state, deploymentId);
  const placer = placerOf(owner as Id<'tenant'>, state, { ...noWorld, ...world });
  const { never, text } = shortageOf(resources, world.nodes, noPeers, placer);
  if (!never) return null;
  const { cpuMillis, memoryMiB } = resources;
  const message = `No node is large enough, even empty: each needs ${cpuMillis} thousandths of a core and ${memoryMiB} MiB on one node, and ${text}${ownText(placer)} Ask for less per instance.`;
  return reject('FITS_NO_NODE', message, 'spec.resources');
}

const defined = (change: ResourcesChange): Partial<Resources> =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
