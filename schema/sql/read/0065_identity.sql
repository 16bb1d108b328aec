-- Issuers, API keys, invitations; service accounts as queries see them. Hashes of secrets stand in tables of their own,
-- which queries don't reach.

create table service_account_secret (
  -- The service account's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  -- [{hash: SHA-256 in hex, expiresAt}], the newest first.
  secrets json not null
);
insert into service_account_secret (id, tenant_id, secrets)
  select id, tenant_id, json_build_array(json_build_object('hash', secret_hash, 'expiresAt', null)) from service_account;

alter table service_account
  drop column secret_hash,
  add column status text not null default 'ACTIVE',
  -- Until the read models are made again, which follows at once.
  add column created_at text collate "C" not null default '1970-01-01T00:00:00.000Z',
  -- As the API spells it; null where only bindings say what it may do.
  add column shown_role text generated always as (upper(role)) stored;
create index service_account_of_tenant on service_account (tenant_id, name, id);

create table issuer (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  url text collate "C" not null,
  audience text collate "C" not null,
  algorithms json not null,
  token_types text not null,
  claims json not null,
  group_roles json not null,
  created_at text collate "C" not null,
  version integer not null
);
create index issuer_of_tenant on issuer (tenant_id, name, id);
create index issuer_by_url on issuer (url, audience, tenant_id);

create table api_key (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  -- The owner: a member's subject or a service account's id.
  subject text collate "C" not null,
  prefix text not null,
  scopes json,
  created_at text collate "C" not null,
  expires_at text collate "C",
  revoked_at text collate "C"
);
create index api_key_of_tenant on api_key (tenant_id, created_at, id);

create table api_key_secret (
  -- The key's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  -- SHA-256, in hex.
  hash text not null
);

create table invitation (
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  role text not null,
  label text,
  email text,
  status text not null,
  invited_by text not null,
  created_at text collate "C" not null,
  expires_at text collate "C" not null,
  ended_at text collate "C",
  member_id text collate "C"
);
create index invitation_of_tenant on invitation (tenant_id, created_at, id);

-- When a credential was last used, to the minute. Told by the gateways; not made again with the read models.
create table credential_use (
  -- The API key's or service account's id.
  id text collate "C" primary key,
  tenant_id text collate "C" not null,
  last_used_at text collate "C" not null
);

-- The last good keys of each issuer, so that tokens pass when it is down while a gateway starts. Public, of no tenant.
create table issuer_keys (
  url text collate "C" primary key,
  jwks json not null,
  jwks_uri text not null,
  fetched_at timestamptz not null
);

do $$
declare
  name text;
begin
  foreach name in array array['service_account', 'issuer', 'api_key', 'invitation', 'credential_use'] loop
    if name <> 'service_account' then
      execute format('alter table %I enable row level security', name);
      execute format('alter table %I force row level security', name);
      execute format('create policy owner on %I to current_user using (true) with check (true)', name);
    end if;
    execute format(
      'create policy reader on %I for select to atoll_reader using ('
      '  tenant_id = (select current_setting(''atoll.tenant'', true))'
      '  or (select current_setting(''atoll.tenant'', true)) = ''*'''
      ')',
      name
    );
    execute format('grant select on %I to atoll_reader', name);
  end loop;
  foreach name in array array['service_account_secret', 'api_key_secret', 'issuer_keys'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
  end loop;
end
$$;
