-- Operations on many deployments, and what becomes of each.
create table batch (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  environment_id text collate "C" not null,
  -- Null: of the whole environment.
  namespace_id text collate "C",
  selector json not null,
  operation json not null,
  status text not null,
  status_message text,
  size integer not null,
  wave_size integer not null,
  pause_seconds integer not null,
  max_failures integer not null,
  next_wave_at text collate "C",
  started_at text collate "C" not null,
  started_by text not null,
  ended_at text collate "C",
  -- Derived: of its items.
  waiting integer not null default 0,
  running integer not null default 0,
  succeeded integer not null default 0,
  unchanged integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  waves json not null default '[]'
);
create index batch_of_tenant on batch (tenant_id, started_at desc, id desc);
create index batch_of_namespace on batch (namespace_id);
create index batch_of_environment on batch (environment_id);

create table batch_item (
  -- Batch and deployment.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  batch_id text collate "C" not null,
  -- As the batch has them.
  environment_id text collate "C" not null,
  namespace_id text collate "C",
  deployment_id text collate "C" not null,
  name text not null,
  number integer not null,
  wave integer not null,
  status text not null,
  code text,
  message text,
  rollout_id text collate "C",
  began_at text collate "C",
  ended_at text collate "C"
);
create index batch_item_of_batch on batch_item (batch_id, number, id);
create index batch_item_of_namespace on batch_item (namespace_id);
create index batch_item_of_environment on batch_item (environment_id);

do $$
declare
  name text;
begin
  foreach name in array array['batch', 'batch_item'] loop
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
