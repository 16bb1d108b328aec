-- All that a policy decides. Rows that are there already are made again from their events.
alter table isolation_policy
  add column action text not null default 'ALLOW',
  add column priority integer not null default 500,
  add column sources json not null default '[]',
  add column destinations json not null default '[]',
  add column traffic json not null default '[]',
  add column log boolean not null default false,
  add column active boolean not null default true,
  add column schedule json,
  add column next_change_at text collate "C";

-- What the network context says of a namespace; may come before tenancy's part.
create table namespace_isolation (
  -- The namespace's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  namespace_id text collate "C" not null,
  level text not null
);
alter table namespace_isolation enable row level security;
alter table namespace_isolation force row level security;
create policy owner on namespace_isolation to current_user using (true) with check (true);
-- Derived of it.
alter table namespace add column isolation_level text not null default 'RULE';
