/** Passwords that this home made up for its parts: random, kept in a file of mode 0600. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';

const secretsSchema = z.record(z.string(), z.string());

export interface Secrets {
  /** The password under this name; made up at the first call. */
  password(name: string): string;
}

export function openSecrets(path: string): Secrets {
  const kept: Record<string, string> = readJson(path, secretsSchema) ?? {};
  return {
    password(name) {
      const known = kept[name];
      if (known !== undefined) return known;
      const made = randomBytes(24).toString('base64url');
      kept[name] = made;
      writeJson(path, kept);
      return made;
    },
  };
}
