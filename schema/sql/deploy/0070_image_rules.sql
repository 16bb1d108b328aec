-- Which images have run, whole and ready, in which environment. Null of a namespace that was opened before this was kept:
-- the rebuild of these tables fills it in.
alter table namespace add column environment_id text;

create table image_ran (
  environment_id text not null,
  digest text not null,
  primary key (environment_id, digest)
);
