-- Which agent the node was heard of from: of one node, two on different machines aren't believed at once. Null for one that doesn't say.
alter table node_hearing
  add column agent_id text,
  add column agent_host text;
