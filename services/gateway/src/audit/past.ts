/** `Query.timeline` and `Query.asOf`: what happened to a resource, and what it was. */
import { type Id, type IdKind, idKind } from '@atoll/schema/ids';
import { isPermission, type Permission } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import { type GraphQLSchema, isObjectType } from 'graphql';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { LiveResolver } from '../live/resolvers.ts';
import type { Param } from '../read/compile/sql.ts';
import { everyTenant, type Reader } from '../read/reader.ts';
import { tableOf } from '../schema/directives.ts';
import { pageOf, placeOf } from './query.ts';

/** What reading each kind asks for: as the SDL says of its type; of what has no type, the audit. */
function permissionsByKind(schema: GraphQLSchema): ReadonlyMap<string, Permission> {
  const found = new Map<string, Permission>([
    ['quota_limit', 'quota:read'],
    ['namespace_isolation', 'namespace:read'],
  ]);
  for (const type of Object.values(schema.getTypeMap())) {
    const table = isObjectType(type) ? tableOf(schema, type) : undefined;
    if (table && isPermission(table.permission)) found.set(table.name, table.permission);
  }
  return found;
}

/** The row that an id is first of all of, where more than one kind of row has it. */
const ownTable: Readonly<Partial<Record<IdKind, string>>> = { policy: 'isolation_policy', node: 'compute_node' };
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const timelineSql = {
  name: 'timeline',
  text: `
    select json_build_object(
      'change', change, 'kind', kind, 'time', time, 'type', type, 'eventId', event_id, 'actor', actor, 'cause', cause,
      'correlation', correlation, 'before', before, 'after', after)
    from read.resource_change
    where id = $1::text and kind = $2::text and ($3::text is null or tenant_id = $3)
      and ($4::int is null or change < $4)
    order by change desc limit $5::int`,
};
const asOfSql = {
  name: 'as_of',
  text: `
    select json_build_object(
      'id', id, 'kind', kind, 'change', change, 'time', time, 'deleted', state is null, 'state', state)
    from read.resource_change
    where id = $1::text and kind = $2::text and ($3::text is null or tenant_id = $3)
      and ($4::int is null or change = $4) and ($5::text is null or time <= $5)
    order by change desc limit 1`,
};

const lastStateSql = {
  name: 'last_state',
  text: `
    select state from read.resource_change
    where id = $1::text and kind = $2::text and ($3::text is null or tenant_id = $3) and state is not null
    order by change desc limit 1`,
};
type State = Readonly<Record<string, unknown>>;

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function momentOf(time: unknown, now: number): string | null {
  if (time === null || time === undefined) return null;
  const at = typeof time === 'string' && rfc3339.test(time) ? new Date(time) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime())) {
    throw new ApiError('BAD_USER_INPUT', '`time` must be of the form 2026-11-23T12:00:00.000Z.');
  }
  if (at.getTime() > now) {
    throw new ApiError('BAD_USER_INPUT', '`time` is still to come: what will be true then can not be told.');
  }
  return at.toISOString();
}

export function createPast(schema: GraphQLSchema, reader: Reader) {
  const permissions = permissionsByKind(schema);

  const ask = (viewer: Viewer, statement: { name: string; text: string }, values: readonly Param[]) =>
    reader.rows(viewer.tenant ?? everyTenant, statement, values);

  /** The last state in which something was, gone or not. */
  async function lastState(viewer: Viewer, kind: string, id: string): Promise<State | null> {
    const [found] = await ask(viewer, lastStateSql, [id, kind, viewer.tenant]);
    return found === undefined ? null : JSON.parse(found);
  }

  /** Where a resource is, or was; null where that isn't known. */
  async function scopeOf(viewer: Viewer, kind: string, id: string): Promise<Scope | null> {
    if (kind === 'environment') return { level: 'environment', environmentId: id as Id<'environment'> };
    // What a limit is of says where it is.
    if (kind === 'quota_limit') return idKind(id) === 'tenant' ? null : scopeOf(viewer, idKind(id) ?? '', id);
    const state = await lastState(viewer, kind, id);
    if (state === null) return null;
    if (kind === 'namespace') {
      const { environmentId } = state;
      return {
        level: 'namespace',
        environmentId: environmentId as Id<'environment'>,
        namespaceId: id as Id<'namespace'>,
      };
    }
    if (typeof state.namespaceId === 'string') return scopeOf(viewer, 'namespace', state.namespaceId);
    if (typeof state.deploymentId === 'string') return scopeOf(viewer, 'deployment', state.deploymentId);
    return null;
  }

  /** The kind of an id, where the viewer may read this one and follow what happens to it. */
  async function kindOf(viewer: Viewer, resourceId: string, asked: unknown): Promise<string | null> {
    const id = idKind(resourceId);
    if (id === null) return null;
    const kind = typeof asked === 'string' ? asked : (ownTable[id] ?? snake(id));
    if (!/^[a-z_]{1,60}$/.test(kind)) {
      throw new ApiError('BAD_USER_INPUT', '`kind` is none: give it as an entry of a timeline or a change tells it.');
    }
    const needed: readonly Permission[] = ['event:read', permissions.get(kind) ?? 'audit:read'];
    const reaches = needed.map((permission) => viewer.access.reach(permission).kind);
    if (reaches.includes('nowhere')) return null;
    if (reaches.every((reach) => reach === 'everywhere')) return kind;
    const scope = await scopeOf(viewer, kind, resourceId);
    return scope !== null && needed.every((permission) => viewer.access.may(permission, scope)) ? kind : null;
  }

  const timeline: LiveResolver = {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const first = pageOf(args);
      const before = placeOf(args.after);
      const id = String(args.resourceId);
      const kind = await kindOf(viewer, id, args.kind);
      const place = before === null ? null : Math.min(before, 2 ** 31 - 1);
      const found = kind === null ? [] : await ask(viewer, timelineSql, [id, kind, viewer.tenant, place, first + 1]);
      const nodes: { readonly change: number }[] = found.slice(0, first).map((row) => JSON.parse(row));
      return {
        nodes,
        edges: nodes.map((node) => ({ cursor: String(node.change), node })),
        pageInfo: {
          hasNextPage: found.length > first,
          hasPreviousPage: before !== null,
          startCursor: nodes[0] ? String(nodes[0].change) : null,
          endCursor: nodes.length > 0 ? String(nodes.at(-1)?.change) : null,
        },
      };
    },
  };

  const asOf: LiveResolver = {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const change = args.change ?? null;
      const time = momentOf(args.time, Date.now());
      if ((time === null) === (change === null)) {
        throw new ApiError('BAD_USER_INPUT', 'Say when: give either `time` or `change`.');
      }
      if (change !== null && !(typeof change === 'number' && change >= 1)) {
        throw new ApiError('BAD_USER_INPUT', '`change` is a number of the timeline, from 1.');
      }
      const id = String(args.resourceId);
      const kind = await kindOf(viewer, id, args.kind);
      if (kind === null) return null;
      const [found] = await ask(viewer, asOfSql, [id, kind, viewer.tenant, change, time]);
      return found === undefined ? null : JSON.parse(found);
    },
  };
  return { timeline, asOf };
}
