/** Fields that no read model answers: by `Type.field`, each with the columns that it needs of its row. */
import { isPermission, permissionRegistry } from '@atoll/schema/permissions';
import type { GraphQLSchema } from 'graphql';
import { isObjectType } from 'graphql';
import type { Viewer } from '../auth/viewers.ts';
import { isLive, permissionOf } from '../schema/directives.ts';
import type { UsageLoader } from '../usage/loader.ts';
import type { AddressUseLoader } from './address-use-loader.ts';
import type { EnforcementLoader } from './enforcement-loader.ts';
import type { FlowsLoader, PlatformFlowsLoader } from './flows-loader.ts';
import type { HeardLoader } from './heard-loader.ts';
import type { PlatformEnforcementLoader } from './platform-enforcement-loader.ts';
import type { ProcessesLoader } from './processes-loader.ts';
import type { SharedNodesLoader } from './shared-nodes-loader.ts';
import type { StandingsLoader } from './standings-loader.ts';
import type { TunnelsLoader } from './tunnels-loader.ts';
import type { WarningsLoader } from './warnings-loader.ts';

export type LiveArgs = Readonly<Record<string, unknown>>;

/** One request: who asks, and what its fields share. */
export interface LiveRequest {
  readonly viewer: Viewer;
  readonly processes: ProcessesLoader;
  readonly enforcement: EnforcementLoader;
  readonly flows: FlowsLoader;
  readonly platformFlows: PlatformFlowsLoader;
  readonly usage: UsageLoader;
  readonly warnings: WarningsLoader;
  readonly platformEnforcement: PlatformEnforcementLoader;
  readonly sharedNodes: SharedNodesLoader;
  readonly standings: StandingsLoader;
  readonly tunnels: TunnelsLoader;
  readonly heard: HeardLoader;
  readonly addressUse: AddressUseLoader;
}

export interface LiveResolver {
  /** Columns of the parent's row. Root fields need none. */
  readonly needs: readonly string[];
  /**
   * Of a root field whose permission can be held for parts of a tenant: it answers within the viewer's parts. The gateway
   * doesn't start where it doesn't say so.
   */
  readonly inParts?: true;
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
  const query = schema.getQueryType();
  const unbounded = Object.values(query?.getFields() ?? {}).filter((field) => {
    const permission = permissionOf(schema, field) ?? '';
    const level = isPermission(permission) ? permissionRegistry[permission].level : 'tenant';
    const answersInParts = resolvers[`Query.${field.name}`]?.inParts === true;
    return isLive(schema, field) && (level === 'environment' || level === 'namespace') && !answersInParts;
  });
  return [
    ...unbounded.map(
      ({ name }) => `Query.${name} is for parts of a tenant, too, and its resolver doesn't say that it keeps to them`,
    ),
    ...live.filter((name) => !(name in resolvers)).map((name) => `${name} is @live and has no resolver`),
    ...Object.keys(resolvers).flatMap((name) =>
      live.includes(name) ? [] : [`${name} has a resolver and is not @live`],
    ),
  ];
}
