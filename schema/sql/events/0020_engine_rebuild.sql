-- Projections that can be rebuilt beside the live one, how far that is, and which consumer is of which context.

-- Of which context the events are, so that an operator sees how far behind the consumer is.
alter table consumer add column context text;

-- When an event that has failed is tried again by itself; null for one that waits for a person, or behind another.
alter table parked_event add column retry_at timestamptz;
create index parked_event_due on parked_event (consumer, retry_at) where retry_at is not null;

-- What the processes of this schema can rebuild, written when they start.
create table projection (
  name text primary key,
  -- Moves when the same events give other rows.
  revision integer not null,
  tables text[] not null,
  -- The live consumers whose checkpoints go with the tables.
  consumers text[] not null
);

-- The last rebuild of each projection: one at a time.
create table rebuild (
  projection text primary key,
  -- Counts them, so that a process knows when the one that it works on was cancelled and another one asked for.
  attempt integer not null,
  phase text not null check (phase in ('requested', 'building', 'switched', 'done', 'cancelled', 'failed')),
  -- Of what is being built, which a process that goes on after another one must agree with.
  revision integer,
  shape text,
  tables text[] not null default '{}',
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- Events per second, of the last seconds.
  rate double precision,
  -- What it waits for, or why it failed.
  note text,
  updated_at timestamptz not null default now()
);

-- How far the new version is, per consumer of the live one; written in the transaction of the effects.
create table rebuild_source (
  projection text not null,
  consumer text not null,
  context text not null,
  position bigint not null default 0,
  event_id text,
  -- Where the live one was when last looked at: the new version never goes beyond it.
  target bigint not null default 0,
  primary key (projection, consumer)
);
