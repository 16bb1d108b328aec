import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openMasterKeys, parseMasterKeyFile, withNewKey, writeMasterKeyFile } from '../src/master-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'atoll-master-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const fresh = () => join(folder, `keys-${++files}.json`);

describe('the file of master keys', () => {
  it('is for its owner alone, and keeps the older keys beside the current one', () => {
    const file = fresh();
    writeMasterKeyFile(file, withNewKey(null, 'k1'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([basename(file)]);
    const keys = openMasterKeys(file);
    const first = keys.current();
    expect(first).toMatchObject({ id: 'k1', key: { length: 32 } });
    writeMasterKeyFile(file, withNewKey(parseMasterKeyFile(file), 'k2'));
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    // Without a new start.
    expect(keys.current().id).toBe('k2');
    expect(keys.byId('k1')).toEqual(first.key);
    expect(keys.byId('k2')?.equals(first.key)).toBe(false);
    expect(keys.byId('k3')).toBeNull();
    expect(keys.byId('__proto__')).toBeNull();
  });

  it('is refused where it is missing, open to others, no JSON, or not what it should be; its content is never told', () => {
    expect(() => openMasterKeys(join(folder, 'missing.json'))).toThrow(
      /missing.json can't be read \(ENOENT\).*restore it/,
    );
    const open = fresh();
    writeMasterKeyFile(open, withNewKey(null, 'k1'));
    chmodSync(open, 0o640);
    expect(() => openMasterKeys(open)).toThrow(`chmod 600 ${open}`);
    const key = readFileSync(open, 'utf8').split('"')[9] ?? '';
    expect(key.length).toBeGreaterThan(40);
    const bad = [
      ['secret-and-no-json', 'is no JSON'],
      ['{}', 'current'],
      [JSON.stringify({ current: 'k2', keys: { k1: key } }), '"current" names none of "keys"'],
      [JSON.stringify({ current: 'k1', keys: { k1: key.slice(0, 8) } }), '32 bytes'],
      [JSON.stringify({ current: 'k1', keys: { k1: 'not base64!' } }), 'base64'],
    ] as const;
    for (const [text, told] of bad) {
      const file = fresh();
      writeFileSync(file, text, { mode: 0o600 });
      let message = '';
      try {
        openMasterKeys(file);
      } catch (error) {
        message = error instanceof Error ? error.message : '';
      }
      expect(message).toContain(file);
      expect(message).toContain(told);
      expect(message).not.toContain('secret-and');
      expect(message).not.toContain(key.slice(0, 8));
    }
  });

  it('takes no id twice, and none that is no id', () => {
    const one = withNewKey(null, 'k1');
    expect(() => withNewKey(one, 'k1')).toThrow('There is a master key k1 already.');
    expect(() => withNewKey(one, 'K 2')).toThrow('"K 2" is no id of a master key');
  });
});
