/** Master keys of a test: a new one each, in memory. */
import { randomBytes } from 'node:crypto';
import type { MasterKeys } from '@atoll/service/master-keys';

export function testMasterKeys(id = 'test'): MasterKeys {
  const key = randomBytes(32);
  return { current: () => ({ id, key }), byId: (wanted) => (wanted === id ? key : null) };
}
