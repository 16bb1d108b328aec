-- Which nodes have a service in their rules: asked whenever it changes.
create index node_part_service on node_part (key) where list = 'services' and not gone;
create index port_mapping_service on port_mapping ((target ->> 'serviceId'));
