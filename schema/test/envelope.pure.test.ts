import { expect, test } from 'vitest';
import { commandEnvelope } from '../src/envelope.ts';

const envelope = {
  key: 'k',
  tenant: 'platform',
  actor: 'user:ann',
  correlation: 'c',
  traceparent: null,
  deadline: 1,
  seen: {},
  expectedVersion: null,
  data: {},
};

test.each([
  ['U+0000', 'a\u0000b'],
  ['half of a surrogate pair', 'a\ud800'],
])('a key with %s is refused with what is wrong with it', (_what, key) => {
  expect(commandEnvelope.safeParse(envelope).success).toBe(true);
  const parsed = commandEnvelope.safeParse({ ...envelope, key });
  expect(parsed.error?.issues).toMatchObject([{ path: ['key'], message: expect.stringContaining('U+0000') }]);
});

test.each(['event:evt_01', 'first-subnet:ns_01', 'enforced:pol_01:1:node_01', 'batch:bat_01:dep_01'])(
  'the key %s is for a service: no client can take it before',
  (key) => {
    const parsed = commandEnvelope.safeParse({ ...envelope, key });
    expect(parsed.error?.issues).toMatchObject([{ path: ['key'], message: expect.stringContaining('choose another') }]);
    expect(commandEnvelope.safeParse({ ...envelope, key: 'event:of-mine' }).success).toBe(true);
  },
);
