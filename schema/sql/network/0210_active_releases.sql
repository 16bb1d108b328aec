-- Replica of deploy's facts: of which of its releases a deployment has connections sent to, where not of all …
create table deploy_active (
  deployment_id text primary key,
  release_ids text[] not null
);
-- … and so, of each instance, whether it is held back though it may be ready. Of what was placed before, none is.
alter table deploy_instance
  add column release_id text,
  add column held_back boolean not null default false;
create index deploy_instance_deployment on deploy_instance (deployment_id) where wanted;
create index deploy_instance_held_back on deploy_instance (instance_id) where held_back;
