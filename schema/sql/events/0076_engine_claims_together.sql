-- As before, with less to do for the claims of many commands: those of a batch that can be granted whatever order they come
-- in are granted by one statement, and their events written by the one for all. Who can't be granted so, for whatever
-- reason, goes one after the other as before, behind them, and is judged on what is there then.

-- A total is written by every batch that takes of it: there is room for its new version beside the old one.
alter table claim_total set (fillfactor = 50);

-- The numbers of those `candidates` of `batch` whose claims it has carried out. A candidate is alone with its stream and its
-- key in the batch, and only requires keys, takes and lets go of keys, and takes amounts. It is granted what is there for
-- it if all those before it take all that they ask for, and let go of nothing: so no limit is passed whoever of them is
-- granted, and who is left for later finds no less room than in its turn. Where one of them takes or lets go of a key that
-- another names, both wait for their turns.
create function hold_together(batch jsonb, candidates integer[]) returns integer[]
language plpgsql
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  numbers integer[];
begin
  with given as materialized (
    select b.n, b.c
    from jsonb_array_elements(batch) with ordinality as b (c, n)
    where b.n = any (candidates)
  ),
  claim as materialized (
    select
      g.n, x.c, x.c ->> 'op' as op, x.c ->> 'kind' as kind, x.c ->> 'set' as claim_set, x.c ->> 'key' as key,
      x.c ->> 'owner' as owner
    from given g, jsonb_array_elements(g.c -> 'claims') as x (c)
  ),
  asked as materialized (
    select
      k.n, k.owner, a.set as claim_set, a.key, a.amount, a.limit, a.anyway,
      (select h.amount from claim_amount h where h.claim_set = a.set and h.key = a.key and h.owner = k.owner) as had
    from claim k, jsonb_to_recordset(k.c -> 'amounts') as a (set text, key text, amount bigint, "limit" bigint, anyway boolean)
    where k.kind = 'amounts'
  ),
  -- Each key once, however many ask for it.
  known as materialized (
    select
      q.claim_set, q.key,
      (select l.most from claim_limit l where l.claim_set = q.claim_set and l.key = q.key) as most,
      coalesce((select t.held from claim_total t where t.claim_set = q.claim_set and t.key = q.key), 0) as held
    from (select distinct claim_set, key from asked) q
  ),
  -- Look-ups of one row each: an EXISTS might be answered from a table of all rows.
  alone as (
    select g.n
    from given g
    left join lateral (
      select e.version, e.tenant from event e where e.stream = g.c ->> 'stream' order by e.version desc limit 1
    ) s on true
    where s.tenant <> g.c ->> 'tenant'
      or (g.c ->> 'expected')::integer >= 0 and (g.c ->> 'expected')::integer <> coalesce(s.version, 0)
      or (
        select true from idempotency i where i.tenant = g.c ->> 'tenant' and i.key = g.c ->> 'key' limit 1
      )
    union all
    select k.n from claim k
    where k.kind is distinct from 'amounts' and k.op <> 'release'
      and (k.op = 'require') <> coalesce(
        (
          select k.op <> 'require' or k.owner is null or u.owner = k.owner
          from claim_unique u where u.claim_set = k.claim_set and u.key = k.key limit 1
        ),
        false
      )
    union all
    select t.n from (
      select k.n, count(*) over named as times, bool_or(k.op <> 'require') over named as changed
      from claim k where k.kind is distinct from 'amounts'
      window named as (partition by k.claim_set, k.key)
      union all
      select k.n, count(*) over (partition by k.owner), true from claim k where k.kind = 'amounts'
    ) t
    where t.times > 1 and t.changed
    union all
    select r.n from (
      select
        q.n, coalesce(w.most, q.limit) as most,
        w.held + sum(greatest(q.amount - coalesce(q.had, 0), 0)) over (partition by q.claim_set, q.key order by q.n) as then_held,
        q.amount > coalesce(q.had, 0) and q.anyway is not true as more
      from asked q join known w on w.claim_set = q.claim_set and w.key = q.key
    ) r
    where r.more and r.then_held > r.most
  ),
  granted as materialized (
    select g.n from given g where g.n not in (select a.n from alone a)
  ),
  taken as (
    insert into claim_unique
    select k.claim_set, k.key, k.owner from claim k
    where k.kind = 'unique' and k.op = 'take' and k.n in (select n from granted)
  ),
  left_free as (
    delete from claim_unique u using claim k
    where k.kind = 'unique' and k.op = 'release' and k.n in (select n from granted)
      and u.claim_set = k.claim_set and u.key = k.key and u.owner = k.owner
  ),
  changed as materialized (
    select * from asked q where q.amount <> coalesce(q.had, 0) and q.n in (select n from granted)
  ),
  -- Who is there is known: an upsert would look it up once more.
  begun as (
    insert into claim_amount select c.claim_set, c.key, c.owner, c.amount from changed c where c.had is null
  ),
  moved as (
    update claim_amount h set amount = c.amount
    from changed c
    where c.had is not null and c.amount > 0 and h.claim_set = c.claim_set and h.key = c.key and h.owner = c.owner
  ),
  gone as (
    delete from claim_amount h using changed c
    where c.had is not null and c.amount = 0
      and h.claim_set = c.claim_set and h.key = c.key and h.owner = c.owner
  ),
  totals as (
    insert into claim_total
    select w.claim_set, w.key, w.held + sum(c.amount - coalesce(c.had, 0))
    from changed c join known w on w.claim_set = c.claim_set and w.key = c.key
    group by w.claim_set, w.key, w.held
    on conflict (claim_set, key) do update set held = excluded.held
  )
  select array_agg(g.n) into numbers from granted g;
  return numbers;
end
$$;

-- As before; and {op: 'require', set, key, owner} is granted where that owner holds the key.
create or replace function hold_claims(claims jsonb) returns jsonb
language plpgsql
set search_path from current
as $$
declare
  claim jsonb;
  index integer := -1;
  conflict jsonb;
  total bigint;
begin
  if not jsonb_path_exists(claims, '$[*] ? (@.kind == "amounts" || @.op == "limit" || @.op == "before"
    || @.op == "require" && exists(@.owner))') then
    return hold_other_claims(claims);
  end if;
  for claim in select value from jsonb_array_elements(claims) loop
    index := index + 1;
    case
      when claim ->> 'kind' = 'amounts' then
        conflict := hold_amounts(claim ->> 'owner', claim -> 'amounts');

      when claim ->> 'op' = 'limit' then
        conflict := null;
        if claim -> 'limit' = 'null'::jsonb then
          delete from claim_limit l where l.claim_set = claim ->> 'set' and l.key = claim ->> 'key';
        else
          select t.held into total from claim_total t
            where t.claim_set = claim ->> 'set' and t.key = claim ->> 'key';
          if total > (claim ->> 'limit')::bigint then
            select jsonb_build_object(
              'held', total,
              'holders', coalesce(jsonb_agg(jsonb_build_object('owner', o.owner, 'amount', o.amount)), '[]'::jsonb)
            ) into conflict
            from (
              select a.owner, a.amount from claim_amount a
              where a.claim_set = claim ->> 'set' and a.key = claim ->> 'key'
              order by a.amount desc, a.owner
              limit 20
            ) o;
          else
            insert into claim_limit values (claim ->> 'set', claim ->> 'key', (claim ->> 'limit')::bigint)
              on conflict (claim_set, key) do update set most = excluded.most;
          end if;
        end if;

      when claim ->> 'op' = 'before' then
        conflict := case
          when clock_timestamp() >= (claim ->> 'key')::timestamptz
          then jsonb_build_object('holders', '[]'::jsonb, 'held', null)
        end;

      when claim ->> 'op' = 'require' and claim ? 'owner' then
        perform from claim_unique u
          where u.claim_set = claim ->> 'set' and u.key = claim ->> 'key' and u.owner = claim ->> 'owner';
        conflict := case when not found then jsonb_build_object('holders', '[]'::jsonb, 'held', null) end;

      else
        conflict := hold_other_claims(jsonb_build_array(claim));
    end case;
    if conflict is not null then
      return conflict || jsonb_build_object('index', index);
    end if;
  end loop;
  return null;
end
$$;

create or replace function append_batch(batch jsonb)
returns table (command integer, outcome text, at_position bigint, at_version integer, at_time text, detail jsonb)
language plpgsql
set search_path from current
-- Plans are kept for the life of a connection, and may be made while the tables are empty: only lookups by index.
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
set plan_cache_mode = force_generic_plan
-- For anything that it might have to wait for. (Nothing else of the engine takes what stops it.)
set lock_timeout = '5s'
as $$
#variable_conflict use_column
declare
  head bigint;
  batch_time timestamptz(3);
  one_by_one integer[];
  candidates integer[];
  granted integer[];
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
    -- Commands that depend on others of the batch, or have claims that can't be granted together with those of others, go
    -- one after the other; the rest at once. Nobody is granted anything before those that came before it and might have
    -- changed what it finds.
    select
        array_agg(d.n) filter (where d.dependent or d.claims),
        array_agg(d.n) filter (where d.claims and d.joins and d.n < d.first_apart)
      into one_by_one, candidates
      from (
        select b.*, coalesce(min(b.n) filter (where b.claims and not b.joins) over (), commands + 1) as first_apart
        from (
          select a.*, a.claims and not a.dependent and a.simple as joins
          from (
            select
              x.n,
              x.c -> 'claims' <> '[]'::jsonb as claims,
              not jsonb_path_exists(
                x.c -> 'claims',
                '$[*] ? (!(@.op == "require" || @.op == "take" && (@.kind == "unique" || @.kind == "amounts")
                  || @.op == "release" && @.kind == "unique"))'
              ) as simple,
              x.c ? 'again'
                or count(*) over (partition by x.c ->> 'stream') > 1
                or (x.c ? 'key' and count(*) over (partition by x.c ->> 'tenant', x.c ->> 'key') > 1) as dependent
            from jsonb_array_elements(batch) with ordinality as x (c, n)
          ) a
        ) b
      ) d;
    if cardinality(candidates) > 1 then
      granted := hold_together(batch, candidates);
      if granted is not null then
        one_by_one := nullif(array(select o.n from unnest(one_by_one) as o (n) where o.n <> all (granted)), '{}');
      end if;
    end if;
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
