/** Temporary folders that name the process they belong to, so that a later run can tell what a killed one left behind. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startedAt } from '../process/identity.ts';

const pattern = /^atoll-test-(\d+)-/;

/** Removed by its maker; `removeStale` takes what nobody removed. */
export const temporaryFolder = (what: string) => mkdtempSync(join(tmpdir(), `atoll-test-${process.pid}-${what}-`));

export function removeStale(): void {
  for (const entry of readdirSync(tmpdir())) {
    const pid = pattern.exec(entry)?.[1];
    if (pid !== undefined && startedAt(Number(pid)) === null)
      rmSync(join(tmpdir(), entry), { recursive: true, force: true });
  }
}
