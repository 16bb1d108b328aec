-- Reads come in groups, too: what many commands ask for at the same time is one call.

drop function read_stream(text, integer);
drop function stored_answer(text, text);

-- The events of each stream from a version on; `request` counts from 1.
create function read_streams(streams text[], from_versions integer[])
returns table (
  request integer, id text, type text, schema_version integer, tenant text, stream text, version integer,
  "position" bigint, "time" text, actor text, cause text, correlation text, traceparent text, data jsonb
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
    r.n::integer, e.id, e.type, e.schema_version, e.tenant, e.stream, e.version, e.position,
    to_char(e.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    e.actor, e.cause, e.correlation, e.traceparent, e.data
  from unnest(streams, from_versions) with ordinality as r (stream, from_version, n)
  cross join lateral (
    select * from event e
    where e.stream = r.stream and e.version >= r.from_version
    order by e.version
    -- Keeps it a lookup per stream: without it the planner may join instead.
    offset 0
  ) e
  order by r.n, e.version;
end
$$;

create function stored_answers(tenants text[], keys text[])
returns table (request integer, request_hash text, "position" bigint, version integer, result jsonb)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select r.n::integer, i.request_hash, i.position, i.version, i.result
  from unnest(tenants, keys) with ordinality as r (tenant, key, n)
  cross join lateral (
    select * from idempotency i where i.tenant = r.tenant and i.key = r.key offset 0
  ) i;
end
$$;
