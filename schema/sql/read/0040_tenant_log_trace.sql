-- The trace that an event belongs to, so that its delivery to subscribers is shown there, by whichever gateway delivers it.
-- Rows from before have none.
alter table tenant_log add column traceparent text;
