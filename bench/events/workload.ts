/** What every contestant is given: the same events, on as many streams, in the same turns. */
import { PLATFORM, type Tenant } from '@atoll/schema/ids';

/** Some 150 bytes of JSON. */
export const movedData = (n: number) => ({
  amount: (n % 200) - 100,
  note: 'Rent of the flat in the old town, third floor, for the month that is over; paid by standing order.',
});

export const ownerOf = (stream: number) => `owner-${stream}`;

/** As long as the ids of the platform: 26 characters. */
export const streamName = (separator: ':' | '-', kind: string, n: number) =>
  `${kind}${separator}${String(n).padStart(26, '0')}`;

/** Streams are taken in turns, never two of the same at a time; the order has nothing to do with their names. */
export const streamOfTurn = (n: number, streams: number): number => (n * 7919) % streams;

export const tenantOf = (stream: number, tenants: number): Tenant =>
  tenants === 1 ? PLATFORM : `ten_01${String(stream % tenants).padStart(24, '0')}`;

export const actor = 'user:mem_01kanzyyrvetgvqd0pvqc7q2sf';
export const correlation = 'cor-01kanzyyrvetgvqd0pvqc7q2sf';
/** Not recorded, as most aren't. */
export const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

/** A set of streams, each of the same length. */
export interface StreamSet {
  readonly kind: string;
  readonly streams: number;
  /** Stream n belongs to tenant n % tenants; of one, that is the platform. */
  readonly tenants?: number;
}
export interface Filling extends StreamSet {
  /** Events of each. */
  readonly length: number;
  /** How many are made at a time. */
  readonly atOnce?: number;
}
