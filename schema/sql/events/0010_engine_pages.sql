-- Streams are read in pages, up to a version if asked, so that a long one costs no more memory than a short one; and
-- snapshots, so that it isn't read from its beginning.
--
-- read_streams stays for the processes of the version before.

create function read_pages(streams text[], from_versions integer[], to_versions integer[], sizes integer[])
returns table (
  request integer, id text, type text, schema_version integer, tenant text, stream text, version integer,
  "position" bigint, "time" text, actor text, cause text, correlation text, traceparent text, data jsonb
)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select
    r.n::integer, e.id, e.type, e.schema_version, e.tenant, e.stream, e.version, e.position,
    to_char(e.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    e.actor, e.cause, e.correlation, e.traceparent, e.data
  from unnest(streams, from_versions, to_versions, sizes) with ordinality as r (stream, from_version, to_version, size, n)
  cross join lateral (
    select * from event e
    where e.stream = r.stream
      and e.version >= r.from_version
      -- Versions are contiguous, so that a range of them is a bounded lookup, whatever the statistics say.
      and e.version < r.from_version::bigint + r.size
      and e.version <= coalesce(r.to_version, 2147483647)
    order by e.version
    offset 0
  ) e
  order by r.n, e.version;
end
$$;

-- Where a stream was at a time: its last version, the last one that was there then (0 for none), and when it began.
-- Times never run backwards along the versions, so the version is found by halving.
create function stream_at(of_stream text, at timestamptz)
returns table (last integer, then_version integer, tenant text, began text, ahead boolean)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  low integer := 0;
  high integer;
  middle integer;
  first record;
begin
  select coalesce(max(e.version), 0) into last from event e where e.stream = of_stream;
  select e.time, e.tenant into first from event e where e.stream = of_stream and e.version = 1;
  tenant := first.tenant;
  began := to_char(first.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
  ahead := at > clock_timestamp();
  high := last;
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.time <= at from event e where e.stream = of_stream and e.version = middle) then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  then_version := low;
  return next;
end
$$;

-- A folded state: a copy that saves reading, never the truth. Whoever reads one checks that the event it ends with is
-- in the stream, and otherwise folds the events.
create table snapshot (
  stream text not null,
  decider text not null,
  -- Of the decider's snapshots: another one is another way of folding.
  decider_version integer not null,
  -- The last event that is folded in.
  version integer not null,
  event_id text not null,
  tenant text not null,
  -- JSON, or what the store's seal made of it.
  state text not null,
  taken_at timestamptz(3) not null default now(),
  primary key (stream, decider)
);

create function read_snapshots(streams text[], deciders text[])
returns table (request integer, decider_version integer, version integer, event_id text, tenant text, state text)
language plpgsql
stable
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select r.n::integer, s.decider_version, s.version, s.event_id, s.tenant, s.state
  from unnest(streams, deciders) with ordinality as r (stream, decider, n)
  cross join lateral (
    select * from snapshot s where s.stream = r.stream and s.decider = r.decider offset 0
  ) s;
end
$$;
