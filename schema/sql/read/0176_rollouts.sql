-- How a rollout is doing, and what becomes of those that don't get on.
alter table rollout add column pace text not null default 'GRADUAL';
alter table rollout add column automatic boolean not null default false;
alter table rollout add column deadline_at text collate "C";
alter table rollout add column status_message text;

-- What there was before the column has what every deployment has that says nothing else.
alter table deployment add column progress_deadline_seconds integer default 600;
alter table deployment add column on_failure text not null default 'FREEZE';
-- SUSPENDED or FAILED while its newest rollout is; with the reason of a failure.
alter table deployment add column rollout_standing text;
alter table deployment add column rollout_message text;
