/** One mutation: order → command → wait until the read model has it → payload. */
import { randomUUID } from 'node:crypto';
import { type Context, contexts } from '@atoll/schema/contexts';
import type { CommandReply, Positions } from '@atoll/schema/envelope';
import { type ErrorCode, errorCodes, type Rejection } from '@atoll/schema/errors';
import { idKind } from '@atoll/schema/ids';
import type { createCommandClient } from '@atoll/service/commands';
import { failpoint } from '@atoll/service/failpoint';
import { isConnectionError } from '@atoll/service/postgres';
import { withSpan } from '@atoll/service/spans';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Locator } from '../access/locate.ts';
import { withoutElsewhere } from '../access/out-of-sight.ts';
import type { Client } from '../audit/client.ts';
import type { MutationAudit } from '../audit/mutations.ts';
import type { Issuer } from '../auth/issuer.ts';
import { actorOf, type Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { Projections } from '../project/projections.ts';
import type { Variables } from '../read/compile/collect.ts';
import type { MutationField, Selection } from '../read/compile/plan.ts';
import type { Statement } from '../read/compile/sql.ts';
import { bubble, Completion, isObject, type JsonObject } from '../read/complete.ts';
import { everyTenant, type Reader } from '../read/reader.ts';
import { withDefaults } from './defaults.ts';
import { type AnyMutation, type Asking, isRejection, type Order } from './definition.ts';
import { elsewhere } from './elsewhere.ts';
import { inputField, inputMessage } from './fields.ts';
import { mutations } from './registry.ts';

/** How long a command may take, and how long its effect may take to be read. */
const commandMs = 10_000;
const readMs = 5_000;

export interface MutationRequest {
  readonly viewer: Viewer;
  readonly client: Client;
  readonly correlation: string;
  readonly traceparent: string | null;
  /** What the client says it has seen. */
  readonly seen: Positions;
  readonly variables: Variables;
  /** Puts the answers of live fields into rows of a payload. */
  readonly fillLive: (selection: Selection, data: JsonObject) => Promise<void>;
}

/** A payload by response key, and what went wrong in showing it: the change itself stands. */
export interface Payload {
  readonly data: JsonObject;
  readonly errors: readonly GraphQLError[];
}

export interface MutationRunner {
  /** Throws an ApiError where it isn't known that something changed, or that nothing did. */
  run(field: MutationField, statement: Statement | undefined, request: MutationRequest): Promise<Payload>;
}

export interface MutationNeeds {
  readonly schema: GraphQLSchema;
  readonly commands: ReturnType<typeof createCommandClient>;
  readonly projections: Pick<Projections, 'positions' | 'waitFor'>;
  readonly reader: Reader;
  readonly locator: Locator;
  /** Who may do what in the tenant may have changed. */
  readonly forget: (tenant: string) => void;
  readonly issuer: Issuer;
  readonly tokenUrl: string;
  readonly audit: MutationAudit;
  readonly tenantOfInvitation: Asking['tenantOfInvitation'];
  readonly issuerProblem: Asking['issuerProblem'];
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

const unknownOutcomes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNKNOWN_OUTCOME',
  'DEADLINE_EXCEEDED',
  'INTERNAL_SERVER_ERROR',
]);

const policyNamespace = {
  name: 'policy_namespace',
  text: 'select namespace_id from read.isolation_policy where id = $1::text and tenant_id = $2::text',
};

const deploymentNamespace = {
  name: 'deployment_namespace',
  text: 'select namespace_id from read.deployment where id = $1::text and tenant_id = $2::text',
};

const serviceNamespace = {
  name: 'service_namespace',
  text: 'select namespace_id from read.service where id = $1::text and tenant_id = $2::text',
};

const tenantThere = { name: 'tenant_there', text: 'select id from read.tenant where id = $1::text' };

const keyFault: Rejection = {
  code: 'INVALID_ARGUMENT',
  message: 'An idempotency key has 1–200 characters.',
  field: 'idempotencyKey',
};

export function createMutationRunner(needs: MutationNeeds): MutationRunner {
  const { schema, commands, projections, reader, locator, issuer, tokenUrl, audit } = needs;
  const mutationFields = schema.getMutationType()?.getFields() ?? {};

  function inputOf(field: MutationField, variables: Variables): unknown {
    const type = mutationFields[field.field]?.args.find((arg) => arg.name === 'input')?.type;
    const { input } = field.args(variables);
    return type ? withDefaults(type, input) : input;
  }

  function asking(viewer: Viewer, key: string): Asking {
    return {
      viewer,
      key,
      tokenUrl,
      secretOf: issuer.secretOf,
      async namespaceOfPolicy(policyId) {
        if (viewer.tenant === null || idKind(policyId) !== 'policy') return null;
        const [namespaceId] = await reader.rows(viewer.tenant, policyNamespace, [policyId, viewer.tenant]);
        return namespaceId ?? null;
      },
      async namespaceOfDeployment(deploymentId) {
        if (viewer.tenant === null || idKind(deploymentId) !== 'deployment') return null;
        const [namespaceId] = await reader.rows(viewer.tenant, deploymentNamespace, [deploymentId, viewer.tenant]);
        return namespaceId ?? null;
      },
      async namespaceOfService(serviceId) {
        if (viewer.tenant === null || idKind(serviceId) !== 'service') return null;
        const [namespaceId] = await reader.rows(viewer.tenant, serviceNamespace, [serviceId, viewer.tenant]);
        return namespaceId ?? null;
      },
      async tenantExists(tenantId) {
        // Of the operator's requests alone: nobody else learns who there is.
        if (viewer.tenant !== null || idKind(tenantId) !== 'tenant') return false;
        return (await reader.rows(everyTenant, tenantThere, [tenantId])).length > 0;
      },
      tenantOfInvitation: needs.tenantOfInvitation,
      issuerProblem: needs.issuerProblem,
    };
  }

  /** Positions of the contexts other than the command's own, which knows its own. */
  function seenOf(context: Context, seen: Positions): Record<string, number> {
    const here = projections.positions();
    const others = contexts.filter((other) => other !== context);
    return Object.fromEntries(others.map((other) => [other, Math.max(here[other], seen[other] ?? 0)]));
  }

  function send(definition: AnyMutation, order: Order, key: string, request: MutationRequest): Promise<CommandReply> {
    return commands.call(definition.context, definition.command, {
      key,
      tenant: order.tenant,
      actor: order.subject === undefined ? actorOf(request.viewer) : `user:${order.subject}`,
      ...(request.viewer.scopes && { only: [...request.viewer.scopes] }),
      correlation: request.correlation,
      traceparent: request.traceparent,
      deadline: Date.now() + commandMs,
      seen: seenOf(definition.context, request.seen),
      expectedVersion: order.expectedVersion,
      data: order.data,
    });
  }

  /** Rows of the payload, as the read model has them now. */
  async function rowsOf(
    field: MutationField,
    statement: Statement | undefined,
    definition: AnyMutation,
    result: JsonObject,
    request: MutationRequest,
  ): Promise<JsonObject> {
    if (!statement) return {};
    const ids: Record<string, string> = {};
    for (const part of field.payload) {
      if (part.kind !== 'row') continue;
      const id = result[definition.rows[part.nodes[0]?.name.value ?? ''] ?? ''];
      if (typeof id === 'string') ids[part.key] = id;
    }
    const { variables } = request;
    const { tenant, access } = request.viewer;
    const rows: JsonObject = JSON.parse(await reader.json(statement, { variables, tenant, access, ids }));
    await request.fillLive(
      field.payload.filter((part) => part.kind === 'row'),
      rows,
    );
    return rows;
  }

  function payload(field: MutationField, values: JsonObject, rows: JsonObject): Payload {
    const completion = new Completion();
    const object: JsonObject = {};
    for (const part of field.payload) {
      const path = [field.key, part.key];
      if (part.kind === 'row') object[part.key] = completion.field(part, rows[part.key], path);
      else object[part.key] = part.typename ?? completion.value(part.shape, values[part.name], part, path);
      if (object[part.key] === bubble) object[part.key] = null;
    }
    return { data: object, errors: completion.errors };
  }

  function refusal(field: MutationField, definition: AnyMutation, input: unknown, why: Rejection): Payload {
    const at = inputField(definition, input, why.field);
    const error = { code: why.code, message: inputMessage(why, at), field: at };
    return payload(field, { userErrors: [error], warnings: [], position: null }, {});
  }

  return {
    async run(field, statement, request) {
      const definition = mutations[field.field];
      if (!definition) throw new Error(`${field.where} leads to no command.`);
      const input = inputOf(field, request.variables);
      const given = isObject(input) ? input.idempotencyKey : undefined;
      const key = typeof given === 'string' ? given : randomUUID();
      if (key.length < 1 || key.length > 200) {
        await audit.refuse(request, field.field, input, { code: keyFault.code, field: ['idempotencyKey'] });
        return refusal(field, definition, input, keyFault);
      }

      const missing = await elsewhere({ schema, locator, field, definition, input, viewer: request.viewer }).catch(
        async (error: unknown) => {
          if (error instanceof ApiError) await audit.refuse(request, field.field, input, { code: error.code });
          throw error;
        },
      );
      if (missing) {
        const { code, field: where } = missing;
        await audit.refuse(request, field.field, input, { code, field: where?.split('.') ?? null });
        return refusal(field, {} as AnyMutation, input, missing);
      }

      const order = await definition.order(input, asking(request.viewer, key));
      // What the gateway says is in the input's words already.
      if (isRejection(order)) {
        await audit.refuse(request, field.field, input, { code: order.code, field: order.field?.split('.') ?? null });
        return refusal(field, {} as AnyMutation, input, order);
      }

      const open = await audit.begin(request, field.field, input, order.tenant);
      failpoint('gateway.before-command');
      const reply = await send(definition, order, key, request);
      failpoint('gateway.after-command');
      if (!reply.ok) {
        const { code, field: at } = reply.error;
        if (!isCode(code)) throw new Error(`The ${definition.context} service answered with the unknown code ${code}.`);
        // Where it isn't known what became of it, it is found out by the reconciliation.
        if (!unknownOutcomes.has(code)) await open.refused({ code, field: inputField(definition, input, at) });
        const message = await withoutElsewhere(locator, request.viewer, reply.error.message, input);
        if (errorCodes[code].kind !== 'user') throw new ApiError(code, message);
        return refusal(field, definition, input, { code, message, ...(at === undefined ? {} : { field: at }) });
      }

      const position = `${definition.context}:${reply.position}`;
      const recorded = open.accepted(position);
      const unread = () =>
        new ApiError(
          'DEADLINE_EXCEEDED',
          `The change is committed at ${position}, and can't be read yet. Read later with it in the header atoll-position, or repeat with the same idempotency key.`,
          { extra: { position } },
        );
      const readable = await withSpan('wait until readable', { attributes: { 'atoll.position': reply.position } }, () =>
        projections.waitFor(definition.context, reply.position, Date.now() + readMs),
      );
      await recorded;
      // Who is told that somebody may do something no more, asks next on that ground, whichever gateway projects.
      if (definition.context === 'tenancy') needs.forget(order.tenant);
      if (!readable) throw unread();
      const result = isObject(reply.result) ? reply.result : {};
      const values = { ...order.shown?.(result), userErrors: [], position };
      const rows = await rowsOf(field, statement, definition, result, request).catch((error: unknown) => {
        throw isConnectionError(error) ? unread() : error;
      });
      failpoint('gateway.before-answer');
      return payload(field, values, rows);
    },
  };
}
