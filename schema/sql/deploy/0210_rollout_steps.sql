-- Of a deployment's newest rollout: when it goes on by itself from the step at which it waits.
alter table deployment add column due_at timestamptz;
create index deployment_due on deployment (due_at) where due_at is not null;
