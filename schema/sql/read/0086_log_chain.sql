-- The records of a tenant's log are chained by hash, and say what they changed.

alter table tenant_log
  -- Lists {kind, id, before, after}; null where nothing changed that is shown.
  add column changes json,
  -- SHA-256, in hex, over the hash before it and the record; null for records from before there was a chain.
  add column hash text collate "C";
create index tenant_log_of_correlation on tenant_log (tenant_id, correlation);

alter table tenant_log_head
  -- Of the newest record; null for a log without chained ones.
  add column hash text collate "C",
  -- The chain begins behind this cursor: 0, or where the log was trimmed, or its end when chaining began.
  add column chain_start bigint not null default 0,
  -- What its first record is chained to; null for the genesis.
  add column chain_start_hash text collate "C";
update tenant_log_head set chain_start = cursor;

-- Records that were trimmed were told, and aren't told again when the read models are made anew.
create table tenant_log_trimmed (
  event_id text collate "C" primary key
);

do $$
begin
  alter table tenant_log_trimmed enable row level security;
  alter table tenant_log_trimmed force row level security;
  execute 'create policy owner on tenant_log_trimmed to current_user using (true) with check (true)';
end
$$;
