/** A table of the same columns and indexes as the engine's own, for the floors that insert into it by hand. */
import type { Pool } from 'pg';

export const columns =
  'position, id, type, schema_version, tenant, stream, version, time, actor, cause, correlation, traceparent, data';

export async function createFloorTable(pool: Pool): Promise<void> {
  await pool.query(`
    create table if not exists floor_event (
      position bigint primary key,
      id text not null unique,
      type text not null,
      schema_version integer not null,
      tenant text not null,
      stream text not null,
      version integer not null,
      time timestamptz(3) not null,
      actor text not null,
      cause text,
      correlation text not null,
      traceparent text,
      data jsonb not null,
      unique (stream, version)
    )`);
}
