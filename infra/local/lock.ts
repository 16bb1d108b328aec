/** One supervisor per home. The lock names its process; a lock whose process is gone is taken over. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { identify, type ProcessIdentity, stillRuns } from '../process/identity.ts';

const lockSchema = z.object({ pid: z.number(), started: z.string() });

export type LockResult =
  | { readonly taken: true; release(): void }
  | { readonly taken: false; readonly holder: ProcessIdentity };

function holderOf(path: string): ProcessIdentity | null {
  try {
    const holder = lockSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return stillRuns(holder) ? holder : null;
  } catch {
    return null;
  }
}

/** Takes a stale lock away. Where another was quicker and this is its fresh lock, it gets it back. */
function setAside(path: string, aside: string): void {
  try {
    renameSync(path, aside);
    if (holderOf(aside)) linkSync(aside, path);
  } catch {
    // Gone, or taken anew: the next attempt sees which.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Of several that come at the same moment one gets it: the name is given by link(2), which fails where it exists. */
export function takeLock(path: string): LockResult {
  const self = identify(process.pid);
  if (!self) throw new Error('This process does not find itself.');
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(own, path);
        return { taken: true, release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const holder = holderOf(path);
      if (holder) return { taken: false, holder };
      setAside(path, `${own}.stale`);
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new Error(`The lock ${path} can't be taken. Remove it if nothing runs on this home.`);
}
