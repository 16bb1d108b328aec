/** What the processes under fault do: accounts with names of their own, moves, and reservations from pools with limits. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import type { CommandRegistry, EventsOf } from '@atoll/schema/registry';
import { z } from 'zod';

/** Who asked: each call of a client has its own, and the oracle counts the events that carry it. */
const call = z.string();

export const accountEvents = {
  Opened: { version: 1, data: z.strictObject({ call, name: z.string() }) },
  /** `poison`: its projection fails while the bed says so. */
  Moved: { version: 1, data: z.strictObject({ call, amount: z.number().int(), poison: z.boolean() }) },
  Reserved: { version: 1, data: z.strictObject({ call, pool: z.string(), amount: z.number().int() }) },
} as const;
export type AccountEvent = EventsOf<typeof accountEvents>;

const account = z.string();
export const accountCommands = {
  Open: { input: z.strictObject({ call, account, name: z.string() }), result: z.object({ call }) },
  Move: {
    input: z.strictObject({ call, account, amount: z.number().int(), poison: z.boolean() }),
    result: z.object({ call }),
  },
  Reserve: {
    input: z.strictObject({
      call,
      account,
      pool: z.string(),
      amount: z.number().int().min(1),
      limit: z.number().int(),
    }),
    result: z.object({ call }),
  },
} as const satisfies CommandRegistry;
export type AccountCommandName = keyof typeof accountCommands;

type Inputs = { [N in AccountCommandName]: { readonly kind: N } & z.infer<(typeof accountCommands)[N]['input']> };
export type AccountCommand = Inputs[AccountCommandName];

export const accountStream = (id: string): string => `account:${id}`;

export const accounts: Decider<'none' | 'open', AccountCommand, AccountEvent> = {
  initial: 'none',
  decide(state, command) {
    if (command.kind === 'Open') {
      if (state === 'open') return refuse({ code: 'ILLEGAL_STATE', message: 'It is open already.' });
      const named: Claim = { op: 'take', kind: 'unique', set: 'name', key: command.name, owner: command.account };
      return accept<AccountEvent>([{ type: 'Opened', data: { call: command.call, name: command.name } }], [named]);
    }
    if (state === 'none') return refuse({ code: 'NOT_FOUND', message: 'There is no such account.' });
    if (command.kind === 'Move') {
      const { call, amount, poison } = command;
      return accept<AccountEvent>([{ type: 'Moved', data: { call, amount, poison } }]);
    }
    const { call, pool, amount, limit } = command;
    const held: Claim = { op: 'take', kind: 'amount', set: 'pool', key: pool, owner: call, amount, limit };
    return accept<AccountEvent>([{ type: 'Reserved', data: { call, pool, amount } }], [held]);
  },
  evolve: () => 'open',
  snapshot: { name: 'account', version: 1, schema: z.enum(['none', 'open']) },
};
