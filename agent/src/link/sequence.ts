/** Numbers that only rise, over any number of restarts: kept ahead on disk, and never behind the clock. */
import { join } from 'node:path';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';

const file = z.strictObject({ reservedTo: z.number().int().min(0) });
/** More reports than an agent sends in a lifetime (ten a second for years). */
const block = 2 ** 32;

/** The clock is for the case that the folder was lost; the file is for a clock that was set back. */
export async function openSequence(stateDir: string, now: number, log: Logger): Promise<() => number> {
  const path = join(stateDir, 'sequence.json');
  const reserved = (await loadFile(path, file, log))?.reservedTo ?? 0;
  let last = Math.max(reserved, now);
  await saveFile(path, { reservedTo: last + block });
  return () => ++last;
}
