-- Services, and the instances behind them.

create table service (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  name text collate "C" not null,
  -- Derived: of its name and its namespace's.
  dns_name text not null default '',
  ipv4 text not null,
  ipv6 text not null,
  selector json not null,
  -- The same as an object, to find instances by.
  selector_labels jsonb not null,
  ports json not null,
  affinity_seconds integer,
  version integer not null,
  created_at text collate "C" not null
);
create index service_of_namespace on service (namespace_id, name, id);

-- Derived: of services and endpoints.
create table service_endpoint (
  -- Service and instance.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  service_id text collate "C" not null,
  instance_id text collate "C" not null,
  ipv4 text not null,
  ipv6 text not null,
  ready boolean not null
);
create index service_endpoint_of_service on service_endpoint (service_id, instance_id, id);
create index service_endpoint_of_instance on service_endpoint (instance_id);

alter table endpoint
  add column namespace_id text collate "C",
  add column labels jsonb,
  -- Null before it ever was ready for a service.
  add column serving boolean;
create index endpoint_of_namespace on endpoint (namespace_id) where serving is not null;

do $$
declare
  name text;
begin
  foreach name in array array['service', 'service_endpoint'] loop
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
