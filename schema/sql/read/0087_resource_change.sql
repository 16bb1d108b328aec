-- What each resource was after every event that changed it: its timeline, and what it was at any time. Made from the
-- events as the rows of the API are, and made again with them. Secrets and personal data are not in it, and what is
-- derived from several resources isn't either.

create table resource_change (
  -- Of the resource.
  id text collate "C" not null,
  -- The table of the read model, which stands for the kind of resource.
  kind text collate "C" not null,
  -- 1 for the first, contiguous.
  change integer not null,
  -- Whose the resource is.
  tenant_id text collate "C" not null,
  event_id text collate "C" not null,
  type text not null,
  time text collate "C" not null,
  actor text not null,
  cause text,
  correlation text not null,
  -- All of it after the event; null where it is gone.
  state json,
  -- The fields that differ, as they were and as they are; null where it wasn't there, or is gone.
  before json,
  after json,
  primary key (id, kind, change)
);

do $$
begin
  alter table resource_change enable row level security;
  alter table resource_change force row level security;
  execute 'create policy owner on resource_change to current_user using (true) with check (true)';
end
$$;
create policy reader on resource_change for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on resource_change to atoll_reader;
