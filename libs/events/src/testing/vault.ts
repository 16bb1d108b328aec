/** A domain that refuses by its state: money can't be taken that isn't there. With snapshots. */
import { z } from 'zod';
import { accept, type Decider, refuse } from '../decider.ts';
import type { BankEvent } from './bank.ts';

const state = z.strictObject({ balance: z.number(), moves: z.number() });
export type VaultState = z.infer<typeof state>;
export type VaultCommand =
  | { readonly kind: 'open' }
  /** Takes where it is negative. */
  | { readonly kind: 'move'; readonly amount: number };

export const vault: Decider<VaultState, VaultCommand, BankEvent> = {
  initial: { balance: 0, moves: 0 },
  decide({ balance }, command) {
    if (command.kind === 'open') return accept<BankEvent>([{ type: 'Opened', data: { owner: 'ann' } }]);
    if (balance + command.amount < 0) return refuse({ code: 'ILLEGAL_STATE', message: `There is only ${balance}.` });
    if (command.amount === 0) return accept<BankEvent>([]);
    return accept<BankEvent>([{ type: 'Moved', data: { amount: command.amount } }]);
  },
  evolve: ({ balance, moves }, event) =>
    event.type === 'Moved' ? { balance: balance + event.data.amount, moves: moves + 1 } : { balance, moves },
  snapshot: { name: 'vault', version: 1, schema: state },
};
