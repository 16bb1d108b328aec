-- Which tenant's entitlements come of which plan: projected from our own events, so that the tenants of a plan that was
-- changed are found. Decisions rest on streams and claims.
--
-- The search_path is the context's schema, so names stand without it.

create table plan_now (
  plan_id text collate "C" primary key,
  revision integer not null,
  -- Of its newest change, for what follows from it.
  cause text not null,
  correlation text not null,
  traceparent text
);

create table tenant_plan (
  tenant text collate "C" primary key,
  plan_id text collate "C" not null,
  -- Of the plan that its entitlements come of; -1 while it has none.
  plan_revision integer not null,
  overrides jsonb not null
);
create index tenant_plan_of_plan on tenant_plan (plan_id, plan_revision, tenant);
