/** Names of this context's streams, and whose they are. */
import type { Id } from '@atoll/schema/ids';

export const deploymentStream = (id: Id<'deployment'>) => `deployment:${id}`;
export const namespaceStream = (id: Id<'namespace'>) => `namespace:${id}`;
export const environmentStream = (id: Id<'environment'>) => `environment:${id}`;
export const poolStream = (id: Id<'pool'>) => `pool:${id}`;
export const termsStream = (id: Id<'tenant'>) => `placementTerms:${id}`;
export const batchStream = (id: Id<'batch'>) => `batch:${id}`;
export const nodeStream = (id: Id<'node'>) => `node:${id}`;
