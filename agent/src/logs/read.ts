/** Reading a log by places: forward from one, or its newest lines. Bounded in what is looked at, held and told. */
import type { LogLine, LogStream } from '@atoll/schema/node/logs';
import type { LogFile } from './files.ts';
import { lineOf } from './line.ts';
import { continues, cursorOf, noneOpen, type OpenLines, openAfter, type Place } from './place.ts';
import { type LogRecord, longestRecord, readRecord } from './record.ts';

export interface Wanted {
  readonly lines: number;
  /** Of the lines as JSON; one is told, however long it is. */
  readonly bytes: number;
  readonly stream: LogStream | null;
  /** Unix milliseconds; null for no bound. */
  readonly since: number | null;
  readonly before: number | null;
}

export interface Read {
  readonly lines: LogLine[];
  /** After all that was looked at. */
  readonly place: Place;
  readonly gap: boolean;
  readonly more: boolean;
}

const block = 256 * 1024;
/** Looked at for one answer: a stream that says little is found by and by. */
const mostLooked = 8 * 1024 * 1024;

interface Raw {
  /** Null where it can't be read. */
  readonly record: LogRecord | null;
  /** Bytes of its file before and up to its end. */
  readonly start: number;
  readonly end: number;
}

/** Whole records of a part of a file, and where the first that isn't begins. */
function recordsOf(bytes: Buffer, offset: number): { readonly records: Raw[]; readonly next: number } {
  const records: Raw[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    const record = readRecord(bytes.toString('utf8', from, end));
    records.push({ record, start: offset + from, end: offset + end + 1 });
    from = end + 1;
  }
  return { records, next: offset + from };
}

const wants = ({ stream, since, before }: Wanted, record: LogRecord): boolean => {
  if (stream !== null && record.stream !== stream) return false;
  if (since === null && before === null) return true;
  const at = Date.parse(record.time);
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (before ?? Number.POSITIVE_INFINITY);
};

const bytesOf = (line: LogLine) => Buffer.byteLength(JSON.stringify(line)) + 1;

/** Before everything, where nothing was written yet. */
export const beginning: Place = { file: '0', offset: 0, open: noneOpen };

/** From a place on. Where its file is no longer kept there is a gap, and it goes on with the oldest that is. */
export async function readForward(files: readonly LogFile[], from: Place, wanted: Wanted): Promise<Read> {
  const kept = files.filter((file) => file.mark !== null);
  const begins = from.file === beginning.file;
  const found = begins ? 0 : kept.findIndex((file) => file.mark === from.file && from.offset <= file.size);
  // Of what has been rotated since the beginning, nobody knows whether it is all.
  const gap = begins ? files.length > 1 : found < 0;
  const lines: LogLine[] = [];
  let place = from;
  let open: OpenLines = gap ? noneOpen : from.open;
  let bytes = 0;
  let looked = 0;
  for (const file of kept.slice(Math.max(found, 0))) {
    const mark = file.mark ?? '';
    let offset = !gap && from.file === mark ? from.offset : 0;
    place = { file: mark, offset, open };
    let rest = file.size - offset;
    while (rest > 0) {
      const { records, next } = recordsOf(await file.read(offset, Math.max(block, longestRecord)), offset);
      for (const { record, end } of records) {
        if (record !== null && !continues(open, record) && wants(wanted, record)) {
          const line = lineOf(record, cursorOf({ file: mark, offset: end, open: openAfter(open, record) }));
          bytes += bytesOf(line);
          if (lines.length >= wanted.lines || (lines.length > 0 && bytes > wanted.bytes)) {
            return { lines, place, gap, more: true };
          }
          lines.push(line);
        }
        if (record !== null) open = openAfter(open, record);
        place = { file: mark, offset: end, open };
      }
      // Of the last one only the beginning is there, or it is no record at all.
      if (next === offset && rest <= longestRecord) break;
      looked += Math.max(next - offset, 1);
      offset = next === offset ? offset + longestRecord : next;
      rest = file.size - offset;
      if (looked >= mostLooked && rest > 0) return { lines, place, gap, more: true };
    }
  }
  return { lines, place, gap, more: false };
}

/** The newest lines, oldest first. Where more of them were asked for than is told there are `more`. */
export async function readNewest(files: readonly LogFile[], wanted: Wanted): Promise<Read> {
  const kept = files.filter((file) => file.mark !== null);
  /** Newest first; the records of a file in its order. */
  const parts: { readonly mark: string; readonly records: readonly Raw[] }[] = [];
  const newer = new Map<LogStream, string>();
  let candidates = 0;
  let bytes = 0;
  let looked = 0;
  let end: Place | null = null;
  let ended = false;
  for (const file of kept.toReversed()) {
    let to = file.size;
    while (to > 0 && !ended) {
      const from = Math.max(0, to - block);
      const part = await file.read(from, to - from);
      // What begins before this part is read with the part before it.
      const skip = from === 0 ? 0 : part.indexOf(10) + 1;
      const { records, next } = recordsOf(part.subarray(skip), from + skip);
      end ??= { file: file.mark ?? '', offset: next, open: noneOpen };
      parts.push({ mark: file.mark ?? '', records });
      for (const { record, start, end: until } of records.toReversed()) {
        // Of a long line all parts have the same time, and only the first is told.
        if (record === null || !wants(wanted, record) || newer.get(record.stream) === record.time) continue;
        newer.set(record.stream, record.time);
        candidates += 1;
        bytes += until - start;
      }
      looked += to - from;
      const oldest = records.find(({ record }) => record !== null)?.record ?? null;
      const before = oldest !== null && wanted.since !== null && Date.parse(oldest.time) < wanted.since;
      // One more of each stream than is told: of the first it isn't known whether it is the beginning of a line.
      ended = before || candidates > wanted.lines + 2 || bytes > 2 * wanted.bytes || looked >= mostLooked;
      // A part of nothing but the middle of a record, which none is: it is left behind.
      to = records[0]?.start ?? (skip === 0 ? from : from + skip);
      if (to === from + part.length) to = from;
    }
    if (ended) break;
  }
  const all: { readonly line: LogLine; readonly bytes: number }[] = [];
  let open: OpenLines = noneOpen;
  const begun = new Set<LogStream>();
  for (const { mark, records } of parts.toReversed()) {
    for (const { record, end: offset } of records) {
      if (record === null) continue;
      const first = !begun.has(record.stream);
      begun.add(record.stream);
      const told = !continues(open, record) && !(first && ended) && wants(wanted, record);
      open = openAfter(open, record);
      if (!told) continue;
      const line = lineOf(record, cursorOf({ file: mark, offset, open }));
      all.push({ line, bytes: bytesOf(line) });
    }
  }
  const place = end === null ? beginning : { ...end, open };
  const newest: LogLine[] = [];
  let room = wanted.bytes;
  for (const { line, bytes: size } of all.toReversed()) {
    room -= size;
    if (newest.length >= wanted.lines || (newest.length > 0 && room < 0)) break;
    newest.push(line);
  }
  const lines = newest.toReversed();
  return { lines, place, gap: false, more: lines.length < all.length || (ended && !reachedSince()) };

  function reachedSince(): boolean {
    if (wanted.since === null) return false;
    const oldest = parts.at(-1)?.records.find(({ record }) => record !== null)?.record;
    return oldest !== undefined && oldest !== null && Date.parse(oldest.time) < wanted.since;
  }
}
