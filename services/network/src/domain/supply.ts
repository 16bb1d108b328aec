/**
 * How much is left of addresses: of a namespace (stream `addressSupply:<namespace id>`), and of the platform's ranges of one purpose
 * and family (stream `addressPool:<purpose>-<family>`). Told when it becomes another, and not for every address that comes and goes:
 * what was low is so until twice as much is free as what is low.
 */
import { accept, type Decider } from '@atoll/events/decider';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { AddressSupply, NamespaceSupply, PoolSupply } from '@atoll/schema/network/supply';
import { requireOpen } from './claims.ts';

/** Less than that is low: a tenth, or eight where that is more and no more than a quarter. */
export const lowWater = (size: number) => Math.max(Math.ceil(size / 10), Math.min(8, Math.floor(size / 4)));

/** `told`: what it was said to be last. */
export function supplyOf(told: AddressSupply, { size, free }: { readonly size: number; readonly free: number }) {
  const low = lowWater(size);
  if (free <= 0) return 'EXHAUSTED';
  if (told === 'ENOUGH') return free < low ? 'LOW' : 'ENOUGH';
  if (free >= Math.min(2 * low, size)) return 'ENOUGH';
  return told === 'EXHAUSTED' && free < Math.ceil(low / 2) ? 'EXHAUSTED' : 'LOW';
}

type EventOf<T extends NetworkEvent['type']> = Extract<NetworkEvent, { type: T }>;
export type NamespaceSupplyEvent = EventOf<
  'NamespaceAddressesRanLow' | 'NamespaceAddressesRanOut' | 'NamespaceAddressesRecovered'
>;
export type PoolSupplyEvent = EventOf<'AddressPoolRanLow' | 'AddressPoolRanOut' | 'AddressPoolRecovered'>;

export interface SupplyCommand<T> {
  /** What it was when that was seen: somebody else may have told what is newer. */
  readonly from: AddressSupply;
  readonly supply: AddressSupply;
  readonly told: T;
}

export const namespaceSupplyStream = (id: string) => `addressSupply:${id}`;
export const poolSupplyStream = ({ purpose, family }: Pick<PoolSupply, 'purpose' | 'family'>) =>
  `addressPool:${purpose}-${family}`;

const namespaceTypes = {
  ENOUGH: 'NamespaceAddressesRecovered',
  LOW: 'NamespaceAddressesRanLow',
  EXHAUSTED: 'NamespaceAddressesRanOut',
} as const satisfies Record<AddressSupply, NamespaceSupplyEvent['type']>;
const poolTypes = {
  ENOUGH: 'AddressPoolRecovered',
  LOW: 'AddressPoolRanLow',
  EXHAUSTED: 'AddressPoolRanOut',
} as const satisfies Record<AddressSupply, PoolSupplyEvent['type']>;

/** What each of the events says. */
export const supplyTold = {
  NamespaceAddressesRanLow: 'LOW',
  NamespaceAddressesRanOut: 'EXHAUSTED',
  NamespaceAddressesRecovered: 'ENOUGH',
  AddressPoolRanLow: 'LOW',
  AddressPoolRanOut: 'EXHAUSTED',
  AddressPoolRecovered: 'ENOUGH',
} as const satisfies Record<(NamespaceSupplyEvent | PoolSupplyEvent)['type'], AddressSupply>;

export const namespaceSupply: Decider<AddressSupply, SupplyCommand<NamespaceSupply>, NamespaceSupplyEvent> = {
  initial: 'ENOUGH',
  decide: (state, { from, supply, told }) =>
    state !== from || state === supply
      ? accept<NamespaceSupplyEvent>([])
      : accept<NamespaceSupplyEvent>([{ type: namespaceTypes[supply], data: told }], [requireOpen(told.namespaceId)]),
  evolve: (_state, event) => supplyTold[event.type],
};

export const poolSupply: Decider<AddressSupply, SupplyCommand<PoolSupply>, PoolSupplyEvent> = {
  initial: 'ENOUGH',
  decide: (state, { from, supply, told }) =>
    accept<PoolSupplyEvent>(state !== from || state === supply ? [] : [{ type: poolTypes[supply], data: told }]),
  evolve: (_state, event) => supplyTold[event.type],
};
