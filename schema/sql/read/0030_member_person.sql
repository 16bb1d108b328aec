-- Members can be read by queries now, with what is known of the person until it is erased.

alter table member
  add column display_name text,
  add column email text,
  -- When display_name and email were erased; they are null from then on.
  add column erased_at text collate "C",
  -- As the API spells it; the gateway's own look-ups compare the other.
  add column shown_role text not null generated always as (upper(role)) stored;
-- The unique (tenant_id, subject) is the order of pages, but for the id behind it, which decides nothing there.

create policy reader on member for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on member to atoll_reader;
