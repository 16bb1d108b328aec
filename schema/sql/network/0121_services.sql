-- Services, and which endpoints they send connections to.
create table service (
  service_id text primary key,
  tenant text not null,
  namespace_id text not null,
  name text not null,
  ipv4 text not null,
  ipv6 text not null,
  selector jsonb not null,
  ports jsonb not null,
  affinity_seconds integer,
  cause text not null,
  correlation text not null,
  traceparent text
);
create index service_namespace on service (namespace_id);
create index service_tenant on service (tenant);

-- Virtual addresses that were ever given: held while service_id is set, else at rest. Both families are given together.
create table service_address (
  ipv4 inet primary key,
  ipv6 inet not null,
  service_id text,
  released_position bigint,
  released_at timestamptz,
  check ((service_id is null) <> (released_position is null))
);
create index service_address_resting on service_address (released_position) where service_id is null;
create index service_address_held on service_address (service_id) where service_id is not null;

-- Replica of deploy's facts: whether the instance serves, and whether it has been told to stop.
alter table deploy_instance
  add column ready boolean not null default false,
  add column stopping boolean not null default false;
-- What ran before this was known: the next fact about it corrects it.
update deploy_instance i set ready = true
  where wanted and exists (select from endpoint e where e.instance_id = i.instance_id and e.status = 'secured');
create index deploy_instance_idle on deploy_instance (instance_id) where stopping or not ready or not wanted;

-- Whether services send connections to it, and since which event of this context.
alter table endpoint
  add column serving text not null default 'never' check (serving in ('never', 'serving', 'withdrawn', 'drained')),
  add column serving_position bigint;
create index endpoint_not_serving on endpoint (namespace_id) where serving <> 'serving';
create index endpoint_withdrawn on endpoint (instance_id) where serving = 'withdrawn';
