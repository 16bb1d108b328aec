/** Master keys of a test: new ones each. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import { type MasterKeys, withNewKey } from '@atoll/service/master-keys';

/** In memory. */
export function testMasterKeys(id = 'test'): MasterKeys {
  const key = randomBytes(32);
  return { current: () => ({ id, key }), byId: (wanted) => (wanted === id ? key : null) };
}

/** In a file of its own folder, which the caller removes. */
export function testMasterKeyFile(): { readonly folder: string; readonly file: string } {
  const folder = temporaryFolder('keys');
  const file = join(folder, 'data-keys.json');
  writeFileSync(file, JSON.stringify(withNewKey(null, 'k1')), { mode: 0o600 });
  return { folder, file };
}
