/** Mutations of subnets. */
import { type Keyed, mutation } from './definition.ts';
import { tenantOf } from './tenancy.ts';

interface CreateSubnetInput extends Keyed {
  readonly namespaceId: string;
  readonly ipv4?: string | null;
}

const createSubnet = mutation<CreateSubnetInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'CreateSubnet',
  rows: { subnet: 'subnetId' },
  order: ({ namespaceId, ipv4 }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId, ipv4: ipv4 ?? null },
    expectedVersion: null,
  }),
});

export const networkMutations = { createSubnet };
