-- Policies say from, to, traffic, action and priority; what was there opens ports between instances.

alter table policy
  add column tier text not null default 'TENANT' check (tier in ('PLATFORM', 'TENANT')),
  add column priority integer not null default 500,
  add column definition jsonb,
  -- Only active ones are compiled.
  add column active boolean not null default true,
  -- Null: always.
  add column schedule jsonb,
  alter column namespace_id drop not null;
update policy set definition = jsonb_build_object(
  'action', 'ALLOW',
  'priority', 500,
  'from', jsonb_build_array(jsonb_build_object('kind', 'INSTANCES') || (spec -> 'from')),
  'to', jsonb_build_array(jsonb_build_object('kind', 'INSTANCES', 'namespaceId', namespace_id) || (spec -> 'to')),
  'traffic', spec -> 'ports',
  'log', false
);
alter table policy alter column definition set not null;
create index policy_scheduled on policy (policy_id) where schedule is not null;

-- Whom a policy is about: its own namespace, and all that its sides name. `ref` is the id, '' for `all`.
create table policy_about (
  policy_id text not null,
  kind text not null check (kind in ('namespace', 'environment', 'service', 'tenant', 'all')),
  ref text not null,
  primary key (policy_id, kind, ref)
);
create index policy_about_ref on policy_about (kind, ref);
insert into policy_about (policy_id, kind, ref)
  select policy_id, 'namespace', namespace_id from policy
  union select policy_id, 'namespace', from_namespace_id from policy;

alter table policy drop column spec, drop column from_namespace_id;

alter table namespace
  add column isolation text not null default 'RULE' check (isolation in ('NAMESPACE', 'SUBNET', 'RULE', 'HOST'));
