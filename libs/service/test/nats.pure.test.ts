import { expect, test } from 'vitest';
import { parseNatsUrl } from '../src/nats.ts';

test.each([
  ['nats://127.0.0.1:4222', { servers: ['127.0.0.1:4222'], tls: false }],
  [
    'nats://me:p%40ss%2Fword@127.0.0.1:4222',
    { servers: ['127.0.0.1:4222'], user: 'me', pass: 'p@ss/word', tls: false },
  ],
  ['tls://me:x@a:1,tls://me:x@b:2', { servers: ['a:1', 'b:2'], user: 'me', pass: 'x', tls: true }],
  ['nats://[::1]:4222', { servers: ['[::1]:4222'], tls: false }],
])('takes the credentials out of %s', (url, expected) => {
  expect(parseNatsUrl(url)).toEqual(expected);
});
