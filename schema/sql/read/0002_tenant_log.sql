-- One durable log per tenant: everything that happened to what it owns, under a cursor that is contiguous per tenant.
-- Not made again with the read models: its cursors are known outside. An event is in it once, whatever is replayed.

create table tenant_log_head (
  tenant_id text collate "C" primary key,
  -- The newest cursor.
  cursor bigint not null,
  -- Up to here, that included, the log was trimmed.
  trimmed bigint not null default 0
);

create table tenant_log (
  tenant_id text collate "C" not null,
  cursor bigint not null,
  event_id text collate "C" not null unique,
  type text not null,
  resource_id text collate "C" not null,
  time text collate "C" not null,
  actor text not null,
  cause text,
  correlation text not null,
  data json not null,
  primary key (tenant_id, cursor)
);
