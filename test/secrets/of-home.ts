/** The secrets that a home has made up for its parts, and the files of it that are made to hold them. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ready } from '../platform/ready.ts';
import { type Secret, signatureOf } from './secret.ts';

/**
 * Files that may hold secrets, and why; whoever adds a file with secrets adds it here and to docs/operations.md. Each is for
 * its owner alone.
 */
export const secretFiles = {
  'secrets.json': 'passwords of the database, and of the users of NATS',
  'issuer.jwk.json': "the issuer's private key",
  'login.json': 'keys, users and passwords of the issuer that people log in at',
  'data-keys.json': 'master keys of personal data',
  'ready.json': 'how programs find the platform: the administrators of database and NATS, and tokens',
  'nats/nats.conf': 'passwords of the users of NATS, as nats-server takes them',
  'registry/config.yml': 'what the image registry signs the state of uploads with',
} as const;
export type SecretFile = keyof typeof secretFiles;

const kept = (...files: readonly SecretFile[]): readonly string[] => files;

export function secretsOfHome(home: string, ready: Ready): readonly Secret[] {
  const read = <T>(file: SecretFile): T => JSON.parse(readFileSync(join(home, file), 'utf8'));
  const passwords = Object.entries(read<Record<string, string>>('secrets.json')).map(([name, value]) => ({
    name: `password of ${name}`,
    value,
    // Which of them is whose is told by no rule; that none stands anywhere else is what counts.
    keptIn: kept('secrets.json', 'login.json', 'ready.json', 'nats/nats.conf', 'registry/config.yml'),
  }));
  const masterKeys = Object.entries(read<{ keys: Record<string, string> }>('data-keys.json').keys).map(
    ([id, value]) => ({ name: `master key ${id}`, value, keptIn: kept('data-keys.json') }),
  );
  const { d } = read<{ d: string }>('issuer.jwk.json');
  const tokens = [
    ['operator', ready.tokens.operator] as const,
    ...ready.tokens.tenants.flatMap(({ name, ...held }) =>
      (['owner', 'admin', 'developer', 'viewer'] as const).map((role) => [`${name}'s ${role}`, held[role]] as const),
    ),
  ].map(([who, token]) => ({ name: `token of ${who}`, value: signatureOf(token), keptIn: kept('ready.json') }));
  const loginKeys = read<{ keys: { kid: string; d: string }[] }>('login.json').keys.map(({ kid, d: value }) => ({
    ...{ name: `key ${kid} of the login`, value, keptIn: kept('login.json') },
  }));
  return [
    ...passwords,
    ...loginKeys,
    ...masterKeys,
    { name: "issuer's key", value: d, keptIn: kept('issuer.jwk.json') },
    ...tokens,
  ];
}

/** Declared files that others than their owner could read, with their mode. */
export const openFiles = (home: string): readonly string[] =>
  Object.keys(secretFiles).flatMap((file) => {
    const mode = statSync(join(home, file)).mode & 0o777;
    return (mode & 0o077) === 0 ? [] : [`${file}: ${mode.toString(8)}`];
  });
