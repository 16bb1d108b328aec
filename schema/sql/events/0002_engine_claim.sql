-- Rules over many streams, decided in the commit of the events that need them. Every append holds the context's lock,
-- so what append_batch reads here is the newest and can't change before its commit.

create table claim_unique (
  claim_set text not null,
  key text not null,
  owner text not null,
  primary key (claim_set, key)
);

-- A range of texts, so that one exclusion constraint can compare the set by equality and the CIDR by overlap without
-- the extension btree_gist, which the owner of one schema may not install.
create type text_range as range (subtype = text, collation = "C");

create table claim_range (
  claim_set text not null,
  range cidr not null,
  owner text not null,
  primary key (claim_set, range),
  constraint claim_range_no_overlap exclude using gist (
    text_range(claim_set, claim_set, '[]') with &&,
    range inet_ops with &&
  )
);

create table claim_amount (
  claim_set text not null,
  key text not null,
  owner text not null,
  amount bigint not null check (amount >= 0),
  primary key (claim_set, key, owner)
);

-- The running total, so that a quota costs the same with one holder and with ten thousand.
create table claim_total (
  claim_set text not null,
  key text not null,
  held bigint not null check (held >= 0),
  primary key (claim_set, key)
);

-- Carries out a command's claims in their order. Null where all were granted; else the first conflict, as
-- {index, holders: [{owner, amount}], held}, and the caller has to undo what was granted before it.
create function hold_claims(claims jsonb) returns jsonb
language plpgsql
set search_path from current
as $$
declare
  claim jsonb;
  index integer := -1;
  granted bigint;
  total bigint;
  holder text;
  holders jsonb;
begin
  for claim in select value from jsonb_array_elements(claims) loop
    index := index + 1;
    case (claim ->> 'op') || ' ' || coalesce(claim ->> 'kind', '')
      when 'require ' then
        perform from claim_unique u where u.claim_set = claim ->> 'set' and u.key = claim ->> 'key';
        if not found then
          return jsonb_build_object('index', index, 'holders', '[]'::jsonb, 'held', null);
        end if;

      when 'take unique' then
        insert into claim_unique values (claim ->> 'set', claim ->> 'key', claim ->> 'owner') on conflict do nothing;
        if not found then
          select u.owner into holder from claim_unique u
            where u.claim_set = claim ->> 'set' and u.key = claim ->> 'key';
          if holder <> claim ->> 'owner' then
            return jsonb_build_object(
              'index', index,
              'holders', jsonb_build_array(jsonb_build_object('owner', holder, 'amount', null)),
              'held', null
            );
          end if;
        end if;

      when 'release unique' then
        delete from claim_unique u
          where u.claim_set = claim ->> 'set' and u.key = claim ->> 'key' and u.owner = claim ->> 'owner';

      when 'take range' then
        select jsonb_agg(jsonb_build_object('owner', o.owner, 'amount', null)) into holders
          from (
            select r.owner from claim_range r
              where text_range(r.claim_set, r.claim_set, '[]') && text_range(claim ->> 'set', claim ->> 'set', '[]')
                and r.range && (claim ->> 'range')::cidr
                and not (r.range = (claim ->> 'range')::cidr and r.owner = claim ->> 'owner')
              order by r.range
              limit 20
          ) o;
        if holders is not null then
          return jsonb_build_object('index', index, 'holders', holders, 'held', null);
        end if;
        insert into claim_range values (claim ->> 'set', (claim ->> 'range')::cidr, claim ->> 'owner')
          on conflict (claim_set, range) do nothing;

      when 'release range' then
        delete from claim_range r
          where r.claim_set = claim ->> 'set'
            and r.range = (claim ->> 'key')::cidr
            and r.owner = claim ->> 'owner';

      when 'take amount' then
        select a.amount into granted from claim_amount a
          where a.claim_set = claim ->> 'set' and a.key = claim ->> 'key' and a.owner = claim ->> 'owner';
        granted := coalesce(granted, 0);
        select t.held into total from claim_total t
          where t.claim_set = claim ->> 'set' and t.key = claim ->> 'key';
        -- What the others hold. Holding no more than before is always fine, also under a limit that was lowered.
        total := coalesce(total, 0) - granted;
        if (claim ->> 'amount')::bigint > granted and total + (claim ->> 'amount')::bigint > (claim ->> 'limit')::bigint
        then
          select coalesce(jsonb_agg(jsonb_build_object('owner', o.owner, 'amount', o.amount)), '[]'::jsonb) into holders
            from (
              select a.owner, a.amount from claim_amount a
                where a.claim_set = claim ->> 'set' and a.key = claim ->> 'key' and a.owner <> claim ->> 'owner'
                order by a.amount desc, a.owner
                limit 20
            ) o;
          return jsonb_build_object('index', index, 'holders', holders, 'held', total);
        end if;
        insert into claim_amount
          values (claim ->> 'set', claim ->> 'key', claim ->> 'owner', (claim ->> 'amount')::bigint)
          on conflict (claim_set, key, owner) do update set amount = excluded.amount;
        insert into claim_total
          values (claim ->> 'set', claim ->> 'key', total + (claim ->> 'amount')::bigint)
          on conflict (claim_set, key) do update set held = excluded.held;

      when 'release amount' then
        delete from claim_amount a
          where a.claim_set = claim ->> 'set' and a.key = claim ->> 'key' and a.owner = claim ->> 'owner'
          returning a.amount into granted;
        if found then
          update claim_total t set held = t.held - granted
            where t.claim_set = claim ->> 'set' and t.key = claim ->> 'key';
        end if;
    end case;
  end loop;
  return null;
end
$$;
