-- Which node answers for a public address; null where none does yet.
alter table public_address add column announced_by text;
create index public_address_announced_by on public_address (announced_by) where announced_by is not null;

-- By the word of the node: whether it has an interface to the outside.
alter table node_applied add column outside boolean not null default false;
