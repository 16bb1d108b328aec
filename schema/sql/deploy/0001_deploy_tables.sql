-- What the deploy service keeps beside its events. All of it but node_hearing can be built again: the tables of the
-- context's own facts from its events, the replicas from the events of tenancy.
--
-- The search_path is the context's schema, so names stand without it.

-- Own facts, written by the consumer `deploy-tables` only (but for the columns that say otherwise).

create table node (
  node_id text primary key,
  name text not null,
  runtime text not null,
  cpu_millis integer not null,
  memory_mib integer not null,
  max_instances integer not null,
  ready boolean not null default false,
  -- Why it isn't ready; null while it is.
  reason text
);

-- A node's desired workloads are its rows of `instance` that are desired; this is the generation of that document.
create table node_document (
  node_id text primary key,
  -- Position of the newest event that changed it.
  generation bigint not null
);

create table namespace (
  namespace_id text primary key,
  tenant text not null,
  status text not null check (status in ('OPEN', 'CLOSED', 'DRAINED')),
  -- Of the request behind the last change, for what follows from it.
  correlation text not null,
  traceparent text,
  cause text not null
);
create index namespace_to_drain on namespace (namespace_id) where status = 'CLOSED';

-- Deployments that aren't deleted.
create table deployment (
  deployment_id text primary key,
  tenant text not null,
  namespace_id text not null,
  name text not null,
  deleting boolean not null default false,
  blocked boolean not null default false,
  -- Version of its stream that these rows are at.
  version integer not null,
  -- Of the newest request that changed what is wanted, for what follows from it.
  correlation text not null,
  traceparent text,
  cause text not null,
  -- Written by the rollout controller: at this version of the stream there was nothing left to do …
  settled_version integer not null default 0,
  -- … with the nodes as they were at this position.
  settled_capacity bigint not null default 0
);
create index deployment_namespace on deployment (namespace_id);
create index deployment_unsettled on deployment (deployment_id) where version > settled_version;
create index deployment_blocked on deployment (deployment_id) where blocked;

create table release (
  release_id text primary key,
  deployment_id text not null,
  spec jsonb not null
);
create index release_deployment on release (deployment_id);

-- Instances that aren't gone.
create table instance (
  instance_id text primary key,
  tenant text not null,
  namespace_id text not null,
  deployment_id text not null,
  release_id text not null,
  node_id text not null,
  phase text not null check (phase in ('PLACED', 'WAITING', 'STARTED', 'READY', 'UNREADY')),
  reason text,
  message text,
  -- Null while it should run; else why it was told to stop, and the generation of its node's document that lacks it.
  stopping text,
  stop_generation bigint,
  check ((stopping is null) = (stop_generation is null))
);
create index instance_node on instance (node_id);
create index instance_deployment on instance (deployment_id);

-- Position of the newest event by which room can have come free or a node can have come: one row.
create table capacity (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into capacity (position) values (0);

-- Written by whoever takes a node's report; no facts, and lost without harm.
create table node_hearing (
  node_id text primary key,
  heard_at timestamptz not null,
  -- Of the newest report: an older one is never taken for a newer one.
  sequence bigint not null
);

-- Foreign facts.

create table tenant_limits (
  tenant text primary key,
  instances bigint not null,
  cpu_millis bigint not null,
  memory_mib bigint not null
);
