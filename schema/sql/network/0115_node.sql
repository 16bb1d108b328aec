-- Nodes that are connected to each other: where the others reach them. Follows from NodeAttached and NodeDetached.
create table node (
  node_id text primary key,
  -- Canonical text: it is compared with what reports say.
  address text not null,
  port integer not null,
  mac text not null,
  mtu integer not null
);
