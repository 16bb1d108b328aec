-- Tenants that are suspended: none of their policies is compiled into the rules of any node.
create table isolated_tenant (
  tenant text primary key
);
create index endpoint_tenant on endpoint (tenant);
