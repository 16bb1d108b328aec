/**
 * Master keys: they wrap the keys of the subjects of personal data, so that a copy of the database alone opens nothing.
 *
 * A file that its owner alone can read: `{"current": "<id>", "keys": {"<id>": "<base64 of 32 bytes>"}}`. New keys are
 * wrapped with the current one; the others are there to be unwrapped from. The file is read again where it has changed,
 * so that a key can be added while processes run.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const KEY_BYTES = 32;
export const masterKeyId = z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and hyphens');

export const masterKeyFile = z
  .strictObject({ current: masterKeyId, keys: z.record(masterKeyId, z.base64()) })
  .refine(({ current, keys }) => Object.hasOwn(keys, current), '"current" names none of "keys"')
  .refine(
    ({ keys }) => Object.values(keys).every((key) => Buffer.from(key, 'base64').length === KEY_BYTES),
    `each key has ${KEY_BYTES} bytes, in base64`,
  );
export type MasterKeyFile = z.infer<typeof masterKeyFile>;

export interface MasterKeys {
  current(): { readonly id: string; readonly key: Buffer };
  /** Null where the file has no key of that id. */
  byId(id: string): Buffer | null;
}

/** A key that nobody has had before, as the current one beside those that are there. */
export function withNewKey(before: MasterKeyFile | null, id: string): MasterKeyFile {
  const named = masterKeyId.safeParse(id);
  if (!named.success) throw new Error(`"${id}" is no id of a master key: 1–40 lower-case letters, digits and hyphens.`);
  if (before && Object.hasOwn(before.keys, id)) throw new Error(`There is a master key ${id} already.`);
  return { current: id, keys: { ...before?.keys, [id]: randomBytes(KEY_BYTES).toString('base64') } };
}

function synced(path: string, flags: string, mode: number, work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, mode);
  try {
    work(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Appears as a whole, for its owner alone, and is on the disk when this returns: what is wrapped with a key outlives a
 * loss of power, so the key must, too.
 */
export function writeMasterKeyFile(file: string, content: MasterKeyFile): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  const text = `${JSON.stringify(masterKeyFile.parse(content), null, 2)}\n`;
  try {
    synced(temporary, 'wx', 0o600, (descriptor) => writeFileSync(descriptor, text));
    renameSync(temporary, file);
    synced(dirname(file), 'r', 0, () => {});
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Throws, naming the file and what is wrong with it, never what is in it. */
export function parseMasterKeyFile(file: string): MasterKeyFile {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Error(`The file of master keys ${file} can be read by others than its owner: chmod 600 ${file}`);
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new Error(
      `The file of master keys ${file} can't be read (${error.code}). Without it no personal data can be opened: ` +
        'restore it from its backup.',
      { cause: error },
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The text of the parser's error would quote the file.
    throw new Error(`The file of master keys ${file} is no JSON. Restore it from its backup.`);
  }
  const parsed = masterKeyFile.safeParse(json);
  if (!parsed.success) {
    throw new Error(`The file of master keys ${file} isn't what it should be:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export function openMasterKeys(file: string): MasterKeys {
  let kept = parseMasterKeyFile(file);
  let readAt = statSync(file).mtimeMs;
  function refresh(): void {
    const changedAt = statSync(file).mtimeMs;
    if (changedAt === readAt) return;
    kept = parseMasterKeyFile(file);
    readAt = changedAt;
  }
  const find = (id: string) => (Object.hasOwn(kept.keys, id) ? kept.keys[id] : undefined);
  return {
    current() {
      refresh();
      return { id: kept.current, key: Buffer.from(find(kept.current) ?? '', 'base64') };
    },
    byId(id) {
      if (find(id) === undefined) refresh();
      const key = find(id);
      return key === undefined ? null : Buffer.from(key, 'base64');
    },
  };
}
