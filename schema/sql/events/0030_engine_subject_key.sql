-- The keys of personal data, one for each person in each tenant. Destroying the key is what erases the person's data,
-- wherever it was copied to.

create table subject_key (
  id text primary key,
  tenant text not null,
  subject text not null,
  -- The key, encrypted with a master key that the database doesn't have: `1.<master key>.<base64url>`.
  wrapped text,
  made_at timestamptz(3) not null default now(),
  -- From then on the row is a tombstone: it tells that nothing of the person may be written any more.
  destroyed_at timestamptz(3),
  unique (tenant, subject),
  check ((wrapped is null) = (destroyed_at is not null))
);

comment on table subject_key is 'Data keys of personal data by (tenant, subject), wrapped by a master key. No wrapped key: erased.';

-- Keys are used and destroyed in the commit of the events, as claims are, and under the same lock: so no event is
-- written with a key that is gone, and no key goes without its event.
alter function hold_claims(jsonb) rename to hold_plain_claims;

-- As before; and {op: 'use-key', tenant, key} is granted while the key of that id is there, {op: 'destroy-key', tenant,
-- subject, key} always (`key` is the id of the tombstone where there was no key). Both come after all other claims.
create function hold_claims(claims jsonb) returns jsonb
language plpgsql
set search_path from current
as $$
declare
  plain jsonb;
  conflict jsonb;
  claim jsonb;
  index bigint;
begin
  if not jsonb_path_exists(claims, '$[*] ? (@.op == "use-key" || @.op == "destroy-key")') then
    return hold_plain_claims(claims);
  end if;
  select coalesce(jsonb_agg(c.value order by c.n), '[]'::jsonb) into plain
    from jsonb_array_elements(claims) with ordinality as c (value, n)
    where c.value ->> 'op' not in ('use-key', 'destroy-key');
  conflict := hold_plain_claims(plain);
  if conflict is not null then
    return conflict;
  end if;
  for claim, index in select c.value, c.n - 1 from jsonb_array_elements(claims) with ordinality as c (value, n) loop
    case claim ->> 'op'
      when 'use-key' then
        perform from subject_key k
          where k.id = claim ->> 'key' and k.tenant = claim ->> 'tenant' and k.wrapped is not null;
        if not found then
          return jsonb_build_object('index', index, 'holders', '[]'::jsonb, 'held', null);
        end if;
      when 'destroy-key' then
        insert into subject_key as k (id, tenant, subject, wrapped, destroyed_at)
          values (claim ->> 'key', claim ->> 'tenant', claim ->> 'subject', null, clock_timestamp())
          on conflict (tenant, subject) do update
            set wrapped = null, destroyed_at = clock_timestamp()
            where k.wrapped is not null;
      else
        null;
    end case;
  end loop;
  return null;
end
$$;
