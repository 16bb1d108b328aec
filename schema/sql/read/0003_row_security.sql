-- The third wall between tenants. Queries run as atoll_reader, which owns nothing, only selects, and sees only rows of
-- the tenant that the transaction names; '*' is the operator. Forced, so that not even the owner reads past a policy by
-- accident: it has one of its own.
--
-- The settings are read in a subquery, so that PostgreSQL reads them once per statement and not once per row.

do $$
declare
  name text;
begin
  execute format('grant usage on schema %I to atoll_reader', current_schema());
  foreach name in array array[
    'tenant', 'environment', 'namespace', 'subnet', 'deployment', 'release', 'rollout', 'instance',
    'isolation_policy', 'policy_receipt', 'compute_node', 'tenant_log', 'tenant_log_head'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
    execute format(
      'create policy reader on %I for select to atoll_reader using ('
      '  tenant_id = (select current_setting(''atoll.tenant'', true))'
      '  or (select current_setting(''atoll.tenant'', true)) = ''*'''
      ')',
      name
    );
    execute format('grant select on %I to atoll_reader', name);
  end loop;
  foreach name in array array['endpoint', 'member', 'service_account'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner on %I to current_user using (true) with check (true)', name);
  end loop;
end
$$;
