-- What the operator decides about connections, before all tenants.
create table platform_policy (
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  revision integer not null,
  action text not null,
  priority integer not null,
  sources json not null,
  destinations json not null,
  traffic json not null,
  log boolean not null,
  created_at text collate "C" not null
);
create index platform_policy_by_name on platform_policy (name, id);

alter table platform_policy enable row level security;
alter table platform_policy force row level security;
create policy owner on platform_policy to current_user using (true) with check (true);
create policy reader on platform_policy for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on platform_policy to atoll_reader;
