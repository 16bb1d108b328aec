-- Of a deployment's newest rollout: when it fails unless it gets on …
alter table deployment add column deadline_at timestamptz;
-- … and, where it has failed and a rollback is to follow by itself, which one it was, and the pace of the rollback.
alter table deployment add column failed_rollout_id text;
alter table deployment add column answer text check (answer in ('GRADUAL', 'FAST'));
create index deployment_deadline on deployment (deadline_at) where deadline_at is not null;
create index deployment_failed on deployment (deployment_id) where failed_rollout_id is not null;
