/** Places in the log of an instance, and as text: cursors. Pure. */
import { createHash } from 'node:crypto';
import { type LogStream, logStreams } from '@atoll/schema/node/logs';
import { isWhole, type LogRecord } from './record.ts';

/** By stream: the mark of the line whose end is still to come; null where the last one has ended. */
export type OpenLines = Readonly<Record<LogStream, string | null>>;

export interface Place {
  /** The file: what its first record says is in no other, as it has its time in nanoseconds. */
  readonly file: string;
  /** Bytes of it before the place. */
  readonly offset: number;
  readonly open: OpenLines;
}

export const noneOpen: OpenLines = { STDOUT: null, STDERR: null };

const mark = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length);
export const fileMark = (firstRecord: string) => mark(firstRecord, 12);
const lineMark = ({ time }: LogRecord) => mark(time, 8);

/** Whether a record is more of a line of which the first part was told: all parts have its time. */
export const continues = (open: OpenLines, record: LogRecord): boolean => {
  const before = open[record.stream];
  return before !== null && before === lineMark(record);
};
export const openAfter = (open: OpenLines, record: LogRecord): OpenLines => {
  const next = isWhole(record) ? null : lineMark(record);
  return open[record.stream] === next ? open : { ...open, [record.stream]: next };
};

export const cursorOf = ({ file, offset, open }: Place): string =>
  [file, offset.toString(36), ...logStreams.map((stream) => open[stream] ?? '0')].join('.');

/** Null where it is none. */
export function placeOf(cursor: string): Place | null {
  const [file, offset, stdout, stderr, ...rest] = cursor.split('.');
  if (!file || !offset || !stdout || !stderr || rest.length > 0) return null;
  const at = Number.parseInt(offset, 36);
  if (!Number.isSafeInteger(at) || at < 0) return null;
  return { file, offset: at, open: { STDOUT: stdout === '0' ? null : stdout, STDERR: stderr === '0' ? null : stderr } };
}
