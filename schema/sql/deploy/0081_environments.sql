-- Environments whose image rules are known here, until they are gone. The rebuild of these tables fills it in.
create table environment (
  environment_id text primary key,
  tenant text not null
);
create index environment_tenant on environment (tenant);
