-- The plan of addresses, and what tenants have of public ones.

create table address_range (
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  purpose text not null,
  cidr text not null,
  within_id text collate "C",
  created_at text collate "C" not null
);
create index address_range_by_time on address_range (created_at, id);

create table public_address (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  name text collate "C" not null,
  address text not null,
  created_at text collate "C" not null
);
create index public_address_of_tenant on public_address (tenant_id, created_at, id);
create index public_address_of_namespace on public_address (namespace_id, created_at, id);

create table port_mapping (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  public_address_id text collate "C" not null,
  deployment_id text collate "C",
  address text not null,
  protocol text not null,
  port integer not null,
  target_port integer not null,
  created_at text collate "C" not null
);
create index port_mapping_of_tenant on port_mapping (tenant_id, created_at, id);
create index port_mapping_of_address on port_mapping (public_address_id, created_at, id);

alter table namespace add column subnet_growth boolean not null default false;
alter table subnet add column deleting boolean not null default false;

do $$
declare
  name text;
begin
  foreach name in array array['address_range', 'public_address', 'port_mapping'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
    execute format(
      'create policy reader on %I for select to atoll_reader using ('
      '  tenant_id = (select current_setting(''atoll.tenant'', true))'
      '  or (select current_setting(''atoll.tenant'', true)) = ''*'''
      ')',
      name
    );
    execute format('grant select on %I to atoll_reader', name);
  end loop;
end
$$;
