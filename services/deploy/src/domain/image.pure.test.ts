import { describe, expect, test } from 'vitest';
import { digest } from '../../test/fixtures.ts';
import { parseImage } from './image.ts';

const allowed = ['127.0.0.1:5000', 'registry.test'];
const code = (text: string, registries: readonly string[] = allowed) => {
  const parsed = parseImage(text, registries);
  return 'code' in parsed ? parsed.code : null;
};

describe('an image', () => {
  test('with registry, repository and digest is taken apart; a tag before the digest is ignored', () => {
    const expected = { registry: '127.0.0.1:5000', repository: 'team/app', digest: digest('a') };
    expect(parseImage(`127.0.0.1:5000/team/app@${digest('a')}`, allowed)).toEqual(expected);
    expect(parseImage(`127.0.0.1:5000/team/app:v1@${digest('a')}`, allowed)).toEqual(expected);
  });
  test.each(['nginx', 'nginx:latest', 'registry.test/app', 'registry.test/team/app:v1', '127.0.0.1:5000/app:1.2'])(
    '%s lacks its digest',
    (text) => expect(code(text)).toBe('IMAGE_DIGEST_REQUIRED'),
  );
  test.each([
    '',
    ' ',
    'UPPER/case',
    'registry.test/app@sha256:123',
    `registry.test/app@md5:${'a'.repeat(64)}`,
    `app@${digest('a')}`,
    `registry.test/app@${digest('A')}`,
    `registry.test/../app@${digest('a')}`,
    `http://images.test/app@${digest('a')}`,
    `user@registry.test/app@${digest('a')}`,
    `registry.test/app@${digest('a')}\n`,
    'x'.repeat(600),
  ])('%j is malformed', (text) => expect(code(text)).toBe('IMAGE_MALFORMED'));
  test('of a registry that is not on the list is refused, with the list', () => {
    expect(parseImage(`evil.test/app@${digest('a')}`, allowed)).toMatchObject({
      code: 'REGISTRY_NOT_ALLOWED',
      message: expect.stringContaining('127.0.0.1:5000, registry.test'),
    });
    expect(code(`127.0.0.1:5001/app@${digest('a')}`)).toBe('REGISTRY_NOT_ALLOWED');
    expect(code(`registry.test/app@${digest('a')}`, [])).toBe('REGISTRY_NOT_ALLOWED');
  });
});
