/** The oracle sees: a history without fault passes, and each single damage to it is told by its rule. */
import type { EventRecord } from '@atoll/schema/envelope';
import { describe, expect, test } from 'vitest';
import type { Call } from '../run/calls.ts';
import { judge } from './judge.ts';
import type { Observed, StoredEvent } from './observed.ts';
import { type Rule, rules } from './violation.ts';

const TENANT = 'ten_1' as Call['tenant'];
const time = new Date('2026-01-01T00:00:00Z');

const stored = (position: number, version: number, more: Partial<StoredEvent>): StoredEvent => ({
  position,
  version,
  id: `evt_${position}`,
  type: 'Moved',
  tenant: TENANT,
  stream: 'account:a',
  time,
  cause: null,
  data: { call: `call-${position}`, amount: 5 },
  ...more,
});
const accounts = [
  stored(1, 1, { type: 'Opened', data: { call: 'call-1', name: 'ann' } }),
  stored(2, 2, {}),
  stored(3, 3, { type: 'Reserved', data: { call: 'call-3', pool: 'p', amount: 7 } }),
];
const ledger = accounts.map(({ id, position, data }) =>
  stored(position, position, {
    id: `evt_l${position}`,
    stream: 'ledger:a',
    data: { call: data.call, amount: data.amount ?? 0, of: id },
  }),
);
const call = (number: number, outcome: Call['outcome']): Call => ({
  id: `call-${number}`,
  key: `key-${number}`,
  tenant: TENANT,
  command: 'Move',
  data: {},
  round: 0,
  outcome,
});
const calls: readonly Call[] = [
  call(1, { kind: 'ok', position: 1 }),
  call(2, { kind: 'unknown', code: 'UNKNOWN_OUTCOME' }),
  call(3, { kind: 'ok', position: 3 }),
  call(4, { kind: 'fail', code: 'NAME_TAKEN' }),
  call(5, { kind: 'unknown', code: 'UNKNOWN_OUTCOME' }),
];
const streamOf = (events: readonly StoredEvent[]) => events as readonly unknown[] as readonly EventRecord[];
const applied = (model: string, events: readonly StoredEvent[]) =>
  events.map(({ position, id }) => ({ model, position, event_id: id }));

const right: Observed = {
  store: { tenancy: [], deploy: accounts, network: ledger },
  streams: { tenancy: [], deploy: streamOf(accounts), network: streamOf(ledger) },
  sums: [
    { model: 'deploy', stream: 'account:a', amount: 12, events: 3 },
    { model: 'network', stream: 'ledger:a', amount: 12, events: 3 },
  ],
  applied: [...applied('deploy', accounts), ...applied('network', ledger)],
  log: accounts.map(({ position, id }) => ({ position, id })),
  answers: accounts.map(({ position }) => ({ tenant: TENANT, key: `key-${position}`, position })),
  parked: [],
  names: [{ key: 'ann', owner: 'a' }],
  pools: [{ key: 'p', held: 7 }],
};

const told = (observed: Partial<Observed>, asked = calls) =>
  judge(asked, { ...right, ...observed }).map(({ rule, kind }) => `${rule} ${kind}`);
const inStore = (events: readonly StoredEvent[]): Partial<Observed> => ({
  store: { ...right.store, deploy: events },
});
const [first, second, third] = accounts as [StoredEvent, StoredEvent, StoredEvent];

test('a history without fault passes', () => {
  expect(told({})).toEqual([]);
});

describe('each damage is told by its rule', () => {
  const damages: readonly [string, string, Partial<Observed>, (readonly Call[])?][] = [
    ['an acknowledged call is gone', 'ok-is-once lost', inStore([first, second])],
    [
      'an acknowledged call was carried out twice',
      'ok-is-once doubled',
      inStore([...accounts, stored(4, 4, { data: third.data })]),
    ],
    [
      'an answer names another position',
      'ok-is-once other',
      {},
      [call(1, { kind: 'ok', position: 2 }), ...calls.slice(1)],
    ],
    [
      'a refused call was carried out',
      'fail-is-none other',
      {},
      [...calls.slice(0, 2), call(3, { kind: 'fail', code: 'NOT_FOUND' })],
    ],
    [
      'an unknown call was carried out twice',
      'unknown-is-at-most-once doubled',
      inStore([...accounts, stored(4, 4, { data: second.data })]),
    ],
    ['a call of nobody', 'ok-is-once other', inStore([...accounts, stored(4, 4, { data: { call: 'call-9' } })])],
    ['a gap in the positions', 'positions-contiguous other', inStore([first, second, { ...third, position: 4 }])],
    ['a gap in the versions', 'versions-contiguous other', inStore([first, second, { ...third, version: 4 }])],
    ['time that runs back', 'time-never-back other', inStore([first, second, { ...third, time: new Date(0) }])],
    ['a stored answer that is another', 'key-once other', { answers: right.answers.slice(1) }],
    ['a name that nobody holds', 'claims-hold lost', { names: [] }],
    ['a pool that holds what no event says', 'claims-hold other', { pools: [{ key: 'p', held: 9 }] }],
    [
      'a stream that ends early',
      'stream-equals-store lost',
      { streams: { ...right.streams, deploy: streamOf([first, second]) } },
    ],
    [
      'a stream with a message twice',
      'stream-equals-store doubled',
      { streams: { ...right.streams, deploy: streamOf([first, second, second, third]) } },
    ],
    [
      'a stream of another history',
      'stream-equals-store other',
      { streams: { ...right.streams, deploy: streamOf([first, { ...second, id: 'evt_9' }, third]) } },
    ],
    [
      'a stream that tells an event otherwise',
      'stream-equals-store other',
      {
        streams: {
          ...right.streams,
          deploy: streamOf([first, { ...second, data: { call: 'call-2', amount: 6 } }, third]),
        },
      },
    ],
    [
      'a reaction that never came',
      'reaction-exactly-once lost',
      { store: { ...right.store, network: ledger.slice(0, 2) } },
    ],
    [
      'a reaction that came twice',
      'reaction-exactly-once doubled',
      {
        store: {
          ...right.store,
          network: [...ledger, stored(4, 4, { stream: 'ledger:a', data: { call: 'call-3', amount: 7, of: 'evt_3' } })],
        },
      },
    ],
    ['a read model that lacks an event', 'model-equals-store lost', { applied: right.applied.slice(1) }],
    [
      'a sum that counts an event twice',
      'model-equals-store doubled',
      { sums: [{ model: 'deploy', stream: 'account:a', amount: 17, events: 4 }, ...right.sums.slice(1)] },
    ],
    [
      'a subscriber that missed an event',
      'log-equals-store lost',
      { log: right.log.filter(({ position }) => position !== 2) },
    ],
    [
      'a subscriber that saw an event twice',
      'log-equals-store doubled',
      { log: [...right.log, ...right.log.slice(2)] },
    ],
    ['an event that is parked', 'nothing-parked lost', { parked: ['read deploy 3'] }],
  ];
  test.each(damages)('%s', (_what, rule, observed, asked) => {
    expect(told(observed, asked)).toContain(rule);
  });

  test('and every rule about what is stored has its damage here', () => {
    const shown = new Set(damages.map(([, rule]) => rule.split(' ')[0]));
    const beyond: readonly Rule[] = ['comes-to-rest', 'no-crash', 'checkpoint-never-back', 'one-publisher'];
    expect([...shown, ...beyond].sort()).toEqual([...rules].sort());
  });
});
