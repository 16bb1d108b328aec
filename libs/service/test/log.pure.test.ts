import { describe, expect, test } from 'vitest';
import { createLogger } from '../src/log.ts';
import { redact } from '../src/redact.ts';

function lines(write: (log: ReturnType<typeof createLogger>) => void): string[] {
  const written: string[] = [];
  write(createLogger('test', { write: (line: string) => written.push(line) }));
  return written;
}

const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

describe('a log line', () => {
  test.each([
    ['credentials in a URL', { url: 'postgresql://atoll:hunter2@127.0.0.1:5432/atoll' }],
    ['a password', { settings: { deep: { password: 'hunter2' } } }],
    ['a password with quotes in it', { password: 'a"hunter2' }],
    ['a token in a text', { text: `sent ${jwt.replace('c2ln', 'hunter2')} there` }],
    ['an authorization header', { headers: { authorization: 'Bearer hunter2hunter2' } }],
    ['a bearer token in a text', { text: 'Authorization was Bearer hunter2hunter2' }],
    ['credentials in the text of an error', { err: new Error('no way to nats://node:hunter2@127.0.0.1:4222') }],
  ])('never shows %s', (_, fields) => {
    const [line] = lines((log) => log.info(fields, 'something'));
    expect(line).toContain('[redacted]');
    expect(line).not.toContain('hunter2');
    expect(JSON.parse(line ?? '')).toMatchObject({ name: 'test', level: 'info', msg: 'something' });
  });

  test('keeps what is no secret', () => {
    expect(redact('{"url":"http://127.0.0.1:4000/graphql","tokens":3,"at":"a@b.c"}')).toBe(
      '{"url":"http://127.0.0.1:4000/graphql","tokens":3,"at":"a@b.c"}',
    );
  });
});
