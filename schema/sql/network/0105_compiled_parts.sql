-- Compiled rules in parts: what a change touches is written, and what is newer than a node's generation is served. All of it
-- follows from the tables of intent and can be compiled anew from them.

-- What a set of addresses or networks is for is in its name; all nodes share it.
create table rule_set (
  name text primary key,
  kind text not null check (kind in ('addresses', 'networks'))
);
create table set_member (
  set_name text not null,
  member text not null,
  -- At which it came or went.
  generation bigint not null,
  gone boolean not null,
  changed_at timestamptz not null default now(),
  primary key (set_name, member)
);
create index set_member_changed on set_member (set_name, generation);
create index set_member_gone on set_member using gist ((member::inet) inet_ops) where gone;

-- The lists of a node's rule set, element by element. Of a set it has the name, its members are above.
create table node_part (
  node_id text not null,
  list text not null,
  key text not null,
  -- Of what is gone, what it was. Null of sets.
  value jsonb,
  -- At which it came, and at which it became what it is: of a set, at which its members did.
  since bigint not null,
  generation bigint not null,
  gone boolean not null,
  changed_at timestamptz not null default now(),
  primary key (node_id, list, key)
);
create index node_part_changed on node_part (node_id, generation);
create index node_part_set on node_part (key) where list = 'sets';
create index node_part_gone on node_part (node_id, generation) where gone;
create index node_part_gone_endpoint on node_part using gist (((value ->> 'ipv4')::inet) inet_ops)
  where gone and list = 'endpoints';

-- One row. `token` is another one after every compilation: who has an older one in memory reads everything anew. `compiler`: by which
-- version of the compiler everything is what it is; 0 for none yet. `generation`: the newest that was given to any node.
create table compile_state (
  only_one boolean primary key default true check (only_one),
  token text not null,
  compiler integer not null,
  generation bigint not null
);
insert into compile_state (token, compiler, generation)
  select 'none', 0, coalesce(max(generation), 0) from node_document;

-- `core` and `sections` are sums whose sum is the hash: of what comes from the compiler, and of the other lists. A node that
-- has a generation before `floor` is given everything.
alter table node_document
  drop column rules,
  add column core text not null default '',
  add column sections text not null default '',
  add column floor bigint not null default 0;
alter table node_generation drop column policies;
-- Of the policy's rules at that revision.
alter table policy_enforced add column hash text;

-- Addresses that left a node's rules, while the node hasn't confirmed a generation without them.
drop table node_removal;
create view node_removal as
  select p.node_id, m.member::inet as ipv4, case when p.gone then least(m.generation, p.generation) else m.generation end
    as generation, m.changed_at as removed_at
  from set_member m
  join node_part p on p.list = 'sets' and p.key = m.set_name
  left join node_applied a on a.node_id = p.node_id
  where m.gone and family(m.member::inet) = 4
    and coalesce(a.generation, 0) < case when p.gone then least(m.generation, p.generation) else m.generation end
  union all
  select p.node_id, (p.value ->> 'ipv4')::inet, p.generation, p.changed_at
  from node_part p left join node_applied a on a.node_id = p.node_id
  where p.gone and p.list = 'endpoints' and coalesce(a.generation, 0) < p.generation;
