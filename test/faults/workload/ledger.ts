/** The other context: it books each event of the accounts once, as a reaction. */
import { accept, type Decider } from '@atoll/events/decider';
import type { EventsOf } from '@atoll/schema/registry';
import { z } from 'zod';

export const ledgerEvents = {
  Booked: { version: 1, data: z.strictObject({ call: z.string(), amount: z.number().int(), of: z.string() }) },
} as const;
type LedgerEvent = EventsOf<typeof ledgerEvents>;
export interface Book {
  readonly call: string;
  readonly amount: number;
  /** Id of the event that is booked. */
  readonly of: string;
}

export const ledgerStream = (account: string): string => `ledger:${account}`;

/** It doesn't look whether it has booked that before: only the idempotency key keeps it from booking twice. */
export const ledger: Decider<null, Book, LedgerEvent> = {
  initial: null,
  decide: (_state, book) => accept<LedgerEvent>([{ type: 'Booked', data: { ...book } }]),
  evolve: () => null,
};
