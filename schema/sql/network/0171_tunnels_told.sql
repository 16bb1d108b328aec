-- Since when a node is reached where it is.
alter table node add column attached_at timestamptz;
update node set attached_at = (
  select max(e.time) from event e where e.stream = 'node:' || node.node_id and e.type = 'NodeAttached'
);

-- Why a node that asks for it isn't connected to the others. No fact: the node says it again, and is answered again.
create table node_refused (
  node_id text primary key,
  message text not null
);
