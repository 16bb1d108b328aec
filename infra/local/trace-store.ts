/** The spans of the local platform: one JSON line each, in files that are bounded, the newest last. */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { LogFile } from './logs.ts';

/** 10 MiB each, three of them: some hundred thousand spans. */
export const openTraceFile = (path: string): LogFile => {
  closeSync(openSync(path, 'a', 0o600));
  return new LogFile(path);
};

export const storedSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  /** Name of the process. */
  service: z.string(),
  name: z.string(),
  kind: z.string(),
  /** Unix time in milliseconds, with the microseconds as its fraction. */
  start: z.number(),
  end: z.number(),
  /** Null where it ended well, else our code or the type of the error. */
  error: z.string().nullable(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
});
export type StoredSpan = z.infer<typeof storedSpan>;

/** Null for what isn't one: the last line of a platform that was killed may be half. */
function parseLine(line: string): StoredSpan | null {
  try {
    return storedSpan.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** All that are kept, oldest file first. */
export function readSpans(path: string): readonly StoredSpan[] {
  return [`${path}.2`, `${path}.1`, path]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .flatMap((line) => (line === '' ? [] : (parseLine(line) ?? [])));
}
