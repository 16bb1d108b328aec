-- How much is left of addresses, as it was told last: in the subnets of a namespace, and in the ranges of a purpose and family.

create table namespace_supply (
  -- The namespace's id: what tenancy says of it may come later.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  supply text not null
);
create table pool_supply (
  -- Purpose and family.
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  supply text not null
);
-- Derived of them.
alter table namespace add column address_supply text not null default 'ENOUGH';
alter table address_range add column supply text not null default 'ENOUGH';

do $$
declare
  name text;
begin
  foreach name in array array['namespace_supply', 'pool_supply'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
  end loop;
end
$$;
