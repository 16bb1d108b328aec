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

/** Spans whose parent isn't there. */
function orphans(spans: readonly Span[], known: readonly string[]): readonly string[] {
  const ids = new Set([...spans.map(({ spanId }) => spanId), ...known]);
  return spans.filter(({ parentSpanId }) => parentSpanId !== null && !ids.has(parentSpanId)).map(named);
}

/**
 * All spans of a trace, once names that begin so are among them and each one's parent is there, too, or one of `known`.
 * They come in batches, a child before its parent at times.
 */
export async function wholeTrace(
  home: string,
  traceId: string,
  wanted: readonly string[],
  known: readonly string[] = [],
): Promise<readonly Span[]> {
  let fault = '';
  return await waitFor(`the trace ${traceId} is whole`, 90_000, () => {
    const spans = recorded(home, traceId);
    const there = spans.map(named);
    const missing = wanted.filter((name) => !there.some((one) => one.startsWith(name)));
    const loose = orphans(spans, known);
    fault = `it lacks ${missing.join(', ')}; without their parent are ${loose.join(', ')}; it has\n  ${there.join('\n  ')}`;
    return missing.length + loose.length === 0 ? spans : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${fault}`);
  });
}
