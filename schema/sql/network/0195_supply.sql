-- What was told last of how much is left of addresses, where it isn't enough: of namespaces, and of ranges of a purpose and family.
create table namespace_supply (
  namespace_id text primary key,
  supply text not null
);
create table pool_supply (
  purpose text not null,
  family text not null,
  supply text not null,
  primary key (purpose, family)
);
