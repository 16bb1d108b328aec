-- The traces that a change belongs to, on its way to the node. What is there already has none.

alter table instance add column traceparent text;

-- Of the newest changes of the document, the newest first: [{"generation": position, "traceparent": text}], at most 16.
alter table node_document add column traces jsonb not null default '[]';
