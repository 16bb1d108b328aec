-- As before, and a command that is alone in its batch costs half of it: few commands go one after the other, without the
-- statement for all of them, and the answer is made as text.

create or replace function append_batch(batch jsonb)
returns table (command integer, outcome text, at_position bigint, at_version integer, at_time text, detail jsonb)
language plpgsql
set search_path from current
-- Plans are kept for the life of a connection, and may be made while the tables are empty: only lookups by index.
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
-- For anything that it might have to wait for. (Nothing else of the engine takes what stops it.)
set lock_timeout = '5s'
as $$
#variable_conflict use_column
declare
  head bigint;
  batch_time timestamptz(3);
  one_by_one integer[];
  c record;
  stored record;
  actual integer;
  owner text;
  conflict jsonb;
  commands integer := jsonb_array_length(batch);
  noted text;
begin
  -- One batch at a time per context: positions are contiguous and rise in commit order. Statements below see
  -- everything that was committed before the lock was had (READ COMMITTED takes a snapshot for each).
  perform pg_advisory_xact_lock(hashtext('atoll append'), hashtext(current_schema()));
  -- Assignments, because they are evaluated without a statement of their own.
  noted := set_config('idle_in_transaction_session_timeout', '5s', true);
  if current_setting('server_version_num')::integer >= 170000 then
    noted := set_config('transaction_timeout', '10s', true);
  end if;

  select e.position, e.time into head, batch_time from event e order by e.position desc limit 1;
  head := coalesce(head, 0);
  -- Time never runs backwards along the positions, whatever the clock does.
  batch_time := greatest(batch_time, date_trunc('milliseconds', clock_timestamp()));

  if commands < 8 then
    -- What the one statement for all costs before its first row is more than these few cost by themselves.
    one_by_one := array(select generate_series(1, commands));
  else
    -- Commands that depend on others of the batch, or have claims, go one after the other; the rest at once.
    select array_agg(d.n) into one_by_one
    from (
      select
        b.n,
        b.c -> 'claims' <> '[]'::jsonb
          or b.c ? 'again'
          or count(*) over (partition by b.c ->> 'stream') > 1
          or (b.c ? 'key' and count(*) over (partition by b.c ->> 'tenant', b.c ->> 'key') > 1) as dependent
      from jsonb_array_elements(batch) with ordinality as b (c, n)
    ) d
    where d.dependent;
  end if;

  if coalesce(cardinality(one_by_one), 0) < commands then
    return query
    with given as (
      select
        b.n,
        b.c,
        b.c ->> 'tenant' as tenant,
        b.c ->> 'key' as key,
        b.c ->> 'stream' as stream,
        (b.c ->> 'expected')::integer as expected,
        jsonb_array_length(b.c -> 'events') as size
      from jsonb_array_elements(batch) with ordinality as b (c, n)
      where one_by_one is null or b.n <> all (one_by_one)
    ),
    judged as (
      select
        g.*,
        coalesce(s.version, 0) as actual,
        i.position as stored_position,
        i.version as stored_version,
        i.result as stored_result,
        case
          when i.request_hash = g.c ->> 'hash' then 'replayed'
          when i.request_hash is not null then 'key-reused'
          when s.tenant <> g.tenant then 'foreign-stream'
          when g.expected >= 0 and g.expected <> coalesce(s.version, 0) then 'version-conflict'
          else 'appended'
        end as outcome
      from given g
      left join lateral (
        select k.request_hash, k.position, k.version, k.result
        from idempotency k where k.tenant = g.tenant and k.key = g.key limit 1
      ) i on true
      left join lateral (
        select e.version, e.tenant from event e where e.stream = g.stream order by e.version desc limit 1
      ) s on true
    ),
    placed as materialized (
      select
        j.*,
        head + sum(case j.outcome when 'appended' then j.size else 0 end) over (order by j.n)::bigint as last_position
      from judged j
    ),
    events as (
      insert into event
      select
        p.last_position - p.size + x.k,
        x.e ->> 'id',
        x.e ->> 'type',
        (x.e ->> 'schemaVersion')::integer,
        p.tenant,
        p.stream,
        p.actual + x.k,
        batch_time,
        p.c ->> 'actor',
        p.c ->> 'cause',
        p.c ->> 'correlation',
        p.c ->> 'traceparent',
        x.e -> 'data'
      from placed p, jsonb_array_elements(p.c -> 'events') with ordinality as x (e, k)
      where p.outcome = 'appended'
    ),
    answers as (
      insert into idempotency
      select p.tenant, p.key, p.c ->> 'hash', p.last_position, p.actual + p.size, p.c -> 'result', batch_time
      from placed p
      where p.outcome = 'appended' and p.key is not null
    )
    select
      (p.n - 1)::integer,
      p.outcome,
      case p.outcome when 'replayed' then p.stored_position else p.last_position end,
      case p.outcome
        when 'replayed' then p.stored_version
        when 'appended' then p.actual + p.size
        else p.actual
      end,
      to_char(batch_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      case p.outcome when 'replayed' then p.stored_result end
    from placed p;

    if one_by_one is null then
      return;
    end if;
    select coalesce(max(e.position), 0) into head from event e;
  end if;

  for c in
    select
      (b.n - 1)::integer as n,
      b.c ->> 'tenant' as tenant,
      b.c ->> 'key' as key,
      b.c ->> 'hash' as hash,
      b.c ->> 'stream' as stream,
      (b.c ->> 'expected')::integer as expected,
      b.c -> 'events' as events,
      jsonb_array_length(b.c -> 'events') as size,
      b.c -> 'claims' as claims,
      b.c ? 'again' as again,
      b.c
    from jsonb_array_elements(batch) with ordinality as b (c, n)
    where b.n = any (one_by_one)
    order by b.n
  loop
    command := c.n;
    at_time := to_char(batch_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    detail := null;

    if c.again and c.size > 0 then
      select e.position, e.version, e.time into stored from event e where e.id = c.events -> 0 ->> 'id';
      if found then
        outcome := 'appended';
        at_position := stored.position + c.size - 1;
        at_version := stored.version + c.size - 1;
        at_time := to_char(stored.time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
        return next;
        continue;
      end if;
    end if;

    if c.key is not null then
      select i.request_hash, i.position, i.version, i.result into stored
        from idempotency i where i.tenant = c.tenant and i.key = c.key;
      if found then
        outcome := case when stored.request_hash = c.hash then 'replayed' else 'key-reused' end;
        at_position := stored.position;
        at_version := stored.version;
        detail := case when stored.request_hash = c.hash then stored.result end;
        return next;
        continue;
      end if;
    end if;

    select e.version, e.tenant into actual, owner from event e where e.stream = c.stream order by e.version desc limit 1;
    actual := coalesce(actual, 0);
    at_position := head;
    at_version := actual;
    if owner <> c.tenant then
      outcome := 'foreign-stream';
      return next;
      continue;
    end if;
    if c.expected >= 0 and c.expected <> actual then
      outcome := 'version-conflict';
      return next;
      continue;
    end if;

    if jsonb_array_length(c.claims) = 1 then
      -- A claim that fails has changed nothing: there is nothing to undo.
      conflict := hold_claims(c.claims);
      if conflict is not null then
        outcome := 'claim-conflict';
        detail := conflict;
        return next;
        continue;
      end if;
    elsif c.claims <> '[]'::jsonb then
      -- A block of its own: what was granted before the claim that failed is undone, and only that.
      begin
        conflict := hold_claims(c.claims);
        if conflict is not null then
          raise exception using errcode = 'AT001', message = 'a claim is held by somebody else';
        end if;
      exception when sqlstate 'AT001' then
        outcome := 'claim-conflict';
        detail := conflict;
        return next;
        continue;
      end;
    end if;

    insert into event
    select
      head + x.k,
      x.e ->> 'id',
      x.e ->> 'type',
      (x.e ->> 'schemaVersion')::integer,
      c.tenant,
      c.stream,
      actual + x.k,
      batch_time,
      c.c ->> 'actor',
      c.c ->> 'cause',
      c.c ->> 'correlation',
      c.c ->> 'traceparent',
      x.e -> 'data'
    from jsonb_array_elements(c.events) with ordinality as x (e, k);
    head := head + c.size;
    outcome := 'appended';
    at_position := head;
    at_version := actual + c.size;
    if c.key is not null then
      insert into idempotency
        values (c.tenant, c.key, c.hash, at_position, at_version, c.c -> 'result', batch_time);
    end if;
    return next;
  end loop;
end
$$;

drop function bound_writer();

-- What `append_batch` does, committed when it is answered: [[command, outcome, position, version, time, detail], …].
-- A procedure that commits can have no settings of its own, so the schema is spelled out.
drop procedure write_batch(jsonb, jsonb);
do $do$
begin
  execute format($f$
    create procedure write_batch(batch jsonb, inout outcomes json)
    language plpgsql
    as $p$
    begin
      select json_agg(json_build_array(r.command, r.outcome, r.at_position, r.at_version, r.at_time, r.detail))
        into outcomes
        from %1$I.append_batch(batch) r;
      commit;
    end
    $p$
  $f$, current_schema());
end
$do$;
