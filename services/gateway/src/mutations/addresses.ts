/** Mutations of the plan of addresses, of subnets and of public addresses. */
import { reject } from '@atoll/schema/errors';
import { idKind, PLATFORM } from '@atoll/schema/ids';
import { type Keyed, mutation } from './definition.ts';
import { tenantOf } from './tenancy.ts';

interface AddAddressRangeInput extends Keyed {
  readonly purpose: string;
  readonly cidr: string;
}

const addAddressRange = mutation<AddAddressRangeInput>({
  touches: 'platform',
  context: 'network',
  command: 'AddAddressRange',
  rows: { addressRange: 'addressRangeId' },
  order: ({ purpose, cidr }) => ({ tenant: PLATFORM, data: { purpose, cidr }, expectedVersion: null }),
});

interface WithdrawAddressRangeInput extends Keyed {
  readonly addressRangeId: string;
}

const noRange = reject('NOT_FOUND', 'There is no such range of addresses.', 'addressRangeId');

const withdrawAddressRange = mutation<WithdrawAddressRangeInput>({
  touches: 'platform',
  wide: ['addressRangeId'],
  context: 'network',
  command: 'WithdrawAddressRange',
  rows: {},
  order: ({ addressRangeId }) =>
    idKind(addressRangeId) === 'addressRange'
      ? {
          tenant: PLATFORM,
          data: { addressRangeId },
          expectedVersion: null,
          shown: (result) => ({ deletedId: result.addressRangeId }),
        }
      : noRange,
});

interface CreateSubnetInput extends Keyed {
  readonly namespaceId: string;
  readonly ipv4?: string | null;
  readonly ipv6?: string | null;
  readonly ipv4PrefixLength?: number | null;
  readonly ipv6PrefixLength?: number | null;
}

const createSubnet = mutation<CreateSubnetInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'CreateSubnet',
  rows: { subnet: 'subnetId' },
  order: ({ namespaceId, ipv4, ipv6, ipv4PrefixLength, ipv6PrefixLength }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: {
      ...{ namespaceId, ipv4: ipv4 ?? null, ipv6: ipv6 ?? null },
      ...{ ipv4PrefixLength: ipv4PrefixLength ?? null, ipv6PrefixLength: ipv6PrefixLength ?? null },
    },
    expectedVersion: null,
  }),
});

interface DeleteSubnetInput extends Keyed {
  readonly subnetId: string;
}

const deleteSubnet = mutation<DeleteSubnetInput>({
  touches: ['subnetId'],
  context: 'network',
  command: 'DeleteSubnet',
  rows: { subnet: 'subnetId' },
  order: ({ subnetId }, { viewer }) => ({ tenant: tenantOf(viewer), data: { subnetId }, expectedVersion: null }),
});

interface SetSubnetGrowthInput extends Keyed {
  readonly namespaceId: string;
  readonly automatic: boolean;
}

const setSubnetGrowth = mutation<SetSubnetGrowthInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'SetSubnetGrowth',
  rows: { namespace: 'namespaceId' },
  order: ({ namespaceId, automatic }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId, automatic },
    expectedVersion: null,
  }),
});

interface AllocatePublicAddressInput extends Keyed {
  readonly namespaceId: string;
  readonly name: string;
  readonly family: string;
  readonly address?: string | null;
}

const allocatePublicAddress = mutation<AllocatePublicAddressInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'AllocatePublicAddress',
  rows: { publicAddress: 'publicAddressId' },
  order: ({ namespaceId, name, family, address }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId, name, family, address: address ?? null },
    expectedVersion: null,
  }),
});

interface ReleasePublicAddressInput extends Keyed {
  readonly publicAddressId: string;
}

const releasePublicAddress = mutation<ReleasePublicAddressInput>({
  touches: ['publicAddressId'],
  context: 'network',
  command: 'ReleasePublicAddress',
  rows: {},
  order: ({ publicAddressId }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { publicAddressId },
    expectedVersion: null,
    shown: (result) => ({ deletedId: result.publicAddressId }),
  }),
});

interface CreatePortMappingInput extends Keyed {
  readonly publicAddressId: string;
  readonly protocol: string;
  readonly port: number;
  readonly deploymentId?: string | null;
  readonly serviceId?: string | null;
  readonly targetPort?: number | null;
}

const oneTarget = reject(
  'INVALID_ARGUMENT',
  'Say where the port leads: either deploymentId or serviceId.',
  'serviceId',
);
const leadsToService = (input: unknown) => typeof (input as CreatePortMappingInput).serviceId === 'string';

const createPortMapping = mutation<CreatePortMappingInput>({
  touches: ['publicAddressId'],
  // What it opens is the target's as much as the address's.
  mentions: [
    { field: 'deploymentId', permission: 'portMapping:write' },
    { field: 'serviceId', permission: 'portMapping:write' },
  ],
  context: 'network',
  command: 'CreatePortMapping',
  rows: { portMapping: 'portMappingId' },
  told: (field, input) =>
    field === 'target' || field === 'namespaceId' ? (leadsToService(input) ? 'serviceId' : 'deploymentId') : field,
  renamed: { 'target.port': 'targetPort' },
  async order({ publicAddressId, protocol, port, deploymentId, serviceId, targetPort }, asking) {
    // Neither ever changes its namespace, so what the read model says of it is true for good.
    const at = targetPort ?? port;
    const order = (namespaceId: string, target: Readonly<Record<string, unknown>>) => ({
      tenant: tenantOf(asking.viewer),
      data: { publicAddressId, namespaceId, protocol, port, target },
      expectedVersion: null,
    });
    if (typeof deploymentId === 'string' && typeof serviceId !== 'string') {
      const namespaceId = await asking.namespaceOfDeployment(deploymentId);
      if (namespaceId === null) return reject('NOT_FOUND', 'There is no such deployment.', 'deploymentId');
      return order(namespaceId, { kind: 'DEPLOYMENT', deploymentId, port: at });
    }
    if (typeof serviceId === 'string' && typeof deploymentId !== 'string') {
      const namespaceId = await asking.namespaceOfService(serviceId);
      if (namespaceId === null) return reject('NOT_FOUND', 'There is no such service.', 'serviceId');
      return order(namespaceId, { kind: 'SERVICE', serviceId, port: at });
    }
    return oneTarget;
  },
});

interface DeletePortMappingInput extends Keyed {
  readonly portMappingId: string;
}

const deletePortMapping = mutation<DeletePortMappingInput>({
  touches: ['portMappingId'],
  context: 'network',
  command: 'DeletePortMapping',
  rows: {},
  order: ({ portMappingId }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { portMappingId },
    expectedVersion: null,
    shown: (result) => ({ deletedId: result.portMappingId }),
  }),
});

export const addressMutations = {
  ...{ addAddressRange, withdrawAddressRange, createSubnet, deleteSubnet, setSubnetGrowth },
  ...{ allocatePublicAddress, releasePublicAddress, createPortMapping, deletePortMapping },
};
