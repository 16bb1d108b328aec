-- Since when a node is behind: when the oldest of the generations that it hasn't applied was compiled.
alter table node_generation add column compiled_at timestamptz not null default now();
-- Since when it says that it can't apply its rules.
alter table node_applied add column error_since timestamptz;

-- How each node stands to its newest rules. `since` is null where what is wanted is in force.
create view node_standing as
select
  d.node_id,
  d.generation,
  a.generation as applied_generation,
  a.reported_at,
  a.error_generation,
  a.error_message,
  case
    when a.error_message is not null then 'FAILING'
    when d.generation > coalesce(a.generation, 0) then 'BEHIND'
    else 'CURRENT'
  end as standing,
  case
    when d.generation > coalesce(a.generation, 0) then coalesce(
      (select min(g.compiled_at) from node_generation g
       where g.node_id = d.node_id and g.generation > coalesce(a.generation, 0)),
      d.compiled_at
    )
    when a.error_message is not null then coalesce(a.error_since, a.reported_at)
  end as since
from node_document d
left join node_applied a on a.node_id = d.node_id;
