-- Local tables of the network service. All of it follows from events and can be rebuilt from them, except node_applied,
-- which the nodes tell again by themselves. Claims decide; these tables find, suggest and compile.
--
-- `cause`, `correlation` and `traceparent` are those of the event that made the row what it is: what a controller does
-- because of a row is caused by that event.

-- Replica of deploy's facts: instances that were placed. Gone once an instance is no longer wanted and its endpoint is
-- released.
create table deploy_instance (
  instance_id text primary key,
  tenant text not null,
  namespace_id text not null,
  deployment_id text not null,
  node_id text not null,
  labels jsonb not null,
  wanted boolean not null,
  cause text not null,
  correlation text not null,
  traceparent text
);
create index deploy_instance_namespace on deploy_instance (namespace_id);
create index deploy_instance_unwanted on deploy_instance (instance_id) where not wanted;

-- Replica of deploy's facts: namespaces in which no instance is left, and none will be.
create table deploy_drained (
  namespace_id text primary key
);

-- Own facts from here on.
create table namespace (
  namespace_id text primary key,
  tenant text not null,
  status text not null check (status in ('open', 'closed')),
  cause text not null,
  correlation text not null,
  traceparent text
);

create table subnet (
  subnet_id text primary key,
  tenant text not null,
  namespace_id text not null,
  ipv4 text not null,
  ipv6 text not null,
  position bigint not null
);
create index subnet_namespace on subnet (namespace_id, position);

-- Ranges that are held, of both families: where the next free one is looked for. Addresses as numbers.
create table held_range (
  family smallint not null check (family in (4, 6)),
  first numeric(39) not null,
  last numeric(39) not null,
  subnet_id text not null,
  position bigint not null,
  primary key (family, first)
);
create index held_range_last on held_range (family, last);
create index held_range_newest on held_range (family, position);

-- Host parts that were ever given in a subnet: held while instance_id is set, else at rest since released_position.
create table address (
  subnet_id text not null,
  host integer not null,
  instance_id text,
  released_position bigint,
  primary key (subnet_id, host),
  check ((instance_id is null) <> (released_position is null))
);
create index address_held on address (instance_id) where instance_id is not null;
create index address_resting on address (subnet_id, released_position) where instance_id is null;

create table endpoint (
  instance_id text primary key,
  tenant text not null,
  namespace_id text not null,
  node_id text not null,
  status text not null check (status in ('refused', 'allocated', 'secured')),
  message text,
  subnet_id text,
  ipv4 text,
  ipv6 text,
  labels jsonb,
  -- Of its EndpointAllocated.
  position bigint,
  cause text not null,
  correlation text not null,
  traceparent text,
  check ((status = 'refused') = (ipv4 is null))
);
create index endpoint_namespace on endpoint (namespace_id);
create index endpoint_node on endpoint (node_id);

create table policy (
  policy_id text primary key,
  tenant text not null,
  namespace_id text not null,
  from_namespace_id text not null,
  revision integer not null,
  spec jsonb not null,
  cause text not null,
  correlation text not null,
  traceparent text
);
create index policy_namespace on policy (namespace_id);
create index policy_from_namespace on policy (from_namespace_id);

-- The newest revision of a policy that is known to have been in force on a node.
create table policy_enforced (
  policy_id text not null,
  node_id text not null,
  revision integer not null,
  primary key (policy_id, node_id)
);

-- The compiled rules of each node. `generation` is the position of the newest event that changed them.
create table node_document (
  node_id text primary key,
  generation bigint not null,
  hash text not null,
  rules jsonb not null,
  compiled_at timestamptz not null default now()
);

-- The recent ones, by which a report is believed: the hash that was served, and what was in it to give receipts for.
create table node_generation (
  node_id text not null,
  generation bigint not null,
  hash text not null,
  policies jsonb not null,
  primary key (node_id, generation)
);

-- Addresses that left a node's rules, until the node confirms a generation without them. While a reachable node has
-- such a row, the address isn't given to anybody else and its subnet isn't released.
create table node_removal (
  node_id text not null,
  ipv4 inet not null,
  -- The first one without it.
  generation bigint not null,
  removed_at timestamptz not null default now(),
  primary key (node_id, ipv4)
);
create index node_removal_ipv4 on node_removal using gist (ipv4 inet_ops);

-- What each node says is in force. `generation` and `hash` are only ones that were served to it.
create table node_applied (
  node_id text primary key,
  generation bigint,
  hash text,
  reported_at timestamptz not null,
  error_generation bigint,
  error_message text
);
