-- Whether never more than its replicas run at once.
alter table deployment add column fenced boolean not null default false;
