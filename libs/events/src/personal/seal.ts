/**
 * Sealing: AES-256-GCM, a nonce of its own for each value, bound to the place it stands in. Pure but for the nonce.
 *
 * A sealed value is `{"$sealed": "1.<key ids, with +>.<base64url of nonce, ciphertext, tag>"}`, which no schema of a
 * personal field takes for a value. Opened somewhere else than where it was sealed (another event, another field,
 * another tenant), or changed, it is refused.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

export interface Sealed {
  readonly $sealed: string;
}

/** What a value is bound to. The parts are told apart, whatever is in them. */
export type Place = readonly (string | number)[];

/** It was changed, moved or sealed with another key. Says nothing of the value. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSealed = (value: unknown): value is Sealed =>
  isObject(value) && '$sealed' in value && typeof value.$sealed === 'string';

export function encrypt(key: Buffer, place: Place, clear: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  cipher.setAAD(Buffer.from(JSON.stringify(place)));
  return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `SealBroken`. */
export function decrypt(key: Buffer, place: Place, box: Buffer): Buffer {
  const broken = (cause?: unknown) =>
    new SealBroken('It was changed, moved here from elsewhere, or sealed with another key.', { cause });
  if (box.length < NONCE_BYTES + TAG_BYTES) throw broken();
  const decipher = createDecipheriv(ALGORITHM, key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(JSON.stringify(place)));
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw broken(error);
  }
}

const MAX_KEYS = 2000;
const sealedPattern = /^1\.([a-z0-9_]{1,60}(?:\+[a-z0-9_]{1,60})*)\.([A-Za-z0-9_-]+)$/;

export function format(keyIds: readonly string[], box: Buffer): Sealed {
  return { $sealed: `1.${keyIds.join('+')}.${box.toString('base64url')}` };
}

/** Throws `SealBroken` where it isn't one of ours. */
export function parse({ $sealed }: Sealed): { readonly keyIds: readonly string[]; readonly box: Buffer } {
  const [, ids, box] = sealedPattern.exec($sealed) ?? [];
  const keyIds = ids?.split('+') ?? [];
  if (box === undefined || keyIds.length > MAX_KEYS) throw new SealBroken('It is no sealed value of this version.');
  return { keyIds, box: Buffer.from(box, 'base64url') };
}

/** One key out of several: without any one of them it can't be made again. */
export function combined(keys: readonly Buffer[], purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.concat(keys), '', `atoll ${purpose}`, KEY_BYTES));
}
