/** A tenant's log, as it is read: contiguous cursors, an explicit error where it was trimmed. */
import type { Viewer } from '../auth/viewers.ts';
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
  /** Not shown: for the span of its delivery. */
  readonly traceparent: string | null;
}

/** What is told of requests is for auditors: who may only follow the events sees that there was one. */
export const shownTo = (viewer: Viewer, row: LogRow): LogRow =>
  row.type.startsWith('audit.') && !viewer.permissions.has('audit:read') ? { ...row, data: {} } : row;

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
}

const headSql = {
  name: 'log_head',
  text: `select json_build_object('cursor', cursor, 'trimmed', trimmed) from read.tenant_log_head where tenant_id = $1::text`,
};
const afterSql = {
  name: 'log_after',
  text: `select json_build_object(
      'cursor', cursor::text, 'id', event_id, 'type', type, 'resourceId', resource_id, 'time', time, 'actor', actor,
      'cause', cause, 'correlation', correlation, 'data', data, 'traceparent', traceparent)
    from read.tenant_log where tenant_id = $1::text and cursor > $2::bigint order by cursor limit $3::int`,
};

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
