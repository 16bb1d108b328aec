-- The log of one context, and the answers that make its commands repeatable.
--
-- The search_path is the context's schema, so names stand without it.

create table event (
  -- Contiguous from 1, in commit order: given out by append_batch under the context's lock.
  position bigint primary key,
  id text not null unique,
  type text not null,
  schema_version integer not null,
  tenant text not null,
  stream text not null,
  version integer not null,
  time timestamptz(3) not null,
  actor text not null,
  cause text,
  correlation text not null,
  traceparent text,
  data jsonb not null,
  unique (stream, version)
);

comment on table event is 'Facts, never changed. position: contiguous from 1 in commit order; version: contiguous from 1 within the stream.';

create table idempotency (
  tenant text not null,
  key text not null,
  -- SHA-256, in hex, of the canonical JSON of the request.
  request_hash text not null,
  position bigint not null,
  version integer not null,
  result jsonb,
  time timestamptz(3) not null,
  primary key (tenant, key)
);

comment on table idempotency is 'The answer under each idempotency key of a tenant, stored in the commit of its events.';
