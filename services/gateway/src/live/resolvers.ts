/** Fields that no read model answers: by `Type.field`, each with the columns that it needs of its row. */
import type { GraphQLSchema } from 'graphql';
import { isObjectType } from 'graphql';
import type { Viewer } from '../auth/viewers.ts';
import { isLive } from '../schema/directives.ts';
import type { LogsLoader } from './logs-loader.ts';

export type LiveArgs = Readonly<Record<string, unknown>>;

/** One request: who asks, and what its fields share. */
export interface LiveRequest {
  readonly viewer: Viewer;
  readonly logs: LogsLoader;
}

export interface LiveResolver {
  /** Columns of the parent's row. Root fields need none. */
  readonly needs: readonly string[];
  resolve(row: Readonly<Record<string, unknown>>, args: LiveArgs, request: LiveRequest): Promise<unknown>;
}

export type LiveResolvers = Readonly<Record<string, LiveResolver>>;

/** What the SDL calls live and has no resolver, and the other way round. */
export function liveProblems(schema: GraphQLSchema, resolvers: LiveResolvers): string[] {
  const live = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).flatMap((field) => (isLive(schema, field) ? [`${type.name}.${field.name}`] : [])),
    );
  return [
    ...live.filter((name) => !(name in resolvers)).map((name) => `${name} is @live and has no resolver`),
    ...Object.keys(resolvers).flatMap((name) =>
      live.includes(name) ? [] : [`${name} has a resolver and is not @live`],
    ),
  ];
}
