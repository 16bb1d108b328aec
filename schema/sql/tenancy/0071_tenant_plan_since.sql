-- A tenant gets its first entitlements from the command that creates it; only where that died they follow from here.
alter table tenant_plan add column since timestamptz not null default now();
