/** The tenant's log as JSON lines, for keeping elsewhere: streamed, from any cursor, its signed head at the end. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { readChainHead, recordLines, startLine } from '../audit/chained.ts';
import { clientOf } from '../audit/client.ts';
import type { HeadSigner } from '../audit/head-signer.ts';
import { type Authenticator, tenantHeader } from '../auth/authenticate.ts';
import { scopeOf, type Viewers } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { Teller } from '../graphql/tell.ts';
import { parseCursor } from '../log/read.ts';
import type { Reader } from '../read/reader.ts';
import { sendFailure } from './failures.ts';

export const logExportPath = '/audit/log.jsonl';
const keysPath = '/.well-known/atoll-log-keys.json';
/** Exports at the same time; each holds a page in memory. Of one tenant fewer, so that none keeps the others waiting. */
const maxAtOnce = 32;
const maxOfOne = 4;

export function serveLogExport(
  app: FastifyInstance,
  needs: { authenticator: Authenticator; viewers: Viewers; teller: Teller; reader: Reader; signer: HeadSigner },
): void {
  const { authenticator, viewers, teller, reader, signer } = needs;
  const running = new Map<string, number>();
  const count = (scope: string, by: number) => {
    const now = (running.get(scope) ?? 0) + by;
    if (now > 0) running.set(scope, now);
    else running.delete(scope);
  };
  const isFull = (scope: string) =>
    (running.get(scope) ?? 0) >= maxOfOne || [...running.values()].reduce((all, one) => all + one, 0) >= maxAtOnce;

  async function* lines(scope: string, after: unknown): AsyncGenerator<string> {
    count(scope, 1);
    try {
      const head = await readChainHead(reader.rows, scope);
      const start = after === undefined ? head.trimmed : parseCursor(after, head);
      yield `${JSON.stringify(await startLine(reader.rows, scope, head, start))}\n`;
      for await (const text of recordLines(reader.rows, scope, start, head.cursor)) yield `${text}\n`;
      const signed = await signer.sign({ tenant: scope, cursor: head.cursor, hash: head.hash });
      yield `${JSON.stringify({ kind: 'head', signed })}\n`;
    } finally {
      count(scope, -1);
    }
  }

  app.get<{ Querystring: { after?: string } }>(logExportPath, async (request, reply) => {
    const correlation = randomUUID();
    try {
      const tenant = request.headers[tenantHeader];
      const viewer = await viewers.of(
        await authenticator.authenticate({
          ...{ authorization: request.headers.authorization, client: clientOf(request), correlation },
          tenant: Array.isArray(tenant) ? tenant.join(',') : tenant,
        }),
      );
      if (!viewer.permissions.has('audit:read')) {
        throw new ApiError('FORBIDDEN', 'The export asks for the permission audit:read, and your role has it not.', {
          extra: { permission: 'audit:read' },
        });
      }
      if (isFull(scopeOf(viewer))) throw new ApiError('UNAVAILABLE', 'Too many exports are running: try again later.');
      const found = lines(scopeOf(viewer), request.query.after);
      // The first line before the status: a cursor that is none is an error, not the end of a stream.
      const first = await found.next();
      async function* all() {
        if (!first.done) yield first.value;
        yield* found;
      }
      const stream = Readable.from(all(), { objectMode: true, highWaterMark: 64 });
      // Also where nobody reads a single line of it.
      stream.once('close', () => void found.return(undefined));
      return reply.header('content-type', 'application/x-ndjson').header('cache-control', 'no-store').send(stream);
    } catch (error) {
      return sendFailure(reply, teller.tell(error, correlation));
    }
  });
  app.get(keysPath, (_request, reply) => reply.header('cache-control', 'public, max-age=300').send(signer.jwks));
}
