-- The plan of addresses.

-- The platform's ranges. `within`: the range that it is cut out of.
create table address_range (
  range_id text primary key,
  purpose text not null check (purpose in ('INSTANCES', 'SERVICES', 'PUBLIC', 'RESERVED')),
  family smallint not null check (family in (4, 6)),
  cidr text not null,
  -- As numbers, as in held_range.
  first numeric(39) not null,
  last numeric(39) not null,
  within text,
  position bigint not null
);

-- Of an endpoint only where its subnet is open: those that were there before this was asked for are.
insert into claim_unique
select 'subnet-open', owner, owner from claim_range where claim_set = 'ipv4'
on conflict do nothing;

-- Being deleted: nobody gets an address in it.
alter table subnet add column closed boolean not null default false;

-- Since when; null for what was taken before it was written down.
alter table held_range add column taken_at timestamptz;

-- Since when the newest holder had it, and since when it is at rest: for the rest that it needs, and for the forecast.
alter table address add column held_at timestamptz;
alter table address add column released_at timestamptz;

create table subnet_growth (
  namespace_id text primary key
);

-- Public addresses that a tenant has, or that rest: `rests_until` is set, then.
create table public_address (
  public_address_id text primary key,
  tenant text not null,
  namespace_id text not null,
  range_id text not null,
  name text not null,
  address text not null,
  rests_until timestamptz,
  cause text not null,
  correlation text not null,
  traceparent text
);
create index public_address_tenant on public_address (tenant);
create index public_address_namespace on public_address (namespace_id);
create index public_address_address on public_address (address);

create table port_mapping (
  port_mapping_id text primary key,
  tenant text not null,
  namespace_id text not null,
  public_address_id text not null,
  address text not null,
  protocol text not null,
  port integer not null,
  target jsonb not null,
  cause text not null,
  correlation text not null,
  traceparent text
);
create index port_mapping_tenant on port_mapping (tenant);
create index port_mapping_namespace on port_mapping (namespace_id);
create index port_mapping_address on port_mapping (public_address_id);
