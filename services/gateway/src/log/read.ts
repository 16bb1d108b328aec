/** A tenant's log, as it is read: contiguous cursors, an explicit error where it was trimmed. */
import type { Access, Reach } from '@atoll/access/compiled';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';

/** As the SDL's `Event` shows it. */
export interface LogRow {
  readonly cursor: string;
  readonly id: string;
  readonly type: string;
  readonly resourceId: string;
  readonly time: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly data: unknown;
  /** Not shown: where the resource is, for those who may read parts of the tenant; null: of the whole tenant. */
  readonly environmentId: string | null;
  readonly namespaceId: string | null;
  /** Not shown: for the span of its delivery. */
  readonly traceparent: string | null;
}

export interface Head {
  /** The newest cursor; 0 for an empty log. */
  readonly cursor: number;
  /** Up to here, that included, there is nothing any more. */
  readonly trimmed: number;
}

export interface LogReader {
  head(scope: string): Promise<Head>;
  /** In order, the one right after `cursor` first. */
  after(scope: string, cursor: number, limit: number): Promise<readonly LogRow[]>;
  /** Of these, what is in the parts of the tenant. */
  within(scope: string, cursor: number, limit: number, parts: Parts): Promise<readonly LogRow[]>;
}

/** Parts of a tenant, by the ids of environments and namespaces. */
export type Parts = Pick<Extract<Reach, { kind: 'some' }>, 'environments' | 'namespaces'>;

/** Whether a viewer may read the record, of those of their tenant. */
export const readable = (row: LogRow, access: Access): boolean => within(row, access.reach('event:read'));

/** Whether what the record is about is somewhere that the viewer reaches. */
export function within({ environmentId, namespaceId }: LogRow, reach: Reach): boolean {
  switch (reach.kind) {
    case 'everywhere':
      return true;
    case 'nowhere':
      return false;
    case 'some':
      return (
        (environmentId !== null && reach.environments.has(environmentId)) ||
        (namespaceId !== null && reach.namespaces.has(namespaceId))
      );
    default:
      return reach satisfies never;
  }
}

const headSql = {
  name: 'log_head',
  text: `select json_build_object('cursor', cursor, 'trimmed', trimmed) from read.tenant_log_head where tenant_id = $1::text`,
};
/** In which environment a namespace is or was is known for good, the row of the log may be from before it was known. */
const selectSql = `select json_build_object(
      'cursor', l.cursor::text, 'id', l.event_id, 'type', l.type, 'resourceId', l.resource_id, 'time', l.time,
      'actor', l.actor, 'cause', l.cause, 'correlation', l.correlation, 'data', l.data, 'traceparent', l.traceparent,
      'environmentId', coalesce(l.environment_id, h.environment_id), 'namespaceId', l.namespace_id)
    from read.tenant_log l
      left join read.namespace_home h on h.id = l.namespace_id and h.tenant_id = l.tenant_id
    where l.tenant_id = $1::text and l.cursor > $2::bigint`;
const afterSql = { name: 'log_after', text: `${selectSql} order by l.cursor limit $3::int` };
const withinSql = {
  name: 'log_within',
  text: `${selectSql} and (coalesce(l.environment_id, h.environment_id) = any($4::text[]) or l.namespace_id = any($5::text[]))
    order by l.cursor limit $3::int`,
};

const idList = (ids: Iterable<string>) => `{${[...ids].join(',')}}`;

export function createLogReader(reader: Reader): LogReader {
  return {
    async head(scope) {
      const [text] = await reader.rows(scope, headSql, [scope]);
      return text === undefined ? { cursor: 0, trimmed: 0 } : JSON.parse(text);
    },
    async after(scope, cursor, limit) {
      const rows = await reader.rows(scope, afterSql, [scope, cursor, limit]);
      return rows.map((text): LogRow => JSON.parse(text));
    },
    async within(scope, cursor, limit, { environments, namespaces }) {
      const values = [scope, cursor, limit, idList(environments), idList(namespaces)];
      const rows = await reader.rows(scope, withinSql, values);
      return rows.map((text): LogRow => JSON.parse(text));
    },
  };
}

export const trimmedError = (head: Head) =>
  new ApiError(
    'CURSOR_TRIMMED',
    `The log goes back to ${head.trimmed}: what came between your cursor and it is gone. Read everything anew, and go on from there.`,
    { extra: { oldest: String(head.trimmed) } },
  );

/** Where a client wants to go on from, checked against the log as it is. */
export function parseCursor(after: unknown, head: Head): number {
  if (typeof after !== 'string' || !/^\d{1,15}$/.test(after)) {
    throw new ApiError('CURSOR_MALFORMED', '`after` is no cursor: give it the `cursor` of an event as it was told.');
  }
  const cursor = Number(after);
  if (cursor > head.cursor) {
    throw new ApiError('CURSOR_MALFORMED', '`after` is no cursor of this log: the log does not reach so far.');
  }
  if (cursor < head.trimmed) throw trimmedError(head);
  return cursor;
}
