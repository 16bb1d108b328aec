-- Found by tenant when that goes. What is left of tenants that are gone already goes now.
create index credential_use_of_tenant on credential_use (tenant_id);
delete from credential_use u where not exists (select from tenant t where t.id = u.tenant_id);
