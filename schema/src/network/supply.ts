/** How much is left of addresses, told before there are none: of a namespace to its tenant, of the platform's ranges to the operator. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { rangePurpose } from './addresses.ts';

/** ENOUGH: nobody need do anything · LOW: a tenth is left, or less · EXHAUSTED: nothing can be given. */
export const addressSupplies = ['ENOUGH', 'LOW', 'EXHAUSTED'] as const;
export type AddressSupply = (typeof addressSupplies)[number];

/** Ranges of one purpose and family are used up one after the other, so they count together. */
export const addressFamilies = ['IPV4', 'IPV6'] as const;

const count = (text: string) =>
  z.number().int().min(0).describe(`${text} Of IPv6 9007199254740991 stands for that and more.`);
const use = {
  size: count('How many there are to give.'),
  used: count('How many are in use.'),
  free: count('How many can be given now.'),
  cooling: count('How many were given back, and rest before they are given again.'),
  exhaustedAt: z.iso
    .datetime()
    .nullable()
    .describe(
      'When there are none if it goes on as in the last day; null where it doesn’t grow, or that is years away.',
    ),
};
const ofNamespace = z.strictObject({ namespaceId: id('namespace'), ...use });
const ofPool = z.strictObject({
  purpose: rangePurpose,
  family: z.enum(addressFamilies).describe('Of the ranges that it is about, all of this purpose and family together.'),
  ...use,
});

export const supplyEvents = {
  NamespaceAddressesRanLow: {
    doc: 'In the subnets of the namespace few addresses are left for further instances, or few again after there were none.',
    stream: 'addressSupply',
    version: 1,
    data: ofNamespace,
  },
  NamespaceAddressesRanOut: {
    doc: 'In the subnets of the namespace no address is left: further instances wait for one.',
    stream: 'addressSupply',
    version: 1,
    data: ofNamespace,
  },
  NamespaceAddressesRecovered: {
    doc: 'In the subnets of the namespace there are enough addresses again.',
    stream: 'addressSupply',
    version: 1,
    data: ofNamespace,
  },
  AddressPoolRanLow: {
    doc: 'Of the platform’s ranges of a purpose and family little is left, or little again after there was nothing.',
    stream: 'addressPool',
    version: 1,
    data: ofPool,
  },
  AddressPoolRanOut: {
    doc: 'Of the platform’s ranges of a purpose and family nothing can be given any more.',
    stream: 'addressPool',
    version: 1,
    data: ofPool,
  },
  AddressPoolRecovered: {
    doc: 'Of the platform’s ranges of a purpose and family there is enough again.',
    stream: 'addressPool',
    version: 1,
    data: ofPool,
  },
} as const;
export type NamespaceSupply = z.infer<typeof ofNamespace>;
export type PoolSupply = z.infer<typeof ofPool>;
