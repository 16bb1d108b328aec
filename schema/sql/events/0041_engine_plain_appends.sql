-- Appends without claims, as columns: half the cost of the same as JSON.
--
-- Both procedures write what can be written by the rules of append_batch, under the same lock, and commit before they
-- answer. What they can't write, for whatever reason (a conflict, a key that was used, a stream of another tenant), they
-- leave as it was, and whoever called them asks write_batch, which says why. Procedures that commit can have no settings
-- of their own: these are made in the transaction and end with it, and the schema is spelled out.
do $do$
declare
  -- As in append_batch: lookups by index whatever the tables held when they were planned, and a bounded time. (Assignments
  -- are evaluated without a statement of their own.)
  begin_writing text := format($s$
      noted := set_config('lock_timeout', '5s', true);
      noted := pg_advisory_xact_lock(hashtext('atoll append'), hashtext(%1$L));
      noted := set_config('enable_seqscan', 'off', true);
      noted := set_config('enable_bitmapscan', 'off', true);
      noted := set_config('jit', 'off', true);
      if current_setting('server_version_num')::integer >= 170000 then
        noted := set_config('transaction_timeout', '10s', true);
      end if;
  $s$, current_schema());
begin
  -- One event of one command. `at_version` null: not written.
  execute format($f$
    create procedure write_one(
      of_stream text, expected integer, of_tenant text, of_key text, hash text, result text, id text, type text,
      schema_version integer, actor text, cause text, correlation text, traceparent text, data text,
      inout at_position bigint, inout at_version integer, inout at_time timestamptz
    )
    language plpgsql
    as $p$
    declare
      noted text;
      owner text;
    begin
      %2$s
      select coalesce(h.position, 0) + 1, greatest(h.time, date_trunc('milliseconds', clock_timestamp())),
          coalesce(s.version, 0) + 1, s.tenant
        into at_position, at_time, at_version, owner
        from (select 1) one
        left join lateral (
          select e.position, e.time from %1$I.event e order by e.position desc limit 1
        ) h on true
        left join lateral (
          select e.version, e.tenant from %1$I.event e where e.stream = of_stream order by e.version desc limit 1
        ) s on true;
      if owner <> of_tenant or expected >= 0 and expected <> at_version - 1 then
        at_version := null;
      elsif of_key is not null then
        insert into %1$I.idempotency values (of_tenant, of_key, hash, at_position, at_version, result::jsonb, at_time)
          on conflict do nothing;
        if not found then
          at_version := null;
        end if;
      end if;
      if at_version is not null then
        insert into %1$I.event values (
          at_position, id, type, schema_version, of_tenant, of_stream, at_version, at_time, actor, cause, correlation,
          traceparent, data::jsonb
        );
      end if;
      commit;
    end
    $p$
  $f$, current_schema(), begin_writing);

  -- Events of many commands, each on a stream and under a key of its own; those of one command stand together, the
  -- k-th of `size`. `rest` is a batch for append_batch, after them, or null. For each event its position and version come
  -- back, null: not written.
  execute format($f$
    create procedure write_events(
      streams text[], expecteds integer[], tenants text[], ks integer[], sizes integer[], keys text[], hashes text[],
      results text[], ids text[], types text[], schema_versions integer[], actors text[], causes text[],
      correlations text[], traceparents text[], datas text[], rest jsonb,
      inout positions bigint[], inout versions integer[], inout at_time timestamptz, inout outcomes json
    )
    language plpgsql
    as $p$
    declare
      noted text;
      head bigint;
    begin
      %2$s
      -- The plan for any number of events will do for this one.
      noted := set_config('plan_cache_mode', 'force_generic_plan', true);
      select e.position, e.time into head, at_time from %1$I.event e order by e.position desc limit 1;
      head := coalesce(head, 0);
      at_time := greatest(at_time, date_trunc('milliseconds', clock_timestamp()));

      select
          array_agg(case when j.granted then head + j.places end order by j.n),
          array_agg(j.version order by j.n)
        into positions, versions
        from (
          select g.*, count(*) filter (where g.granted) over (order by g.n) as places
          from (
            select
              u.n,
              coalesce(s.version, 0) + u.k as version,
              (s.tenant is null or s.tenant = u.tenant)
                and (u.expected < 0 or u.expected = coalesce(s.version, 0))
                and (u.key is null or (
                  select true from %1$I.idempotency i where i.tenant = u.tenant and i.key = u.key limit 1
                ) is null) as granted
            from unnest(streams, expecteds, tenants, ks, keys)
              with ordinality as u (stream, expected, tenant, k, key, n)
            left join lateral (
              select e.version, e.tenant from %1$I.event e where e.stream = u.stream order by e.version desc limit 1
            ) s on true
          ) g
        ) j;

      insert into %1$I.event
      select
        u.position, u.id, u.type, u.schema_version, u.tenant, u.stream, u.version, at_time, u.actor, u.cause,
        u.correlation, u.traceparent, u.data::jsonb
      from unnest(
        positions, ids, types, schema_versions, tenants, streams, versions, actors, causes, correlations, traceparents,
        datas
      ) as u (
        position, id, type, schema_version, tenant, stream, version, actor, cause, correlation, traceparent, data
      )
      where u.position is not null;

      if keys is not null then
        insert into %1$I.idempotency
        select u.tenant, u.key, u.hash, u.position, u.version, u.result::jsonb, at_time
        from unnest(positions, versions, tenants, keys, hashes, results, ks, sizes)
          as u (position, version, tenant, key, hash, result, k, size)
        where u.position is not null and u.key is not null and u.k = u.size;
      end if;

      if rest is not null then
        select json_agg(json_build_array(r.command, r.outcome, r.at_position, r.at_version, r.at_time, r.detail))
          into outcomes
          from %1$I.append_batch(rest) r;
      end if;
      commit;
    end
    $p$
  $f$, current_schema(), begin_writing);
end
$do$;
