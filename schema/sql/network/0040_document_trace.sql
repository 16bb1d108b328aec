-- The traces that changes of a node's rules belong to, the newest first: [{"generation": position, "traceparent": text}],
-- at most 16. What is there already has none.
alter table node_document add column traces jsonb not null default '[]';
