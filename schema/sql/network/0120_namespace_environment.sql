-- Which environment a namespace belongs to, and its name: neither ever changes. Null where NamespaceOpened didn't tell yet.
alter table namespace add column environment_id text, add column name text;
create index namespace_environment on namespace (environment_id);
