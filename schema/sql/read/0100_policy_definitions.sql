-- A policy may come from elsewhere than the instances of one namespace.
alter table isolation_policy alter column from_namespace_id drop not null;
