-- What is asked of the platform, and what became of it, on its way into the tenants' logs. A mutation's row is committed
-- before its command is sent; with its outcome it is told in the log and leaves. Empty but for moments, and for what a
-- crash left open. Not made again with the read models.

create table audit_entry (
  -- The id that its record has in the log.
  id text collate "C" primary key,
  -- Whose log tells it.
  tenant_id text collate "C" not null,
  correlation text not null,
  -- Whose events would prove a change; null where there can be none.
  changed_tenant text collate "C",
  -- The row of the log, without cursor, time and what only the outcome knows.
  told json not null,
  -- Null while it is open. {type, time, data}: `data` is added to that of the row.
  outcome json,
  asked timestamptz not null default now()
);
create index audit_entry_done on audit_entry (id) where outcome is not null;

do $$
begin
  alter table audit_entry enable row level security;
  alter table audit_entry force row level security;
  execute 'create policy owner on audit_entry to current_user using (true) with check (true)';
end
$$;
