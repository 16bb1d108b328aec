-- Amounts under many keys in one claim, limits that are kept beside what they limit, and deadlines: for quotas.

-- The most that may be held under a key. Where there is none, a claim brings its own limit or has none.
create table claim_limit (
  claim_set text not null,
  key text not null,
  most bigint not null check (most >= 0),
  primary key (claim_set, key)
);

-- All amounts of an owner at once, as one statement: a claim on three measures at three levels would be nine claims, one
-- after the other. Null where all are granted; else what holds up the first that isn't, and nothing has changed.
create function hold_amounts(owner text, amounts jsonb) returns jsonb
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
  new_owner alias for $1;
  refused record;
  holders jsonb;
begin
  with asked as materialized (
    select
      x.n,
      x.c ->> 'set' as claim_set,
      x.c ->> 'key' as key,
      (x.c ->> 'amount')::bigint as amount,
      coalesce(
        (select l.most from claim_limit l where l.claim_set = x.c ->> 'set' and l.key = x.c ->> 'key'),
        (x.c ->> 'limit')::bigint
      ) as most,
      coalesce(
        (select a.amount from claim_amount a
          where a.claim_set = x.c ->> 'set' and a.key = x.c ->> 'key' and a.owner = new_owner),
        0
      ) as had,
      coalesce(
        (select t.held from claim_total t where t.claim_set = x.c ->> 'set' and t.key = x.c ->> 'key'),
        0
      ) as held,
      (x.c ->> 'anyway')::boolean as anyway
    from jsonb_array_elements(amounts) with ordinality as x (c, n)
  ),
  -- Holding no more than before is always fine, also under a limit that was lowered.
  over as materialized (
    select * from asked q
    where q.amount > q.had and q.held - q.had + q.amount > q.most and q.anyway is not true
    order by q.n limit 1
  ),
  changed as (select * from asked q where q.amount <> q.had and not exists (select from over)),
  kept as (
    insert into claim_amount
    select c.claim_set, c.key, new_owner, c.amount from changed c where c.amount > 0
    on conflict (claim_set, key, owner) do update set amount = excluded.amount
  ),
  gone as (
    delete from claim_amount a using changed c
    where c.amount = 0 and a.claim_set = c.claim_set and a.key = c.key and a.owner = new_owner
  ),
  totals as (
    insert into claim_total
    select c.claim_set, c.key, c.held - c.had + c.amount from changed c
    on conflict (claim_set, key) do update set held = excluded.held
  )
  select * into refused from over;
  if not found then
    return null;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('owner', o.owner, 'amount', o.amount)), '[]'::jsonb) into holders
    from (
      select a.owner, a.amount from claim_amount a
      where a.claim_set = refused.claim_set and a.key = refused.key and a.owner <> new_owner
      order by a.amount desc, a.owner
      limit 20
    ) o;
  return jsonb_build_object(
    'holders', holders,
    -- What the others hold.
    'held', refused.held - refused.had,
    'at', jsonb_build_object(
      'set', refused.claim_set, 'key', refused.key, 'amount', refused.amount, 'limit', refused.most
    )
  );
end
$$;

alter function hold_claims(jsonb) rename to hold_other_claims;

-- As before; and {op: 'take', kind: 'amounts', owner, amounts: [{set, key, amount, limit}]}; {op: 'limit', set, key,
-- limit}, which is refused where more is held; {op: 'before', key}, which is refused from the time `key` on.
create function hold_claims(claims jsonb) returns jsonb
language plpgsql
set search_path from current
as $$
declare
  claim jsonb;
  index integer := -1;
  conflict jsonb;
  total bigint;
begin
  if not jsonb_path_exists(claims, '$[*] ? (@.kind == "amounts" || @.op == "limit" || @.op == "before")') then
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
