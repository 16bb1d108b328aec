-- How much of a tenant is left is counted by tenant.
create index deployment_tenant on deployment (tenant);
create index instance_tenant on instance (tenant);
create index namespace_tenant on namespace (tenant) where status <> 'DRAINED';
create index instance_namespace on instance (namespace_id);
