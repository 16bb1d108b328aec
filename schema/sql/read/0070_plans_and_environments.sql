-- What the operator offers, what each tenant has of it, and what environments say of promotion and images.

create table plan (
  id text collate "C" primary key,
  -- Always `platform`.
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  status text not null,
  revision integer not null,
  version integer not null,
  limits json not null,
  capabilities json not null,
  points_per_minute integer not null,
  pools json not null,
  sla_classes json not null,
  created_at text collate "C" not null
);
create index plan_by_name on plan (name, id);

alter table plan enable row level security;
alter table plan force row level security;
create policy owner on plan to current_user using (true) with check (true);
create policy reader on plan for select to atoll_reader using (
  tenant_id = (select current_setting('atoll.tenant', true))
  or (select current_setting('atoll.tenant', true)) = '*'
);
grant select on plan to atoll_reader;

-- Until a tenant's first entitlements are told: those of a new platform's default plan.
alter table tenant add column plan json not null
  default '{"id": "plan_00000000000000000000000000", "name": "default", "revision": 0}';
alter table tenant add column entitlements json not null
  default '{"limits": {"namespaces": 50, "instances": 500, "cpuMillis": 64000, "memoryMiB": 131072, "storageMiB": 1048576, "subnets": 200, "publicIps": 20, "ports": 1000}, "capabilities": ["apiKeys", "customRoles", "imageRules", "logs", "ownIssuers", "probe", "promotionOrder", "serviceAccounts"], "pointsPerMinute": 20000000, "pools": [], "slaClasses": ["BEST_EFFORT", "STANDARD", "GUARANTEED"], "overrides": {"limits": [], "grant": [], "deny": [], "pointsPerMinute": null, "pools": null, "slaClasses": null}}';
alter table tenant add column capabilities json not null
  default '["apiKeys", "customRoles", "imageRules", "logs", "ownIssuers", "probe", "promotionOrder", "serviceAccounts"]';

alter table environment add column promotes_to json not null default '[]';
alter table environment add column image_rules json not null default '{"allowed": null, "promotedOnly": false}';
