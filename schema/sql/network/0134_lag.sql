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

-- What each node should have of each policy, and what it has: of the newest generation, and of the one that it has reported.
create view policy_standing as
select
  p.policy_id,
  s.node_id,
  p.revision,
  p.hash,
  p.applied_revision,
  p.applied_hash,
  s.generation,
  s.applied_generation,
  s.standing,
  s.since,
  -- What the node has is what it should have, and it doesn't say that it can't keep it.
  (p.hash is not distinct from p.applied_hash
    and (s.standing <> 'FAILING' or s.error_generation > coalesce(s.applied_generation, 0))) as enforced
from node_standing s
cross join lateral (
  select
    coalesce(w."policyId", a."policyId") as policy_id,
    w.revision,
    w.hash,
    a.revision as applied_revision,
    a.hash as applied_hash
  from (
    select r.* from node_generation g, jsonb_to_recordset(g.policies) as r ("policyId" text, revision integer, hash text)
    where g.node_id = s.node_id and g.generation = s.generation
  ) w
  full join (
    select r.* from node_generation g, jsonb_to_recordset(g.policies) as r ("policyId" text, revision integer, hash text)
    where g.node_id = s.node_id and g.generation = s.applied_generation
  ) a on a."policyId" = w."policyId"
) p;

-- Deleted policies that may still be in force on nodes that lag: whose they were.
create table policy_withdrawal (
  policy_id text primary key,
  tenant text not null,
  namespace_id text not null
);
