-- All processes of a release's instances, the main one first.
alter table release add column processes json not null default '[]';
