-- How much of a tenant is left is counted by tenant.
create index deploy_instance_tenant on deploy_instance (tenant);
create index namespace_tenant on namespace (tenant);
create index subnet_tenant on subnet (tenant);
create index policy_tenant on policy (tenant);
