-- How far each consumer's effects are durable, and what it had to put aside.

create table consumer (
  name text primary key,
  position bigint not null,
  -- Id of the event at `position`: tells an owner whose history was replaced by another one.
  event_id text,
  updated_at timestamptz not null default now()
);

-- An event whose handler kept failing, and the later ones of its stream behind it. A stream is parked while it has rows.
create table parked_event (
  consumer text not null,
  position bigint not null,
  stream text not null,
  -- As it came from the owner, before any upcast: a newer version of the process may know how to read it.
  event jsonb not null,
  -- Null for one that only waits behind another of its stream.
  error text,
  attempts integer not null default 0,
  parked_at timestamptz not null default now(),
  retry_requested boolean not null default false,
  primary key (consumer, position)
);
create index parked_event_stream on parked_event (consumer, stream, position);
