/**
 * Executes validated documents, whichever transport they came by: authorised, paid for, at or after what the client has
 * seen; queries as one SQL statement, mutations one after the other.
 */

import { capabilityRegistry, isCapability } from '@atoll/schema/capabilities';
import { type Context, contexts } from '@atoll/schema/contexts';
import type { Positions } from '@atoll/schema/envelope';
import { tenantSuspended } from '@atoll/schema/errors';
import {
  type DocumentNode,
  execute as executeOwn,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { Client } from '../audit/client.ts';
import type { MutationAudit } from '../audit/mutations.ts';
import { scopeOf, type Viewer } from '../auth/viewers.ts';
import type { Budget } from '../budget.ts';
import { ApiError } from '../errors.ts';
import type { LiveRequest, LiveResolvers } from '../live/resolvers.ts';
import type { MutationRunner } from '../mutations/run.ts';
import type { Projections } from '../project/projections.ts';
import { capabilityUses } from '../read/compile/capability-use.ts';
import type { Variables } from '../read/compile/collect.ts';
import type { Compiled, Compiler } from '../read/compile/compile.ts';
import { cost } from '../read/compile/cost.ts';
import type { MutationPlan, Plan, QueryPlan, Selection, SubscriptionPlan } from '../read/compile/plan.ts';
import { missing } from '../read/compile/sql.ts';
import { bubble, Completion, Failed, type JsonObject } from '../read/complete.ts';
import { fillLive } from '../read/live.ts';
import type { Reader } from '../read/reader.ts';
import { everyCapability, type TenantSchemas } from '../schema/capability.ts';
import { type Answer, RawJson } from './raw.ts';

/** How long a read waits for what the client says it has seen. */
const seenMs = 5_000;

export interface EngineRequest {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  readonly viewer: Viewer;
  readonly client: Client;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly seen: Positions;
}

export interface Engine {
  /** Throws ApiErrors for requests that can't be begun. */
  execute(request: EngineRequest): Promise<Answer>;
  /** What a subscription selects, and its arguments. Throws as `execute` does. */
  subscription(request: EngineRequest): { readonly plan: SubscriptionPlan; readonly args: JsonObject };
}

export interface EngineNeeds {
  readonly schema: GraphQLSchema;
  /** As each tenant sees it. */
  readonly tenantSchemas: Pick<TenantSchemas, 'of'>;
  readonly compiler: Compiler;
  readonly reader: Reader;
  readonly projections: Pick<Projections, 'positions' | 'waitFor'>;
  readonly mutations: MutationRunner;
  readonly audit: Pick<MutationAudit, 'refuseRequest'>;
  readonly resolvers: LiveResolvers;
  readonly liveRequest: (viewer: Viewer) => LiveRequest;
  readonly budget: Budget;
  readonly maxCost: number;
  /** Makes an error fit to be told: once logged, an unplanned one is masked. */
  readonly tell: (error: GraphQLError, correlation: string) => GraphQLError;
}

interface Prepared {
  readonly operation: OperationDefinitionNode;
  readonly variables: Variables;
  readonly compiled: Compiled;
}

export function createEngine(needs: EngineNeeds): Engine {
  const { schema, compiler, reader, projections, mutations, resolvers, budget, maxCost } = needs;

  function operationOf({ document, operationName }: EngineRequest): OperationDefinitionNode {
    const operation = getOperationAST(document, operationName);
    if (operation) return operation;
    throw new ApiError(
      'BAD_REQUEST',
      operationName
        ? `The document has no operation "${operationName}".`
        : 'The document has more than one operation, or none: say which by operationName.',
    );
  }

  function variablesOf(operation: OperationDefinitionNode, given: EngineRequest['variables']): Variables {
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], given ?? {}, {
      maxErrors: 10,
    });
    const [error] = errors ?? [];
    if (error) throw new ApiError('BAD_USER_INPUT', error.message, { nodes: [...(error.nodes ?? [])] });
    return coerced ?? {};
  }

  function authorise(plan: Plan, viewer: Viewer): void {
    // Who is no member is told so, whatever they ask for; but may become one.
    if (viewer.refusal !== null && !plan.needed.some(({ permission }) => permission === 'invitation:accept')) {
      throw viewer.refusal;
    }
    for (const { permission, where } of plan.needed) {
      // Held anywhere: rows are read, and changes made, where it is held.
      if (viewer.permissions.has(permission)) continue;
      throw new ApiError(
        'FORBIDDEN',
        `${where} asks for the permission ${permission}, and your role "${viewer.role}" does not have it.`,
        {
          extra: { permission },
        },
      );
    }
    if (plan.operation === 'mutation' && viewer.closedUntil !== null && !takesBack(plan)) {
      throw new ApiError(
        'TENANT_CLOSED',
        `The tenant is being deleted: it can be read, and not changed. Until ${viewer.closedUntil} it can be taken back with undeleteTenant.`,
        { extra: { purgeAt: viewer.closedUntil } },
      );
    }
    if (plan.operation === 'mutation' && viewer.suspension !== null) {
      const { code, message } = tenantSuspended(viewer.suspension);
      throw new ApiError(code, message, { extra: { reason: viewer.suspension } });
    }
  }

  /** What the viewer's plan hasn't, on whatever way it is asked for. */
  function mustBeIncluded(
    { viewer, document }: EngineRequest,
    operation: OperationDefinitionNode,
    variables: Variables,
  ): void {
    const { entitled } = viewer;
    if (entitled === null || entitled.capabilities.excluded.size === 0) return;
    for (const [name, where] of capabilityUses(schema, document, operation, variables)) {
      if (!entitled.capabilities.excluded.has(name)) continue;
      const what = isCapability(name) ? ` (${capabilityRegistry[name].replace(/\.$/, '')})` : '';
      throw new ApiError(
        'CAPABILITY_EXCLUDED',
        `${where} belongs to "${name}"${what}, which your tenant's plan "${entitled.plan}" does not include. Ask the operator of the platform for one that does.`,
        { extra: { capability: name, plan: entitled.plan } },
      );
    }
  }

  /** Everything that can refuse a request before it does anything. */
  function prepare(request: EngineRequest): Prepared {
    const { viewer, document } = request;
    const operation = operationOf(request);
    const variables = variablesOf(operation, request.variables);
    mustBeIncluded(request, operation, variables);
    const compiled = compiler.compile({
      document,
      operation,
      variables,
      viewerClass: viewer.tenant === null ? 'operator' : 'tenant',
      access: viewer.access,
      capabilities: viewer.entitled?.capabilities ?? everyCapability,
    });
    authorise(compiled.plan, viewer);
    const points = cost(compiled.plan, variables);
    if (points > maxCost) {
      throw new ApiError(
        'COST_EXCEEDED',
        `The request costs ${points} points, and one may cost ${maxCost}: ask for smaller pages or for less at once.`,
        {
          extra: { cost: points, limit: maxCost },
        },
      );
    }
    // A tenant pays for its own: not for whoever comes with a token of an issuer that it accepts, too.
    budget.spend(
      viewer.role === 'guest' ? `guests ${scopeOf(viewer)}` : scopeOf(viewer),
      points,
      viewer.entitled?.pointsPerMinute,
    );
    return { operation, variables, compiled };
  }

  /** A mutation that is turned away here leaves a record, too. */
  async function prepareOrRecord(request: EngineRequest): Promise<Prepared> {
    try {
      return prepare(request);
    } catch (error) {
      await needs.audit.refuseRequest(request, error);
      throw error;
    }
  }

  async function waitForSeen(seen: Positions): Promise<void> {
    const deadline = Date.now() + seenMs;
    const late = async (context: Context) => {
      const position = seen[context];
      return position !== undefined && !(await projections.waitFor(context, position, deadline));
    };
    for (const context of contexts) {
      if (await late(context)) {
        throw new ApiError(
          'DEADLINE_EXCEEDED',
          `What you have seen, ${context}:${seen[context]}, can't be read yet. Nothing was done; try again.`,
        );
      }
    }
  }

  function fill(selection: Selection, data: JsonObject, variables: Variables, live: LiveRequest): Promise<void> {
    return fillLive({ selection, data, variables, resolvers, request: live });
  }

  /** `__schema` and `__type`, by graphql-js, each alone. */
  async function introspect(
    plan: QueryPlan,
    request: EngineRequest,
    operation: OperationDefinitionNode,
    data: JsonObject,
  ) {
    const fields = plan.selection.filter((field) => field.kind === 'introspection');
    if (fields.length === 0) return;
    const selections: readonly FieldNode[] = fields.flatMap((field) => field.nodes);
    const definitions = [
      { ...operation, selectionSet: { ...operation.selectionSet, selections } },
      ...request.document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION),
    ];
    const result = await executeOwn({
      schema: needs.tenantSchemas.of(request.viewer.entitled?.capabilities ?? everyCapability),
      document: { kind: Kind.DOCUMENT, definitions },
      variableValues: request.variables,
    });
    for (const { key } of fields) {
      const [error] = result.errors ?? [];
      data[key] = error ? new Failed(error) : result.data?.[key];
    }
  }

  async function query(request: EngineRequest, prepared: Prepared, plan: QueryPlan): Promise<Answer> {
    const { compiled, variables, operation } = prepared;
    const { viewer } = request;
    const text = compiled.statement
      ? await reader.json(compiled.statement, { variables, tenant: viewer.tenant, access: viewer.access })
      : '{}';
    if (compiled.plain && !text.includes(missing)) return { data: new RawJson(text) };

    const data: JsonObject = JSON.parse(text);
    await Promise.all([
      fill(plan.selection, data, variables, needs.liveRequest(viewer)),
      introspect(plan, request, operation, data),
    ]);
    const completion = new Completion();
    const completed = completion.selection(plan.selection, data, []);
    return { data: completed, ...told(completion.errors, request) };
  }

  const told = (errors: readonly GraphQLError[], request: EngineRequest) =>
    errors.length > 0 ? { errors: errors.map((error) => needs.tell(error, request.correlation)) } : {};

  /** One after the other. A payload is non-null: where there is none, nothing after it is begun, and there is no data. */
  async function mutate(request: EngineRequest, prepared: Prepared, plan: MutationPlan): Promise<Answer> {
    const { variables, compiled } = prepared;
    const { viewer, client, correlation, traceparent, seen } = request;
    const live = needs.liveRequest(viewer);
    const data: JsonObject = {};
    const errors: GraphQLError[] = [];
    for (const field of plan.selection) {
      if (field.kind === 'typename') {
        data[field.key] = field.name;
        continue;
      }
      try {
        const payload = await mutations.run(field, compiled.payloads.get(field), {
          ...{ viewer, client, correlation, traceparent, seen, variables },
          fillLive: (selection, rows) => fill(selection, rows, variables, live),
        });
        data[field.key] = payload.data;
        errors.push(...payload.errors);
      } catch (error) {
        const completion = new Completion();
        const failure =
          error instanceof GraphQLError ? error : new GraphQLError('unplanned', { originalError: toError(error) });
        const shape = { kind: 'object', nonNull: true, fields: [], whole: false } as const;
        if (completion.value(shape, new Failed(failure), field, [field.key]) === bubble) {
          return { data: null, ...told([...errors, ...completion.errors], request) };
        }
      }
    }
    return { data, ...told(errors, request) };
  }

  return {
    async execute(request) {
      const prepared = await prepareOrRecord(request);
      await waitForSeen(request.seen);
      const { plan } = prepared.compiled;
      switch (plan.operation) {
        case 'query':
          return query(request, prepared, plan);
        case 'mutation':
          return mutate(request, prepared, plan);
        case 'subscription':
          throw new ApiError(
            'BAD_REQUEST',
            'Subscriptions come over a WebSocket (graphql-transport-ws) at the same path.',
          );
      }
    },
    subscription(request) {
      const { compiled, variables } = prepare(request);
      if (compiled.plan.operation !== 'subscription') throw new Error('It is no subscription.');
      return { plan: compiled.plan, args: { ...compiled.plan.field.args(variables) } };
    },
  };
}

/** The one thing that can be done in a tenant that is closed to be deleted. */
const takesBack = (plan: MutationPlan): boolean =>
  plan.selection.every((field) => field.kind === 'typename' || field.field === 'undeleteTenant');

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
