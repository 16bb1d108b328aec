/** The files of one log, opened: what is written or moved away meanwhile changes nothing of what is read. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileMark } from './place.ts';
import { longestRecord } from './record.ts';

export interface LogFile {
  /** Null where its first record isn't whole yet: there is nothing to read. */
  readonly mark: string | null;
  /** Bytes. */
  readonly size: number;
  /** May give less than `length` at its end. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const orNull = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Usually the first few bytes have it. */
async function markOf(handle: FileHandle, size: number): Promise<string | null> {
  for (const length of [4096, longestRecord]) {
    const head = await readAt(handle, 0, Math.min(length, size));
    const end = head.indexOf(10);
    if (end >= 0) return fileMark(head.toString('utf8', 0, end));
    if (head.length >= size) return null;
  }
  return null;
}

async function opened(handle: FileHandle): Promise<LogFile> {
  const { size } = await handle.stat();
  return {
    mark: await markOf(handle, size),
    size,
    read: (offset, length) => readAt(handle, offset, Math.min(length, size - offset)),
    close: () => handle.close(),
  };
}

/** Rotations that may happen while it is opened. */
const attempts = 5;

/**
 * A log in Docker's json-file format, and what was rotated out of it into `.1`; oldest first, empty where there is none. As one view:
 * where it is rotated between the opening of one and the other, both are opened again.
 */
export async function openLog(path: string): Promise<LogFile[]> {
  for (let attempt = 1; ; attempt++) {
    const newest = await orNull(open(path, 'r'));
    if (newest === null && attempt < attempts) {
      // In the moment of a rotation there is no file of that name.
      if ((await orNull(stat(`${path}.1`))) !== null) continue;
      return [];
    }
    const older = await orNull(open(`${path}.1`, 'r'));
    const handles = [older, newest].filter((handle) => handle !== null);
    const now = await orNull(stat(path));
    const stands = newest !== null && now !== null && (await newest.stat()).ino === now.ino;
    if (stands || attempt >= attempts) return Promise.all(handles.map(opened));
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

/** Changes whenever something was written; null where there is no log. */
export async function logState(path: string): Promise<string | null> {
  const now = await orNull(stat(path));
  return now === null ? null : `${now.ino} ${now.size}`;
}
