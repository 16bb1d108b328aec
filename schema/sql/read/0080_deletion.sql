-- Deletions of tenants and environments. They outlive what they delete: whoever runs the platform reads the proof here.
create table deletion (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  target text not null,
  target_id text collate "C" not null,
  name text collate "C" not null,
  status text not null,
  plan text not null,
  steps json not null,
  requested_at text collate "C" not null,
  requested_by text not null,
  -- Until when it can be cancelled.
  purge_at text collate "C" not null,
  ended_at text collate "C",
  -- What every service has counted at the end; null until then.
  proof json
);
create index deletion_of_tenant on deletion (tenant_id, requested_at, id);
create index deletion_by_time on deletion (requested_at, id);
alter table deletion enable row level security;
alter table deletion force row level security;
create policy owner on deletion to current_user using (true) with check (true);
create policy reader on deletion for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on deletion to atoll_reader;

alter table tenant
  add column deletion_protection boolean not null default false,
  add column legal_hold text,
  -- Null where it isn't being deleted.
  add column deletion json;
alter table environment
  add column deletion_protection boolean not null default false,
  add column deletion_id text collate "C";
alter table namespace add column deletion_protection boolean not null default false;
