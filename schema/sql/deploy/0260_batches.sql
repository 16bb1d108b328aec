-- What batches pick deployments by; null until the tables are built again once.
alter table deployment add column labels jsonb;

-- How each rollout of the deployments that are there is, or ended.
create table rollout (
  rollout_id text primary key,
  deployment_id text not null,
  status text not null check (status in ('RUNNING', 'COMPLETED', 'FAILED', 'SUPERSEDED')),
  -- Why it has failed.
  message text
);
create index rollout_deployment on rollout (deployment_id);

-- Batches of which something is left to do, or to wait for.
create table batch (
  batch_id text primary key,
  tenant text not null,
  -- Who started it: in whose name its deployments are changed.
  actor text not null,
  correlation text not null,
  traceparent text,
  cause text not null
);
