/**
 * Records of Docker's json-file logs: one line of JSON each. What a process writes as one line is one record, or, where it is
 * longer than 16 KiB, several in a row of the same stream and time, of which only the last has the line's end. Pure.
 */
import type { LogStream } from '@atoll/schema/node/logs';

/** Docker begins a new record here; a record that ends without a line's end and is shorter was the last thing its process wrote. */
const dockerSplit = 16_384;
/** A record is at most 16,384 bytes, each of which may be written as `\u0000`, and what is around it. */
export const longestRecord = 128 * 1024;

export interface LogRecord {
  /** As it was written: with the line's end where it has one. */
  readonly log: string;
  readonly stream: LogStream;
  /** RFC 3339, in nanoseconds. */
  readonly time: string;
}

const streams: Readonly<Record<string, LogStream>> = { stdout: 'STDOUT', stderr: 'STDERR' };
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** Null where it is no record: a file that was damaged is read on behind it. */
export function readRecord(text: string): LogRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { log, stream, time } = value as Readonly<Record<string, unknown>>;
  const known = typeof stream === 'string' ? streams[stream] : undefined;
  if (typeof log !== 'string' || known === undefined || typeof time !== 'string' || !instant.test(time)) return null;
  return { log, stream: known, time };
}

export const isWhole = ({ log }: LogRecord): boolean => log.endsWith('\n');
/** More of its line was written than is in it. */
export const goesOn = (record: LogRecord): boolean => !isWhole(record) && Buffer.byteLength(record.log) >= dockerSplit;
