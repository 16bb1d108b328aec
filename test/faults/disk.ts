/** Small disks: a tmpfs of a given size, to be filled and freed. Needs root. */
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startedAt } from '@atoll/infra/process/identity';
import { exec } from '@atoll/service/exec';
import type { CatalogueEntry } from './catalogue.ts';

/** Names the process that it belongs to, so that a later run can tell what a killed one left behind. */
const prefix = 'atoll-disk-';
const pattern = /^atoll-disk-(\d+)-/;
const FILLER = 'filler';

export interface SmallDisk {
  readonly path: string;
  /** Writes until there is no room for another byte. */
  fill(): void;
  /** What `fill` wrote goes. */
  free(): void;
  freeBytes(): Promise<number>;
  /** Unmounts it, also where a process still has files on it. */
  close(): Promise<void>;
}

async function unmount(path: string): Promise<void> {
  const mounted = readFileSync('/proc/self/mounts', 'utf8').includes(` ${path} `);
  if (mounted) await exec('umount', ['--lazy', path]);
  rmdirSync(path);
}

async function removeStaleDisks(): Promise<void> {
  for (const entry of readdirSync(tmpdir())) {
    const pid = pattern.exec(entry)?.[1];
    if (pid !== undefined && startedAt(Number(pid)) === null) await unmount(join(tmpdir(), entry));
  }
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let chunk = Buffer.alloc(1024 * 1024); chunk.length > 0; ) {
      try {
        writeSync(file, chunk);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        chunk = chunk.subarray(0, Math.floor(chunk.length / 2));
      }
    }
  } finally {
    closeSync(file);
  }
}

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  await removeStaleDisks();
  const path = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    await exec('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path]);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return {
    path,
    fill: () => writeUntilFull(join(path, FILLER)),
    free: () => rmSync(join(path, FILLER), { force: true }),
    async freeBytes() {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    close: () => unmount(path),
  };
}

/** `recover`: what an operator (or the supervisor) does once there is room again. */
export const diskFault = (name: string, disk: SmallDisk, recover: () => Promise<void>): CatalogueEntry => {
  let full = false;
  return {
    name,
    needsRoot: true,
    async inject() {
      full = true;
      disk.fill();
    },
    async heal() {
      if (!full) return;
      disk.free();
      await recover();
      full = false;
    },
  };
};
