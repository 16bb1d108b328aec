/** Files that are whole or not there: written beside, synced, renamed. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@atoll/service/log';
import type { z } from 'zod';

export async function saveFile(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${process.pid}.next`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  // The new name is durable only with its folder.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Null where there is none, or none that can be used; the latter is logged, and the file is left for people to see. */
export async function loadFile<S extends z.ZodType>(path: string, schema: S, log: Logger): Promise<z.infer<S> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    log.error({ err: error, path }, 'this file is unusable and is ignored');
    return null;
  }
}
