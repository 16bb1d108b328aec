/**
 * The form of the secrets that the platform hands out: `atk_` (API keys) and `ati_` (invitations), the id's 26
 * characters, 43 characters of secret, 6 of checksum, without a separator after the prefix. The prefix lets scanners of
 * source code find them; the checksum lets anybody tell a broken or made-up one from a real one, without asking.
 */
import { type Id, type IdKind, idKind, idPrefixes } from './ids.ts';

export type SecretKind = 'apiKey' | 'invitation';

export const secretPrefixes = { apiKey: 'atk_', invitation: 'ati_' } as const satisfies Record<SecretKind, string>;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idLength = 26;
const secretLength = 43;
const checksumLength = 6;

/** 256 bits are 43 digits to the base 62, padded. */
function base62(value: bigint, length: number): string {
  let rest = value;
  let text = '';
  while (text.length < length) {
    text = alphabet.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

export const secretText = (bytes: Uint8Array): string =>
  base62(
    bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
    secretLength,
  );

/** CRC-32 as in zlib: against typing errors and scanners' false alarms, and no protection of the secret. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i += 1) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const suffixOf = (id: string) => id.slice(id.indexOf('_') + 1);

/** `secret` is of `secretText`. */
export function formatSecret<K extends SecretKind>(kind: K, id: Id<K>, secret: string): string {
  const content = `${secretPrefixes[kind]}${suffixOf(id)}${secret}`;
  return content + base62(BigInt(crc32(content)), checksumLength);
}

export type ParsedSecret<K extends IdKind> =
  | { readonly ok: true; readonly id: Id<K>; readonly secret: string }
  | { readonly ok: false; readonly why: 'malformed' | 'checksum' };

export function parseSecret<K extends SecretKind>(kind: K, text: string): ParsedSecret<K> {
  const prefix = secretPrefixes[kind];
  const length = prefix.length + idLength + secretLength + checksumLength;
  if (!text.startsWith(prefix) || text.length !== length || !/^[0-9A-Za-z_]+$/.test(text)) {
    return { ok: false, why: 'malformed' };
  }
  const content = text.slice(0, -checksumLength);
  if (text.slice(-checksumLength) !== base62(BigInt(crc32(content)), checksumLength)) {
    return { ok: false, why: 'checksum' };
  }
  const body = content.slice(prefix.length);
  const id = `${idPrefixes[kind]}_${body.slice(0, idLength)}`;
  if (idKind(id) !== kind) return { ok: false, why: 'malformed' };
  return { ok: true, id: id as Id<K>, secret: body.slice(idLength) };
}

/** How a key is known in lists and logs: its beginning, without any of its secret. */
export const apiKeyShown = (id: Id<'apiKey'>): string => `${secretPrefixes.apiKey}${suffixOf(id)}`;
