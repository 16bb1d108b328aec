/** The log file of each process: bounded, the newest last. */
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

const maxBytes = 10 * 1024 * 1024;
const kept = 3;

export class LogFile {
  readonly path: string;
  #fd: number;
  #size: number;
  #open = true;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  /** After `close`, what a process still had in its pipe is dropped. */
  write(chunk: Buffer | string): void {
    if (!this.#open) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.#size > 0 && this.#size + bytes.length > maxBytes) this.#rotate();
    writeSync(this.#fd, bytes);
    this.#size += bytes.length;
  }

  /** NAME.log → NAME.log.1 → NAME.log.2; the oldest goes. */
  #rotate(): void {
    closeSync(this.#fd);
    rmSync(`${this.path}.${kept - 1}`, { force: true });
    for (let age = kept - 2; age >= 1; age -= 1) {
      try {
        renameSync(`${this.path}.${age}`, `${this.path}.${age + 1}`);
      } catch {
        // Not that many yet.
      }
    }
    renameSync(this.path, `${this.path}.1`);
    this.#fd = openSync(this.path, 'a', 0o600);
    this.#size = 0;
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}

/** The last lines of a file; none where there is no file. */
export function tail(path: string, lines: number): string {
  const window = 16 * 1024;
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, window));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString().trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(fd);
  }
}
