/** Spans → the lines that `npm run trace` prints. Pure. */
import type { StoredSpan } from './trace-store.ts';

interface Trace {
  readonly traceId: string;
  /** By their start. */
  readonly spans: readonly StoredSpan[];
  readonly start: number;
  readonly end: number;
}

export function tracesOf(spans: readonly StoredSpan[]): readonly Trace[] {
  return [...Map.groupBy(spans, ({ traceId }) => traceId)]
    .map(([traceId, mine]) => ({
      traceId,
      spans: [...mine].sort((a, b) => a.start - b.start || b.end - a.end),
      start: Math.min(...mine.map(({ start }) => start)),
      end: Math.max(...mine.map(({ end }) => end)),
    }))
    .sort((a, b) => a.start - b.start);
}

/** Those in which something was changed, for reading is going on all the time; all where there is none. */
export function changing(traces: readonly Trace[]): readonly Trace[] {
  const changed = traces.filter(({ spans }) => spans.some(({ name }) => name === 'append'));
  return changed.length > 0 ? changed : traces;
}

function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** What it was about: the operation, where it began at the gateway. */
const titleOf = ({ spans }: Trace): string =>
  (spans.find(({ attributes }) => attributes['graphql.operation.type'] !== undefined) ?? spans[0])?.name ?? '';

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const summary = (trace: Trace): string =>
  `${trace.traceId}  ${new Date(trace.start).toISOString()}  ${duration(trace.end - trace.start).padStart(8)}  ` +
  `${count(trace.spans.length, 'span', 'spans').padStart(9)}  ${titleOf(trace)}`;

/** Attributes worth their place on the line. */
const told: Readonly<Record<string, string>> = {
  'atoll.position': 'position',
  'atoll.batch.commands': 'commands in the commit',
  'atoll.generation': 'generation',
  'atoll.instance': 'instance',
  'http.response.status_code': 'status',
};

function notes(span: StoredSpan, traceId: string): string {
  const own = Object.entries(told).flatMap(([key, word]) => {
    const value = span.attributes[key];
    return value === undefined ? [] : [`${word} ${value}`];
  });
  const outcome = span.attributes['atoll.outcome'];
  if (typeof outcome === 'string' && outcome !== 'OK' && outcome !== 'appended') own.push(outcome);
  const others = new Set(span.links.map((link) => link.traceId).filter((id) => id !== traceId));
  if (others.size > 0) own.push(`shared with ${[...others].map((id) => id.slice(0, 8)).join(' ')}`);
  return own.length > 0 ? `  (${own.join(', ')})` : '';
}

/** Without end in sight a line helps nobody: what is below this is not shown. */
const maxDepth = 40;

export function printTrace(trace: Trace): readonly string[] {
  const { spans, traceId, start } = trace;
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = Map.groupBy(spans, ({ parentSpanId }) =>
    parentSpanId && ids.has(parentSpanId) ? parentSpanId : '',
  );
  const width = Math.max(...spans.map(({ service }) => service.length));
  const lines: string[] = [];

  function print(span: StoredSpan, depth: number, lead: string, branch: string): void {
    const at = duration(span.start - start).padStart(8);
    const took = duration(span.end - span.start).padStart(8);
    const failed = span.error === null ? '' : `  FAILED ${span.error}`;
    lines.push(
      `${at} ${took}  ${span.service.padEnd(width)}  ${lead}${branch}${span.name}${failed}${notes(span, traceId)}`,
    );
    if (depth === maxDepth) return;
    const below = children.get(span.spanId) ?? [];
    const next = branch === '' ? '' : `${lead}${branch === '└ ' ? '  ' : '│ '}`;
    below.forEach((child, index) => {
      print(child, depth + 1, next, index === below.length - 1 ? '└ ' : '├ ');
    });
  }

  for (const root of children.get('') ?? []) print(root, 0, '', '');
  const processes = new Set(spans.map(({ service }) => service)).size;
  return [
    `Trace ${traceId}: ${titleOf(trace)}, ${new Date(start).toISOString()}`,
    `${count(spans.length, 'span', 'spans')} of ${count(processes, 'process', 'processes')}, ${duration(trace.end - start)}`,
    '',
    `${'after'.padStart(8)} ${'took'.padStart(8)}`,
    ...lines,
  ];
}
