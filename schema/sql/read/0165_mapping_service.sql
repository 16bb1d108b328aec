-- Where a port leads to a service instead of a deployment; its port is `target_port` then.
alter table port_mapping add column service_id text collate "C";

-- Always, today: a mapping that hides its clients would be another choice of its tenant.
alter table port_mapping add column source_preserved boolean not null default true;
