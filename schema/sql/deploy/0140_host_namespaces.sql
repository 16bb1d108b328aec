-- Replica of network's facts: namespaces whose instances run on nodes that run no other tenant's.
create table host_namespace (
  namespace_id text primary key
);
