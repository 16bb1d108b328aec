import { expect, test } from 'vitest';
import { given } from '../src/given.ts';
import { bank } from '../src/testing/bank.ts';

const opened = { type: 'Opened', data: { owner: 'ann' } } as const;
const moved = (amount: number) => ({ type: 'Moved', data: { amount } }) as const;

test('given events, when a command, then the decision', () => {
  expect(given(bank, [opened]).when({ kind: 'move', amount: 4 })).toEqual({ ok: true, events: [moved(4)], claims: [] });
  expect(given(bank, []).when({ kind: 'move', amount: 4 })).toMatchObject({
    ok: false,
    rejection: { code: 'NOT_FOUND' },
  });
});

test('given events, the state', () => {
  expect(given(bank, [opened, moved(4), moved(-1)]).state()).toEqual({ status: 'open', balance: 3 });
  expect(given(bank, []).state()).toBe(bank.initial);
});
