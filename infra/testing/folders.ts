/** Temporary folders that name the process they belong to, so that a later run can tell what a killed one left behind. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startedAt } from '../process/identity.ts';

const pattern = /^atoll-test-(\d+)-/;
const memory = '/dev/shm';
const enough = 6 * 1024 ** 3;

const make = (parent: string, what: string) => mkdtempSync(join(parent, `atoll-test-${process.pid}-${what}-`));

/** Removed by its maker; `removeStale` takes what nobody removed. */
export const temporaryFolder = (what: string) => make(tmpdir(), what);

/**
 * In memory where there is plenty of it: for servers whose durability is not what is tested, since there an fsync costs
 * nothing. What is kept in it survives kill -9 of its server as it would on a disk.
 */
export function memoryFolder(what: string): string {
  if (!existsSync(memory)) return temporaryFolder(what);
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= enough ? make(memory, what) : temporaryFolder(what);
}

export function removeStale(): void {
  for (const parent of [tmpdir(), memory].filter(existsSync)) {
    for (const entry of readdirSync(parent)) {
      const pid = pattern.exec(entry)?.[1];
      if (pid === undefined || startedAt(Number(pid)) !== null) continue;
      rmSync(join(parent, entry), { recursive: true, force: true });
    }
  }
}
