/** A small domain for the engine's own tests: accounts that are opened and moved. */
import type { EventsOf } from '@atoll/schema/registry';
import { z } from 'zod';
import { accept, type Claim, type Decider, refuse } from '../decider.ts';

export const bankEvents = {
  Opened: { version: 1, data: z.strictObject({ owner: z.string() }) },
  Moved: { version: 1, data: z.strictObject({ amount: z.number().int(), note: z.string().optional() }) },
} as const;
export type BankEvent = EventsOf<typeof bankEvents>;

export type BankState = { readonly status: 'none' } | { readonly status: 'open'; readonly balance: number };
export type BankCommand =
  | { readonly kind: 'open'; readonly owner: string; readonly claims?: readonly Claim[] }
  | { readonly kind: 'move'; readonly amount: number };

export const bank: Decider<BankState, BankCommand, BankEvent> = {
  initial: { status: 'none' },
  decide(state, command) {
    switch (command.kind) {
      case 'open':
        return state.status === 'open'
          ? refuse({ code: 'ILLEGAL_STATE', message: 'It is open already.' })
          : accept<BankEvent>([{ type: 'Opened', data: { owner: command.owner } }], command.claims);
      case 'move':
        if (state.status === 'none') return refuse({ code: 'NOT_FOUND', message: 'There is no such account.' });
        return command.amount === 0 ? accept([]) : accept([{ type: 'Moved', data: { amount: command.amount } }]);
      default:
        return command satisfies never;
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'Opened':
        return { status: 'open', balance: 0 };
      case 'Moved':
        return state.status === 'open' ? { status: 'open', balance: state.balance + event.data.amount } : state;
      default:
        return event satisfies never;
    }
  },
};
