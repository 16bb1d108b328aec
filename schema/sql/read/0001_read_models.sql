-- What the API reads: one table per row type of the SDL, projected from the events of all contexts, thrown away and
-- made again at any time. The search_path is the schema, so names stand without it.
--
-- A column holds what the API shows, in the form that it shows it in, so that reading is no work: instants are RFC 3339
-- in UTC with milliseconds (as text they sort as time does), lists and objects are JSON with the keys in the SDL's order,
-- enums are spelled as in the SDL. Texts compare bytewise (collation C), so that pages have one order everywhere.
-- A field that the SDL calls non-null is a NOT NULL column: no row is there before it is whole.

create table tenant (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  limits json not null,
  created_at text collate "C" not null,
  check (tenant_id = id)
);
create index tenant_by_name on tenant (name, id);

create table environment (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  kind text not null,
  created_at text collate "C" not null
);
create index environment_of_tenant on environment (tenant_id, name, id);

create table namespace (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  environment_id text collate "C" not null,
  name text collate "C" not null,
  labels json not null,
  created_at text collate "C" not null,
  version integer not null,
  deleting boolean not null default false,
  -- Derived: of `deleting` and of whether there is a subnet.
  status text not null default 'PENDING'
);
create index namespace_of_tenant on namespace (tenant_id, name, id);
create index namespace_of_environment on namespace (environment_id, name, id);

create table subnet (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  ipv4 text not null,
  ipv6 text not null,
  created_at text collate "C" not null
);
create index subnet_of_tenant on subnet (tenant_id, created_at, id);
create index subnet_of_namespace on subnet (namespace_id, created_at, id);

create table deployment (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  name text collate "C" not null,
  labels json not null,
  replicas integer not null,
  max_surge integer not null,
  max_unavailable integer not null,
  current_release_id text collate "C",
  version integer not null,
  created_at text collate "C" not null,
  deleting boolean not null default false,
  rolling_out boolean not null default false,
  blocked_message text,
  -- Derived: of the above and of its instances.
  ready_replicas integer not null default 0,
  status text not null default 'PROGRESSING',
  status_message text
);
create index deployment_of_tenant on deployment (tenant_id, name, id);
create index deployment_of_namespace on deployment (namespace_id, name, id);

create table release (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  deployment_id text collate "C" not null,
  number integer not null,
  image text not null,
  command json,
  cpu_millis integer not null,
  memory_mib integer not null,
  ports json not null,
  created_at text collate "C" not null
);
create index release_of_deployment on release (deployment_id, number, id);

create table rollout (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  deployment_id text collate "C" not null,
  release_id text collate "C" not null,
  kind text not null,
  status text not null,
  created_at text collate "C" not null,
  ended_at text collate "C"
);
create index rollout_of_deployment on rollout (deployment_id, created_at, id);

create table instance (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  deployment_id text collate "C" not null,
  release_id text collate "C" not null,
  node_id text collate "C" not null,
  labels json not null,
  placement json not null,
  created_at text collate "C" not null,
  ready_at text collate "C",
  -- What the deploy context says of it; the network context's part is in `endpoint`.
  state text not null default 'PLACED',
  state_reason text,
  state_message text,
  -- Derived: of the state and of the endpoint.
  status text not null default 'PLACED',
  status_reason text,
  status_message text,
  ipv4 text,
  ipv6 text,
  secured_at text collate "C"
);
create index instance_of_deployment on instance (deployment_id, created_at, id);

-- What the network context says of an instance; may come before the deploy context's part and go after it.
create table endpoint (
  -- The instance's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  ipv4 text,
  ipv6 text,
  secured_at text collate "C",
  refusal text
);

create table isolation_policy (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  name text collate "C" not null,
  revision integer not null,
  version integer not null,
  from_namespace_id text collate "C" not null,
  from_labels json not null,
  to_labels json not null,
  ports json not null,
  created_at text collate "C" not null
);
create index isolation_policy_of_namespace on isolation_policy (namespace_id, name, id);

create table policy_receipt (
  -- Policy, revision and node.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  policy_id text collate "C" not null,
  revision integer not null,
  node_id text collate "C" not null,
  generation integer not null,
  hash text not null,
  enforced_at text collate "C" not null
);
create index policy_receipt_of_policy on policy_receipt (policy_id, enforced_at, id);

create table compute_node (
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  status text not null,
  status_message text,
  runtime text not null,
  cpu_millis integer not null,
  memory_mib integer not null,
  max_instances integer not null,
  created_at text collate "C" not null
);
create index compute_node_by_name on compute_node (name, id);

-- Who may do what in a tenant: read by the gateway itself, never by a query.
create table member (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  subject text collate "C" not null,
  role text not null,
  unique (tenant_id, subject)
);

create table service_account (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  role text not null,
  -- SHA-256 of the secret, in hex.
  secret_hash text not null
);
