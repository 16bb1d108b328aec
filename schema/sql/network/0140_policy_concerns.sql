-- The namespaces whose instances a policy may decide about.
create view policy_concerns as
  select policy_id, ref as namespace_id from policy_about where kind = 'namespace'
  union
  select a.policy_id, n.namespace_id from policy_about a join namespace n on n.environment_id = a.ref
    where a.kind = 'environment'
  union
  select a.policy_id, s.namespace_id from policy_about a join service s on s.service_id = a.ref
    where a.kind = 'service'
  union
  select a.policy_id, n.namespace_id from policy_about a join namespace n on n.tenant = a.ref where a.kind = 'tenant'
  union
  select a.policy_id, n.namespace_id from policy_about a cross join namespace n where a.kind = 'all';
