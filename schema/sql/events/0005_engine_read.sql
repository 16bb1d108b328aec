-- The store's reads. They are functions for the sake of their settings: a connection keeps its plans, and one that was
-- made while a table had three pages reads all of it, which is fine until it has thirty thousand.

create function read_stream(of_stream text, from_version integer)
returns table (
  id text, type text, schema_version integer, tenant text, stream text, version integer, "position" bigint, "time" text,
  actor text, cause text, correlation text, traceparent text, data jsonb
)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select
    e.id, e.type, e.schema_version, e.tenant, e.stream, e.version, e.position,
    to_char(e.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    e.actor, e.cause, e.correlation, e.traceparent, e.data
  from event e
  where e.stream = of_stream and e.version >= from_version
  order by e.version;
end
$$;

create function read_after(after_position bigint, page integer)
returns table (
  id text, type text, schema_version integer, tenant text, stream text, version integer, "position" bigint, "time" text,
  actor text, cause text, correlation text, traceparent text, data jsonb
)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select
    e.id, e.type, e.schema_version, e.tenant, e.stream, e.version, e.position,
    to_char(e.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    e.actor, e.cause, e.correlation, e.traceparent, e.data
  from event e
  where e.position > after_position
  order by e.position
  limit page;
end
$$;

create function last_position() returns bigint
language plpgsql
stable
set search_path from current
set enable_seqscan = off
as $$
begin
  return coalesce((select max(e.position) from event e), 0);
end
$$;

create function stored_answer(of_tenant text, of_key text)
returns table (request_hash text, "position" bigint, version integer, result jsonb)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  return query
  select i.request_hash, i.position, i.version, i.result
  from idempotency i
  where i.tenant = of_tenant and i.key = of_key;
end
$$;
