/** W3C Trace Context (https://www.w3.org/TR/trace-context/), the one text that names a place in a trace. */
import { randomUUID } from 'node:crypto';
import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';

const length = 55;
const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Null for everything that isn't a `traceparent` of version 00: garbage, another version, ids of zeros, two headers in
 * one. Whoever gets null goes on as if there had been none.
 */
export function parseTraceparent(text: string | null | undefined): SpanContext | null {
  if (text?.length !== length) return null;
  const [, traceId, spanId, flags] = pattern.exec(text) ?? [];
  if (!traceId || !spanId || !flags) return null;
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(parsed) ? parsed : null;
}

export const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

/** Whether its spans are wanted, by the last flag. Cheap, for batches; says false of what isn't a traceparent. */
export const isSampled = (traceparent: string | null | undefined): traceparent is string =>
  traceparent?.length === length && (Number.parseInt(traceparent.slice(-1), 16) & 1) === 1;

/** Begins a trace where none is recorded: it has an id, by which log lines are found, and is not sampled. */
export function newTraceparent(): string {
  const hex = () => randomUUID().replaceAll('-', '');
  return `00-${hex()}-${hex().slice(0, 16)}-00`;
}

/** The 32 hex digits by which people name a trace; null where there is none. */
export const traceIdOf = (traceparent: string | null): string | null => parseTraceparent(traceparent)?.traceId ?? null;
