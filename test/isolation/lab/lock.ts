/** A lock file of iptables that is the lab's own, and somebody who holds it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exec } from '@atoll/service/exec';

const heldSeconds = 3;

export interface HeldLock {
  readonly path: string;
  /** Takes it after so many ms, for 3 s; resolves once it has let go. */
  hold(afterMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function heldLock(): Promise<HeldLock> {
  const folder = await mkdtemp(join(tmpdir(), 'atoll-xtables-'));
  const path = join(folder, 'lock');
  await writeFile(path, '');
  return {
    path,
    async hold(afterMs) {
      await pause(afterMs);
      await exec('flock', [path, 'sleep', String(heldSeconds)]);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
