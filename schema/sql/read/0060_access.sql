-- Who may do what: roles of tenants' own, and bindings of roles to members and service accounts.

create table role (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  description text not null,
  -- Sorted names.
  permissions json not null,
  created_at text collate "C" not null
);
create index role_of_tenant on role (tenant_id, name, id);

create table role_binding (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  -- A membership's or a service account's id.
  subject_id text collate "C" not null,
  -- Either a built-in role by its name, or one of the tenant's own.
  role text,
  role_id text collate "C",
  level text not null,
  environment_id text collate "C",
  namespace_id text collate "C",
  bound_by text not null,
  created_at text collate "C" not null,
  -- As the API spells them.
  shown_role text generated always as (upper(role)) stored,
  shown_level text not null generated always as (upper(level)) stored,
  check ((role is null) <> (role_id is null))
);
create index role_binding_of_tenant on role_binding (tenant_id, created_at, id);
create index role_binding_of_subject on role_binding (subject_id, created_at, id);
create index role_binding_of_role on role_binding (role_id, created_at, id);

-- A membership or service account may have no role of its own, and bindings alone.
alter table member alter column role drop not null;
alter table member alter column shown_role drop not null;
alter table service_account alter column role drop not null;

-- In which environment each namespace is or was: kept when the namespace goes, because the log still tells of it.
create table namespace_home (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  environment_id text collate "C" not null
);
insert into namespace_home select id, tenant_id, environment_id from namespace;

-- Of each tenant, when who may do what in it last changed: what gateways that heard nothing look at. Written in the
-- projections' transactions, which take turns, so that a number that is seen has no smaller one that isn't yet.
create sequence access_change_seq;
create table access_change (
  tenant_id text collate "C" primary key,
  seq bigint not null unique
);

do $$
declare
  name text;
begin
  foreach name in array array['role', 'role_binding', 'namespace_home'] loop
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
  alter table access_change enable row level security;
  alter table access_change force row level security;
  execute 'create policy owner on access_change to current_user using (true) with check (true)';
end
$$;
