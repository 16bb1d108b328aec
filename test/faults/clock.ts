/** Clocks that lie: a process under libfaketime, whose clock can be set while it runs. Timers aren't touched by it. */
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startedAt } from '@atoll/infra/process/identity';
import type { CatalogueEntry } from './catalogue.ts';

export interface FakeClock {
  /** For the process that shall have it. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on it shows the real time plus so many ms. */
  set(offsetMs: number): void;
  close(): void;
}

/** Debian's package `faketime`; the library for programs with threads. */
function library(): string {
  for (const folder of readdirSync('/usr/lib')) {
    const found = join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1');
    try {
      if (readdirSync(join(found, '..')).includes('libfaketimeMT.so.1')) return found;
    } catch {
      // Another folder.
    }
  }
  throw new Error('There is no libfaketime: install the package faketime.');
}

/** The library leaves these behind where its process is killed. */
function removeLeftovers(): void {
  for (const name of readdirSync('/dev/shm')) {
    const pid = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && startedAt(Number(pid)) === null) rmSync(join('/dev/shm', name), { force: true });
  }
}

export function openClock(offsetMs = 0): FakeClock {
  const folder = mkdtempSync(join(tmpdir(), `atoll-test-${process.pid}-clock-`));
  // Servers run as users of their own.
  chmodSync(folder, 0o755);
  const file = join(folder, 'offset');
  const set = (ms: number) => {
    const seconds = ms / 1000;
    // Whole, by a rename: a clock that is read meanwhile shows the old or the new time.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  };
  set(offsetMs);
  return {
    env: {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      // Looked at anew for each reading of the clock; and what measures durations goes on evenly, as in a real machine.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    close() {
      rmSync(folder, { recursive: true, force: true });
      removeLeftovers();
    },
  };
}

/** The clocks jump there and, healed, back. */
export const clockFault = (name: string, clocks: readonly FakeClock[], offsetMs: number): CatalogueEntry => ({
  name,
  needsRoot: false,
  async inject() {
    for (const clock of clocks) clock.set(offsetMs);
  },
  async heal() {
    for (const clock of clocks) clock.set(0);
  },
});
