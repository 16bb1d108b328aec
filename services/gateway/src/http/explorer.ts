/**
 * The API explorer: GraphiQL, from files of our own alone. The page asks for nothing from elsewhere, and its policy
 * wouldn't let it. `@graphql-yoga/render-graphiql` is GraphiQL with everything that it needs in one file; its parts are
 * served as files here, so that no inline script has to be allowed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply } from 'fastify';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // The editor makes its styles as it goes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

interface Parts {
  readonly js: string;
  readonly css: string;
  readonly editorWorkerService: string;
  readonly jsonWorker: string;
  readonly graphqlWorker: string;
}

/** Read at the first visit: it is 9 MB. */
async function loadParts(): Promise<Parts> {
  const entry = import.meta.resolve('@graphql-yoga/render-graphiql');
  return import(new URL('./graphiql.js', entry).href);
}

interface File {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
}

function file(name: string, text: string): File {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { type: name.endsWith('.css') ? types.css : types.js, etag, body };
}

const own = (name: string) => readFileSync(new URL(`../explorer/${name}`, import.meta.url), 'utf8');

async function loadFiles(): Promise<ReadonlyMap<string, File>> {
  const parts = await loadParts();
  const texts: Record<string, string> = {
    'explorer.js': own('explorer.js'),
    'explorer.css': own('explorer.css'),
    'graphiql.js': parts.js,
    'graphiql.css': parts.css,
    'worker-editor.js': parts.editorWorkerService,
    'worker-json.js': parts.jsonWorker,
    'worker-graphql.js': parts.graphqlWorker,
  };
  return new Map(Object.entries(texts).map(([name, text]) => [name, file(name, text)]));
}

function secure(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
}

const page = own('explorer.html');

export const sendExplorer = (reply: FastifyReply): FastifyReply =>
  secure(reply).header('cache-control', 'no-cache').type(types.html).send(page);

export function serveExplorer(app: FastifyInstance): void {
  let files: Promise<ReadonlyMap<string, File>> | undefined;
  app.get('/explorer', (_request, reply) => sendExplorer(reply));
  app.get<{ Params: { name: string } }>('/explorer/:name', async (request, reply) => {
    files ??= loadFiles();
    const found = (await files).get(request.params.name);
    if (!found) return reply.callNotFound();
    secure(reply).header('cache-control', 'no-cache').header('etag', found.etag).type(found.type);
    return request.headers['if-none-match'] === found.etag ? reply.code(304).send() : reply.send(found.body);
  });
}
