-- Since when a node has its status, for whoever is told that it can't be asked. Null where that was before this column.
alter table compute_node add column status_since text collate "C";

-- Instances that are gone, and where they were: their nodes may still have their logs.
create index tenant_log_of_ended_instance on tenant_log (tenant_id, (data ->> 'instanceId'))
  where type in ('deploy.InstanceStopped', 'deploy.InstanceLost');
create index tenant_log_of_ended_instances on tenant_log (tenant_id, (data ->> 'deploymentId'), cursor)
  where type in ('deploy.InstanceStopped', 'deploy.InstanceLost');
