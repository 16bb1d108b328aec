-- Pools of nodes, and what the operator says of nodes. Own facts, written by `deploy-tables`; the rebuild of these tables
-- fills them in.
create table pool (
  pool_id text primary key,
  name text not null,
  revision integer not null,
  terms jsonb not null
);

-- Of nodes that the operator has said something of.
create table node_place (
  node_id text primary key,
  pool_id text not null,
  zone text,
  labels jsonb not null
);
create table node_duty (
  node_id text primary key,
  duty text not null check (duty in ('OPEN', 'CORDONED', 'DRAINING', 'DRAINED')),
  note text not null
);
-- How often it was told something: nothing is placed on a node by what was true before.
create table node_told (
  node_id text primary key,
  revision integer not null
);

-- What a deployment asks of the places of its instances; null: nothing.
alter table deployment add column placement jsonb;
-- It has to leave its node.
alter table instance add column leaving boolean not null default false;
create index instance_leaving on instance (node_id) where leaving;
