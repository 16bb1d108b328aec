/** What a tenant is told when a claim can't be had: one text for each set of claims. */
import type { ClaimConflict } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { IN_BATCH } from './domain/batch-decide.ts';
import { IMAGE_RULES } from './domain/environment.ts';
import { APART, DEPLOYMENT_NAME, NAMESPACE_OPEN, NODE_KEPT, nodeSets, RESERVATION } from './domain/holdings.ts';
import { NODE_NOW } from './domain/node.ts';
import { PLACEMENT_TERMS } from './domain/placement-terms.ts';
import { POOL_NAME, POOL_NODES, POOL_NOW, poolNotFound } from './domain/pool.ts';

export const namespaceNotFound = reject(
  'NOT_FOUND',
  'There is no such namespace. List the namespaces that you may see and use one of their ids.',
  'namespaceId',
);
const namespaceClosed = reject(
  'BEING_DELETED',
  'The namespace is being deleted: nothing new is admitted in it. Use another one.',
);
const nameTaken = reject(
  'NAME_TAKEN',
  'There is already a deployment of that name in the namespace. Choose another one.',
  'name',
);
const placesTaken = reject(
  'INSUFFICIENT_CAPACITY',
  'Others took the last places on the nodes at the same time. Ask for fewer replicas, or try again later.',
  'replicas',
);

const poolNameTaken = reject('NAME_TAKEN', 'There is already a pool of that name. Choose another one.', 'name');
const poolInUse = reject(
  'ILLEGAL_STATE',
  'There are nodes in the pool. Put them in another one with assignNode, then delete it.',
  'poolId',
);
const notApart = reject(
  'ILLEGAL_STATE',
  'Another deployment of the group is on a node of this one: drain it, or scale one of them down, then ask again.',
  'placement.apart',
);

function inAnotherBatch({ claim, holders }: ClaimConflict): Rejection {
  const deployment = 'key' in claim ? claim.key : 'a deployment';
  const batch = holders[0]?.owner ?? 'another batch';
  const message = `${deployment} is in ${batch} already: wait until that has come to its end, or cancel it. Nothing was begun.`;
  return reject('IN_ANOTHER_BATCH', message, 'labels');
}

/** Decided again by whoever sees it; told only where that went on and on. */
const rulesChanged = reject(
  'VERSION_CONFLICT',
  "The environment's image rules were changed at the same time. Repeat the request.",
);
export const tooLate = reject(
  'UNAVAILABLE',
  'It took so long that what was reserved of the quotas for it is kept no longer. Nothing was done: try again.',
);

const denials: Record<string, (conflict: ClaimConflict) => Rejection> = {
  [DEPLOYMENT_NAME]: () => nameTaken,
  [IMAGE_RULES]: () => rulesChanged,
  [NAMESPACE_OPEN]: () => namespaceClosed,
  [nodeSets.cpuMillis]: () => placesTaken,
  [nodeSets.memoryMiB]: () => placesTaken,
  [nodeSets.instances]: () => placesTaken,
  [NODE_KEPT]: () => placesTaken,
  [NODE_NOW]: () => placesTaken,
  [PLACEMENT_TERMS]: () => placesTaken,
  [APART]: () => notApart,
  [IN_BATCH]: inAnotherBatch,
  [POOL_NOW]: (conflict) => (conflict.claim.op === 'require' && conflict.claim.owner ? placesTaken : poolNotFound),
  [POOL_NAME]: () => poolNameTaken,
  [POOL_NODES]: () => poolInUse,
  [RESERVATION]: () => tooLate,
};

export function denied(conflict: ClaimConflict): Rejection {
  const denial = denials[conflict.claim.set];
  if (denial === undefined) throw new Error(`No denial is written for the claim set "${conflict.claim.set}".`);
  return denial(conflict);
}

const placeSets: ReadonlySet<string> = new Set([
  ...Object.values(nodeSets),
  ...[NODE_KEPT, NODE_NOW, POOL_NOW, PLACEMENT_TERMS, APART],
]);
/** A place on a node went to somebody else meanwhile: another may be free. */
export const isPlaceTaken = (conflict: ClaimConflict) => placeSets.has(conflict.claim.set);
