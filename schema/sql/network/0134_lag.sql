-- When receipts were given: the newest on each node, and the first at all.
alter table policy_enforced add column enforced_at timestamptz;
alter table policy_enforced add column first_enforced_at timestamptz;

-- Nodes that are known to lag, as it was told last.
create table node_lag (
  node_id text primary key,
  reason text not null,
  message text,
  since timestamptz not null
);

-- On which nodes which policies are known not to be as they should be.
create table policy_lag (
  policy_id text not null,
  node_id text not null,
  tenant text not null,
  namespace_id text not null,
  reason text not null,
  since timestamptz not null,
  primary key (policy_id, node_id)
);
create index policy_lag_node on policy_lag (node_id);

-- Deleted policies that may still be in force on nodes that lag: whose they were.
create table policy_withdrawal (
  policy_id text primary key,
  tenant text not null,
  namespace_id text not null
);
