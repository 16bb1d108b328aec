-- Events that are projected and not yet told in their tenant's log, because what they follow from, in another context,
-- isn't told yet. Empty but for moments.

create table tenant_log_waiting (
  event_id text collate "C" primary key,
  -- The row of the log, without its cursor.
  told json not null,
  context text not null,
  position bigint not null,
  -- Of a started container: its instance, whose rules are told first.
  started_instance text collate "C",
  -- Of rules that came into force: their instance.
  secured_instance text collate "C",
  since timestamptz not null
);

do $$
begin
  alter table tenant_log_waiting enable row level security;
  alter table tenant_log_waiting force row level security;
  execute 'create policy owner on tenant_log_waiting to current_user using (true) with check (true)';
end
$$;
