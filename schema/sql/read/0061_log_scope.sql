-- Where the resource of a record is, for those who may read the log of parts of a tenant alone. Null: of the whole tenant.
-- In which environment a namespace is, namespace_home says.
alter table tenant_log
  add column environment_id text collate "C",
  add column namespace_id text collate "C";

update tenant_log l set
  environment_id = l.data ->> 'environmentId',
  namespace_id = coalesce(
    l.data ->> 'namespaceId',
    (select d.namespace_id from deployment d where d.id = l.data ->> 'deploymentId' and d.tenant_id = l.tenant_id)
  )
where json_typeof(l.data) = 'object';
