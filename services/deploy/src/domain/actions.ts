/** What may be done to a deployment in which status, and what is answered where it may not. */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { DeploymentStatus } from './deployment.ts';

export const actions = [
  'create',
  'upgrade',
  'rollback',
  'scale',
  'suspend',
  'resume',
  'promote',
  'policy',
  'strategy',
  'label',
  'place',
  'delete',
  'advance',
  'observe',
  'lose',
  'refuse',
  'evacuate',
  'stay',
] as const;
export type Action = (typeof actions)[number];

type Answer = 'yes' | Rejection;

export const deploymentNotFound = reject(
  'NOT_FOUND',
  'There is no such deployment. List the deployments that you may see and use one of their ids.',
  'deploymentId',
);
const beingDeleted = reject(
  'BEING_DELETED',
  'The deployment is being deleted: its instances are stopping. Create a new one once it is gone.',
  'deploymentId',
);
const exists = reject('ILLEGAL_STATE', 'There is a deployment with this id already. Create one with a new id.');

const change: Record<DeploymentStatus, Answer> = {
  NONE: deploymentNotFound,
  ACTIVE: 'yes',
  DELETING: beingDeleted,
  DELETED: deploymentNotFound,
};
/** What the service itself does with whatever it finds: nothing to do is no fault. */
const internal: Record<DeploymentStatus, Answer> = { NONE: 'yes', ACTIVE: 'yes', DELETING: 'yes', DELETED: 'yes' };

export const legal: Record<Action, Record<DeploymentStatus, Answer>> = {
  create: { NONE: 'yes', ACTIVE: exists, DELETING: exists, DELETED: exists },
  upgrade: change,
  rollback: change,
  scale: change,
  suspend: change,
  resume: change,
  promote: change,
  policy: change,
  strategy: change,
  label: change,
  place: change,
  delete: change,
  advance: internal,
  observe: internal,
  lose: internal,
  refuse: internal,
  evacuate: internal,
  stay: internal,
};
