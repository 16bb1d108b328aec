-- Who holds what of the quotas, and how full they are.

-- Derived, as the API shows them: of the limits, and of what the holders in it hold.
alter table tenant add column quota json not null default '[]';
alter table environment add column quota json not null default '[]';
alter table namespace add column quota json not null default '[]';

create table quota_holder (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  environment_id text collate "C" not null,
  -- Null for a namespace, which is held by its environment.
  namespace_id text collate "C",
  name text collate "C" not null,
  kind text not null,
  -- Derived: in the order of the measures, what it holds and what is kept for it beyond that; and both as the API shows them.
  used bigint[] not null default '{}',
  reserved bigint[] not null default '{}',
  amounts json not null default '[]'
);
create index quota_holder_of_tenant on quota_holder (tenant_id, name, id);
create index quota_holder_of_environment on quota_holder (environment_id, name, id);
create index quota_holder_of_namespace on quota_holder (namespace_id, name, id);

-- By the word of the holder's owner.
create table quota_committed (
  -- The holder's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  amounts json not null
);

create table quota_reservation (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  holder_id text collate "C" not null,
  amounts json not null,
  until text collate "C" not null
);
create index quota_reservation_of_holder on quota_reservation (holder_id);

-- The limits that an environment or a namespace has of its own.
create table quota_limit (
  -- Of the environment or the namespace.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  limits json not null
);

create table quota_difference (
  -- The holder's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  name text collate "C" not null,
  recorded json not null,
  actual json not null,
  found_at text collate "C" not null
);
create index quota_difference_by_time on quota_difference (found_at, id);
create index quota_difference_of_tenant on quota_difference (tenant_id, found_at, id);

do $$
declare
  name text;
begin
  foreach name in array array['quota_holder', 'quota_committed', 'quota_reservation', 'quota_limit', 'quota_difference']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
  end loop;
  foreach name in array array['quota_holder', 'quota_difference'] loop
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
