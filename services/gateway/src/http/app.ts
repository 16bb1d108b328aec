/** The gateway's pages over HTTP. */
import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { idKind } from '@atoll/schema/ids';
import type { ReadinessCheck } from '@atoll/service/health';
import type { Logger } from '@atoll/service/log';
import { type OpenSpan, openRequest } from '@atoll/service/spans';
import { traceIdOf } from '@atoll/service/traceparent';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { clientOf } from '../audit/client.ts';
import type { Strangers } from '../audit/strangers.ts';
import { type Authenticator, tenantHeader } from '../auth/authenticate.ts';
import type { Identity } from '../auth/identity.ts';
import { algorithm, type Issuer } from '../auth/issuer.ts';
import { type createTokenEndpoint, tokenPath } from '../auth/oauth.ts';
import type { Viewer, Viewers } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import { parsePositions, positionHeader } from '../graphql/positions.ts';
import type { Teller } from '../graphql/tell.ts';
import { everyCapability, type TenantSchemas } from '../schema/capability.ts';
import type { HttpContext } from './apollo.ts';
import { sendExplorer, serveExplorer } from './explorer.ts';
import { bodyFailure, maxBody, sendFailure } from './failures.ts';

export const graphqlPath = '/graphql';
/** The schema in SDL, as whoever asks sees it. */
export const schemaPath = '/schema.graphql';
/** Under these a request is found in logs and traces. */
export const correlationHeader = 'atoll-correlation';
export const traceHeader = 'atoll-trace-id';

export interface AppNeeds {
  readonly apollo: ApolloServer<HttpContext>;
  readonly issuer: Issuer;
  readonly authenticator: Authenticator;
  readonly viewers: Viewers;
  readonly tokenEndpoint: ReturnType<typeof createTokenEndpoint>;
  readonly strangers: Strangers;
  readonly teller: Teller;
  readonly tenantSchemas: Pick<TenantSchemas, 'printed'>;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly log: Logger;
}

const wantsPage = (request: FastifyRequest) =>
  request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');

/** A service account or a key joins nothing. */
const mayJoin = ({ credential, subject }: Identity) =>
  credential.kind !== 'apiKey' && idKind(subject) !== 'serviceAccount';

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

export function createApp(needs: AppNeeds): FastifyInstance {
  const { apollo, issuer, authenticator, viewers, tokenEndpoint, strangers, teller, checks } = needs;
  const app = Fastify({ bodyLimit: maxBody, logger: false, forceCloseConnections: true });
  const contexts = new WeakMap<FastifyRequest, HttpContext>();
  const spans = new WeakMap<FastifyRequest, OpenSpan>();

  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof ApiError) return sendFailure(reply, error);
    return sendFailure(reply, bodyFailure(error) ?? teller.tell(error, correlationOf(request)));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ error: 'not_found', error_description: `There is nothing here; the API is at ${graphqlPath}.` }),
  );
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );

  /** Who is known and no member may come in to become one. */
  async function viewerOf(identity: Identity): Promise<Viewer> {
    try {
      return await viewers.of(identity);
    } catch (error) {
      const isStranger = error instanceof ApiError && error.code === 'FORBIDDEN';
      if (isStranger && identity.kind === 'tenant' && mayJoin(identity)) return viewers.guest(identity, error);
      throw error;
    }
  }

  /** Before the body is read: strangers send none. */
  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (wantsPage(request)) return sendExplorer(reply);
    const correlation = randomUUID();
    const span = openRequest(`${request.method} ${graphqlPath}`, {
      kind: 'server',
      traceparent: header(request, 'traceparent') ?? null,
      correlation,
      attributes: { 'http.request.method': request.method, 'http.route': graphqlPath },
    });
    const { traceparent } = span;
    spans.set(request, span);
    reply.header(correlationHeader, correlation).header(traceHeader, traceIdOf(traceparent));
    return await span.run(async () => {
      try {
        const client = clientOf(request);
        const { authorization } = request.headers;
        const shown = { authorization, tenant: header(request, tenantHeader), client, correlation };
        const viewer = await viewerOf(await authenticator.authenticate(shown));
        const seen = parsePositions(header(request, positionHeader));
        contexts.set(request, { viewer, client, correlation, seen, traceparent });
      } catch (error) {
        await strangers.refused(request, request.headers.authorization, error, correlation);
        return sendFailure(reply, teller.tell(error, correlation));
      }
      return undefined;
    });
  }

  app.addHook('onResponse', async (request, { statusCode }) => {
    const failed = statusCode >= 500 ? { error: String(statusCode) } : {};
    spans.get(request)?.end({ attributes: { 'http.response.status_code': statusCode }, ...failed });
  });

  const correlationOf = (request: FastifyRequest) => contexts.get(request)?.correlation ?? randomUUID();

  app.route({
    method: ['GET', 'POST'],
    url: graphqlPath,
    onRequest: authenticate,
    handler: fastifyApolloHandler<HttpContext>(apollo, {
      async context(request) {
        const context = contexts.get(request);
        if (!context) throw new Error('A request came past the authentication.');
        return context;
      },
    }),
  });
  app.get(schemaPath, { onRequest: authenticate }, async (request, reply) => {
    const set = contexts.get(request)?.viewer.entitled?.capabilities ?? everyCapability;
    return reply
      .header('cache-control', 'private, no-cache')
      .type('application/graphql; charset=utf-8')
      .send(needs.tenantSchemas.printed(set));
  });
  serveExplorer(app);

  app.get('/.well-known/jwks.json', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(issuer.jwks),
  );
  app.get('/.well-known/openid-configuration', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send({
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/.well-known/jwks.json`,
      token_endpoint: `${issuer.url}${tokenPath}`,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [algorithm],
    }),
  );
  app.post(tokenPath, async (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : null;
    const answer = await tokenEndpoint({
      authorization: request.headers.authorization,
      form,
      client: clientOf(request),
      correlation: randomUUID(),
    });
    if (answer.status === 401) reply.header('www-authenticate', 'Basic realm="atoll"');
    return reply.code(answer.status).header('cache-control', 'no-store').send(answer.body);
  });

  app.get('/livez', () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await check().catch(String)] as const),
    );
    const reasons = found.filter(([, reason]) => reason !== null);
    if (reasons.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', reasons: Object.fromEntries(reasons) });
  });
  return app;
}
