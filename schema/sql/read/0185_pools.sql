-- Pools of nodes, and what the operator says of nodes.
create table pool (
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  revision integer not null,
  sla_class text not null,
  labels json not null,
  cpu_percent integer not null,
  memory_percent integer not null,
  cost_per_hour integer not null,
  weights json not null,
  created_at text collate "C" not null
);
create index pool_by_name on pool (name, id);

alter table compute_node
  add column pool_id text collate "C" not null default 'pool_00000000000000000000000000',
  add column zone text,
  add column labels json not null default '[]',
  add column scheduling text not null default 'OPEN',
  add column scheduling_note text not null default '',
  -- Derived.
  add column instances integer not null default 0,
  add column drained_from integer;
create index instance_of_node on instance (node_id);

alter table deployment add column placement json;

alter table pool enable row level security;
alter table pool force row level security;
create policy owner on pool to current_user using (true) with check (true);
create policy reader on pool for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on pool to atoll_reader;
