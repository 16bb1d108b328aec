/** The master keys of a local platform: they wrap the keys of personal data. Made at the first start. */
import { masterKeyFile, withNewKey, writeMasterKeyFile } from '@atoll/service/master-keys';
import { readJson } from '../process/files.ts';

export function ensureDataKeys(file: string): void {
  if (!readJson(file, masterKeyFile)) writeMasterKeyFile(file, withNewKey(null, 'k1'));
}
