/** Apollo Server over the engine: it parses, validates and answers; the engine executes. */
import {
  ApolloServer,
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type BaseContext,
  type GraphQLRequestContext,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { Positions } from '@atoll/schema/envelope';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import type { Logger } from '@atoll/service/log';
import type { GraphQLSchema } from 'graphql';
import type { Client } from '../audit/client.ts';
import type { Viewer } from '../auth/viewers.ts';
import { httpStatus } from '../errors.ts';
import type { Engine } from '../graphql/engine.ts';
import { limitsRule, maxTokens } from '../graphql/limits.ts';
import { countNotBegun } from '../graphql/measures.ts';
import { type Answer, stringifyAnswer } from '../graphql/raw.ts';
import { inOperation } from '../graphql/spans.ts';
import type { Teller } from '../graphql/tell.ts';

export interface HttpContext extends BaseContext {
  readonly viewer: Viewer;
  readonly client: Client;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly seen: Positions;
}

type GatewayInterface = ApolloServerOptionsWithGateway<HttpContext>['gateway'];
type Executor = NonNullable<Awaited<ReturnType<GatewayInterface['load']>>['executor']>;

function gateway(schema: GraphQLSchema, execute: Executor): GatewayInterface {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => {};
    },
    load: async () => ({ executor: execute }),
    stop: async () => {},
  };
}

const codeOf = (extensions: unknown): ErrorCode | null => {
  const code = typeof extensions === 'object' && extensions !== null ? Reflect.get(extensions, 'code') : undefined;
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : null;
};

/** An answer without data has the status of its first error. */
const statusPlugin: ApolloServerPlugin<HttpContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, operation }: GraphQLRequestContext<HttpContext>) {
        if (response.body?.kind !== 'single') return;
        const { data, errors } = response.body.singleResult;
        const extensions = errors?.[0]?.extensions;
        const code = codeOf(extensions);
        if (operation === undefined && errors) countNotBegun(code);
        if (data !== undefined || code === null) return;
        response.http.status = httpStatus(code);
        const retryAfter = extensions?.retryAfter;
        if (typeof retryAfter === 'number') response.http.headers.set('retry-after', String(retryAfter));
      },
    };
  },
};

export async function startApollo(options: {
  schema: GraphQLSchema;
  engine: Engine;
  teller: Teller;
  log: Logger;
}): Promise<ApolloServer<HttpContext>> {
  const { schema, engine, teller, log } = options;

  const execute: Executor = async (context) => {
    const { document, request } = context;
    const { viewer, client, correlation, traceparent, seen } = context.context as HttpContext;
    const { operationName, variables } = request;
    const asked = { document, operationName, variables, viewer, client, correlation, traceparent, seen };
    return await inOperation(asked, async () => {
      try {
        const answer: Answer = await engine.execute(asked);
        // Data that is text already passes through Apollo Server as it is, to `stringifyResult`.
        return answer as Awaited<ReturnType<Executor>>;
      } catch (error) {
        return { errors: [teller.tell(error, correlation)] };
      }
    });
  };

  const server = new ApolloServer<HttpContext>({
    gateway: gateway(schema, execute),
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    nodeEnv: 'production',
    parseOptions: { maxTokens },
    validationRules: [limitsRule],
    formatError: teller.format,
    stringifyResult: (value) => stringifyAnswer(value),
    logger: log,
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled(), statusPlugin],
  });
  await server.start();
  return server;
}
