-- Which agent a node was heard of from last: of one node, two on different machines aren't believed at once. No facts, and lost
-- without harm.
create table node_agent (
  node_id text primary key,
  agent_id text not null,
  agent_host text not null,
  heard_at timestamptz not null
);
