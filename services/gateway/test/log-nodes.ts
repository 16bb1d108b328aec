/** Agents' part of reading logs: instances that write into memory, of which a node keeps the newest lines. */
import type { Id } from '@atoll/schema/ids';
import { type LogLine, type LogsReply, type LogsRequest, logBeginning, logsRequest } from '@atoll/schema/node/logs';
import { nodeSubjects } from '@atoll/schema/subjects';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import { log } from './database.ts';

export class LogNode {
  readonly asked: LogsRequest[] = [];
  readonly #nc: NatsConnection;
  readonly #id: Id<'node'>;
  readonly #logs = new Map<string, { first: number; readonly lines: LogLine[] }>();
  #serving: { stop(): Promise<void> } | null = null;

  constructor(nc: NatsConnection, id: Id<'node'>) {
    this.#nc = nc;
    this.#id = id;
  }

  async start(): Promise<void> {
    const subject = nodeSubjects.logs(this.#id);
    this.#serving = serveJson(this.#nc, { subject, log }, async (body) => this.#answer(logsRequest.parse(body)));
    await this.#nc.flush();
  }
  async stop(): Promise<void> {
    await this.#serving?.stop();
    this.#serving = null;
  }

  #logOf(instance: string) {
    const known = this.#logs.get(instance) ?? { first: 0, lines: [] };
    this.#logs.set(instance, known);
    return known;
  }
  write(instance: string, texts: readonly string[], stream: LogLine['stream'] = 'STDOUT'): void {
    const { first, lines } = this.#logOf(instance);
    for (const text of texts) {
      const cursor = `a.${(first + lines.length + 1).toString(36)}.0.0`;
      lines.push({
        at: new Date(1_700_000_000_000 + lines.length * 1000).toISOString(),
        stream,
        text,
        truncated: false,
        cursor,
      });
    }
  }
  /** Only the newest are kept. */
  rotate(instance: string, keep: number): void {
    const kept = this.#logOf(instance);
    kept.first += Math.max(0, kept.lines.length - keep);
    kept.lines.splice(0, Math.max(0, kept.lines.length - keep));
  }

  #answer(request: LogsRequest): LogsReply {
    this.asked.push(request);
    const { first, lines } = this.#logOf(request.instance);
    const after = request.after === null ? null : Number.parseInt(request.after.split('.')[1] ?? '', 36);
    const from = after === null ? 0 : Math.max(0, after - first);
    const wanted = lines
      .slice(from)
      .filter(({ stream, at }) => (request.stream ?? stream) === stream && at >= (request.since ?? ''));
    const told =
      after === null
        ? wanted.slice(wanted.length - Math.min(request.lines, wanted.length))
        : wanted.slice(0, request.lines);
    let bytes = 0;
    const fitting = told.filter((line, index) => {
      bytes += JSON.stringify(line).length;
      return index === 0 || bytes <= request.bytes;
    });
    const end =
      fitting.length === told.length && told.length === wanted.length ? null : (fitting.at(-1)?.cursor ?? null);
    const newest = lines.at(-1)?.cursor ?? (first > 0 ? `a.${first.toString(36)}.0.0` : logBeginning);
    return {
      state: 'RUNNING',
      lines: fitting,
      cursor: after === null ? newest : (end ?? newest),
      gap: after !== null && after < first,
      more: fitting.length < wanted.length,
    };
  }
}
