/** A process that is remembered in a file: by its number and when it started, so that another one of that number isn't taken for it. */
import { readFileSync } from 'node:fs';

export interface Remembered {
  readonly pid: number;
  readonly started: string;
}

/** Field 22 of /proc/<pid>/stat, in ticks since boot; null where there is no such process. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const isAlive = ({ pid, started }: Remembered) => startOf(pid) === started;

export const processes = {
  self: (): Remembered => ({ pid: process.pid, started: startOf(process.pid) ?? '' }),
  isAlive,
  /** The one that the file remembers, where it is alive. */
  read(path: string): Remembered | null {
    try {
      const found = JSON.parse(readFileSync(path, 'utf8')) as Remembered;
      return isAlive(found) ? found : null;
    } catch {
      return null;
    }
  },
  end(one: Remembered): void {
    if (isAlive(one)) process.kill(one.pid, 'SIGTERM');
  },
} as const;
