/** The spans that a platform started with --traces has recorded (docs/operations.md describes the file). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './waiting.ts';

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

const fileOf = (home: string) => join(home, 'traces', 'spans.ndjson');

export const recordedText = (home: string): string =>
  existsSync(fileOf(home)) ? readFileSync(fileOf(home), 'utf8') : '';

export const recorded = (home: string, traceId: string): readonly Span[] =>
  recordedText(home)
    .split('\n')
    .filter((line) => line.includes(traceId))
    .map((line): Span => JSON.parse(line))
    .filter((span) => span.traceId === traceId);

export const named = ({ service, name }: Span): string => `${service}: ${name}`;

/** All spans of a trace, once these are among them. They come in batches, those of an instant before a kill not at all. */
export async function traceWith(home: string, traceId: string, wanted: readonly string[], timeoutMs = 60_000) {
  let missing: readonly string[] = wanted;
  return await waitFor(`the trace ${traceId} is whole`, timeoutMs, () => {
    const spans = recorded(home, traceId);
    const there = new Set(spans.map(named));
    missing = wanted.filter((name) => !there.has(name));
    return missing.length === 0 ? spans : undefined;
  }).catch((error: unknown) => {
    const there = [...new Set(recorded(home, traceId).map(named))].join('\n  ');
    throw new Error(`${String(error)}; it lacks ${missing.join(', ')} and has\n  ${there}`);
  });
}

/** Spans whose parent isn't there; the client's own span is known. */
export function orphans(spans: readonly Span[], known: readonly string[] = []): readonly string[] {
  const ids = new Set([...spans.map(({ spanId }) => spanId), ...known]);
  return spans.filter(({ parentSpanId }) => parentSpanId !== null && !ids.has(parentSpanId)).map(named);
}
