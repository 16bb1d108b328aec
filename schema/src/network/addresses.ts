/** The plan of addresses: the operator's ranges, and public addresses with their port mappings. */
import { z } from 'zod';
import { port, protocol } from '../deploy/ports.ts';
import { id } from '../ids.ts';
import { name } from '../text.ts';

const cidr = z.union([z.cidrv4(), z.cidrv6()]).describe('CIDR, in canonical form.');
const address = z.union([z.ipv4(), z.ipv6()]).describe('Its address, of either family.');

/**
 * What the addresses of a range are for. INSTANCES: subnets are cut out of it. SERVICES: virtual addresses of services. PUBLIC:
 * given to tenants to be reached from outside. RESERVED: for something that isn't Atoll's, such as the network of the nodes.
 */
export const rangePurposes = ['INSTANCES', 'SERVICES', 'PUBLIC', 'RESERVED'] as const;
export const rangePurpose = z.enum(rangePurposes).describe('What its addresses are for.');
export type RangePurpose = z.infer<typeof rangePurpose>;

/** Where a mapping leads: the ready instances of a deployment, or of a service. `port` is theirs. */
const targetPort = port.describe('The port that is spoken to there.');
export const mappingTarget = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('DEPLOYMENT').describe('The ready instances of a deployment.'),
    deploymentId: id('deployment'),
    port: targetPort,
  }),
  z.strictObject({
    kind: z.literal('SERVICE').describe('The ready instances behind a service.'),
    serviceId: id('service'),
    port: targetPort,
  }),
]);
export type MappingTarget = z.infer<typeof mappingTarget>;

const range = {
  rangeId: id('addressRange'),
  purpose: rangePurpose,
  cidr,
  within: id('addressRange')
    .nullable()
    .describe('Id of the range of INSTANCES that it is cut out of; null where it stands alone.'),
};
const publicAddress = { publicAddressId: id('publicAddress'), namespaceId: id('namespace'), name, address };
const mapping = {
  portMappingId: id('portMapping'),
  publicAddressId: id('publicAddress'),
  namespaceId: id('namespace').describe('The namespace that it leads to.'),
  address,
  protocol,
  port: port.describe('The port that is open to the outside.'),
};

export const addressEvents = {
  AddressRangeAdded: {
    doc: 'The platform has a further range of addresses.',
    stream: 'addressRange',
    version: 1,
    data: z.strictObject(range),
  },
  AddressRangeWithdrawn: {
    doc: 'The platform has the range no longer. Nothing was in it.',
    stream: 'addressRange',
    version: 1,
    data: z.strictObject(range),
  },
  PublicAddressRested: {
    doc: 'A public address that was given back has rested for as long as it must, and can be given to anybody.',
    stream: 'addressRange',
    version: 1,
    data: z.strictObject({ rangeId: id('addressRange'), publicAddressId: id('publicAddress'), address }),
  },

  PublicAddressAllocated: {
    doc: 'A tenant has an address that can be reached from outside.',
    stream: 'publicAddress',
    version: 1,
    data: z.strictObject({ ...publicAddress, rangeId: id('addressRange') }),
  },
  PublicAddressReleased: {
    doc: 'The tenant has given the address back. It rests before another tenant can get it.',
    stream: 'publicAddress',
    version: 1,
    data: z.strictObject({
      ...publicAddress,
      rangeId: id('addressRange'),
      restsUntil: z.iso.datetime().describe('Before that only the same tenant can get it again.'),
    }),
  },

  PublicAddressAnnounced: {
    doc: 'From now on this node answers for the address, and no other.',
    stream: 'publicAddress',
    version: 1,
    data: z.strictObject({
      publicAddressId: id('publicAddress'),
      namespaceId: id('namespace'),
      address,
      nodeId: id('node'),
    }),
  },

  PortMappingCreated: {
    doc: 'A port of a public address leads to instances of the tenant.',
    stream: 'portMapping',
    version: 1,
    data: z.strictObject({ ...mapping, target: mappingTarget.describe('Where it leads.') }),
  },
  PortMappingDeleted: {
    doc: 'The port of the public address leads nowhere any more, and is free.',
    stream: 'portMapping',
    version: 1,
    data: z.strictObject(mapping),
  },

  SubnetGrowthSet: {
    doc: 'It is set whether the namespace gets a further subnet by itself when those that it has are nearly full.',
    stream: 'subnetGrowth',
    version: 1,
    data: z.strictObject({
      namespaceId: id('namespace'),
      automatic: z.boolean().describe('Whether it gets further subnets by itself, within its quota.'),
    }),
  },
  SubnetClosed: {
    doc: 'The subnet is being deleted: nobody gets an address in it any more.',
    stream: 'subnet',
    version: 1,
    data: z.strictObject({ subnetId: id('subnet'), namespaceId: id('namespace') }),
  },
} as const;

/** How the addresses of something are used, at the time of the question. */
const addressUse = z.strictObject({
  id: z.string(),
  /** How many there are to give; of IPv6 ranges as many as fit a number without loss, and no more. */
  size: z.number(),
  used: z.number(),
  free: z.number(),
  /** Given back, and not to be given again yet. */
  cooling: z.number(),
  /** When it is full if it goes on as in the last day; null where it isn't growing. */
  exhaustedAt: z.iso.datetime().nullable(),
});
export type AddressUse = z.infer<typeof addressUse>;

const text = z.string().max(100);
const prefix = z.number().int().nullable();

export const addressCommands = {
  /** The operator's. */
  AddAddressRange: {
    input: z.strictObject({ purpose: z.enum(rangePurposes), cidr: text }),
    result: z.strictObject({ addressRangeId: id('addressRange') }),
  },
  /** The operator's; refused while anything is in it. */
  WithdrawAddressRange: {
    input: z.strictObject({ addressRangeId: id('addressRange') }),
    result: z.strictObject({ addressRangeId: id('addressRange') }),
  },
  /**
   * A further subnet beside the namespace's first. Of each family: a range as typed, or null for the next free one of the
   * given size, null for the usual one.
   */
  CreateSubnet: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      ipv4: text.nullable(),
      ipv6: text.nullable().default(null),
      ipv4PrefixLength: prefix.default(null),
      ipv6PrefixLength: prefix.default(null),
    }),
    result: z.strictObject({ subnetId: id('subnet') }),
  },
  /** Refused while an instance has an address of it. */
  DeleteSubnet: {
    input: z.strictObject({ subnetId: id('subnet') }),
    result: z.strictObject({ subnetId: id('subnet') }),
  },
  SetSubnetGrowth: {
    input: z.strictObject({ namespaceId: id('namespace'), automatic: z.boolean() }),
    result: z.strictObject({ namespaceId: id('namespace') }),
  },
  /** `address`: that one, or null for a free one of the family. */
  AllocatePublicAddress: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      name,
      family: z.enum(['IPV4', 'IPV6']).default('IPV4'),
      address: text.nullable().default(null),
    }),
    result: z.strictObject({ publicAddressId: id('publicAddress') }),
  },
  /** Refused while a port mapping is on it. */
  ReleasePublicAddress: {
    input: z.strictObject({ publicAddressId: id('publicAddress') }),
    result: z.strictObject({ publicAddressId: id('publicAddress') }),
  },
  CreatePortMapping: {
    /** `namespaceId`: of the target. */
    input: z.strictObject({
      ...{ publicAddressId: id('publicAddress'), namespaceId: id('namespace') },
      ...{ protocol, port, target: mappingTarget },
    }),
    result: z.strictObject({ portMappingId: id('portMapping') }),
  },
  DeletePortMapping: {
    input: z.strictObject({ portMappingId: id('portMapping') }),
    result: z.strictObject({ portMappingId: id('portMapping') }),
  },
  /** Changes nothing: of subnets, namespaces and, for the operator, ranges. What the tenant doesn't have is left out. */
  DescribeAddressUse: {
    input: z.strictObject({ ids: z.array(z.string().max(64)).max(1000) }),
    result: z.strictObject({ uses: z.array(addressUse) }),
  },
} as const;
