/** Where what is generated and recorded lies. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Context } from '../src/contexts.ts';
import type { Json } from './shape.ts';
import type { RecordedShapes } from './shapes.ts';

export const shapesFile = (name: Context | 'envelope') => new URL(`../shapes/${name}.json`, import.meta.url);
export const goldenFolder = new URL('../golden/', import.meta.url);
export const releaseFolder = (release: string) => new URL(`${release}/`, goldenFolder);
export const sealFile = (release: string) => new URL('sealed.json', releaseFolder(release));
export const documentFiles = {
  asyncapi: new URL('../../docs/asyncapi.json', import.meta.url),
  events: new URL('../../docs/events.md', import.meta.url),
};

export const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const recordedShapes = z.record(
  z.string(),
  z.record(z.string().regex(/^[1-9]\d*$/), z.strictObject({ since: z.string().nullable(), shape: z.json() })),
);

export function readShapes(context: Context): RecordedShapes {
  const file = shapesFile(context);
  return existsSync(file) ? recordedShapes.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
}

export function readEnvelope(): Json | null {
  const file = shapesFile('envelope');
  return existsSync(file) ? z.json().parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

/** Rising. */
export function releases(): readonly string[] {
  const key = (release: string) =>
    release
      .split('.')
      .map((part) => part.padStart(6, '0'))
      .join('.');
  return readdirSync(goldenFolder)
    .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export const textOf = (file: URL): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);

/** Writes where it differs; answers whether it did. */
export function put(file: URL, text: string): boolean {
  if (textOf(file) === text) return false;
  writeFileSync(file, text);
  return true;
}
