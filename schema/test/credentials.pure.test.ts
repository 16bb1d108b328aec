import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiKeyShown, formatSecret, parseSecret, secretText } from '../src/credentials.ts';

const id = 'ak_01h455vb4pex5vsknk084sn02q' as const;
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('a secret that is handed out', () => {
  it('comes back as it went, and shows its id and none of its secret in lists', () => {
    fc.assert(
      fc.property(bytes, (random) => {
        const secret = secretText(random);
        const key = formatSecret('apiKey', id, secret);
        expect(key).toMatch(/^atk_[0-9a-z]{26}[0-9A-Za-z]{49}$/);
        expect(parseSecret('apiKey', key)).toEqual({ ok: true, id, secret });
        expect(key.startsWith(apiKeyShown(id))).toBe(true);
        expect(apiKeyShown(id)).not.toContain(secret.slice(0, 8));
      }),
    );
  });

  it('differs for different bits', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => (secretText(a) === secretText(b)) === (Buffer.compare(a, b) === 0)));
  });

  it('is told from one with any one character changed, left out or doubled, without asking anybody', () => {
    const key = formatSecret('apiKey', id, secretText(randomBytes(32)));
    for (let at = 0; at < key.length; at += 1) {
      const other = key[at] === 'a' ? 'b' : 'a';
      expect(parseSecret('apiKey', key.slice(0, at) + other + key.slice(at + 1)).ok).toBe(false);
      expect(parseSecret('apiKey', key.slice(0, at) + key.slice(at + 1)).ok).toBe(false);
      expect(parseSecret('apiKey', key.slice(0, at) + key[at] + key.slice(at)).ok).toBe(false);
    }
    const flipped = `${key.slice(0, 40)}${key[40] === 'a' ? 'b' : 'a'}${key.slice(41)}`;
    expect(parseSecret('apiKey', flipped)).toEqual({ ok: false, why: 'checksum' });
    expect(parseSecret('apiKey', key.slice(0, -1))).toEqual({ ok: false, why: 'malformed' });
    expect(parseSecret('invitation', key)).toEqual({ ok: false, why: 'malformed' });
  });

  it('has the checksum that everybody can compute: CRC-32 to the base 62', () => {
    const key = formatSecret('apiKey', id, secretText(randomBytes(32)));
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const value = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + alphabet.indexOf(digit), 0);
    expect(value).toBe(crc32(key.slice(0, -6)));
  });
});
