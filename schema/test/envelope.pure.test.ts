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
