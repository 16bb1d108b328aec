/** Names and rows of the engine's tables. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';

const schemaPattern = /^[a-z_][a-z0-9_]{0,40}$/;

/** A schema's name as it stands in SQL. It is configuration, never input; a name that would need care is refused. */
export function quoteSchema(schema: string): string {
  if (!schemaPattern.test(schema)) {
    throw new Error(`"${schema}" is no name for a schema: lower-case letters, digits and underscores, please.`);
  }
  return `"${schema}"`;
}

/** A row of `read_stream` and `read_after`: its time is RFC 3339 in UTC with milliseconds. */
export interface EventRow {
  readonly id: EventRecord['id'];
  readonly type: string;
  readonly schema_version: number;
  readonly tenant: EventRecord['tenant'];
  readonly stream: string;
  readonly version: number;
  /** A string where the pool leaves bigint as it is. */
  readonly position: number | string;
  readonly time: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly data: unknown;
}

export const toRecord = (context: Context, row: EventRow): EventRecord => ({
  id: row.id,
  context,
  type: row.type,
  schemaVersion: row.schema_version,
  tenant: row.tenant,
  stream: row.stream,
  version: row.version,
  position: Number(row.position),
  time: row.time,
  actor: row.actor,
  cause: row.cause,
  correlation: row.correlation,
  traceparent: row.traceparent,
  data: row.data,
});
