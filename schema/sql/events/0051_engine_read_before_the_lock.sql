-- As before, with less to do while the log is locked: what is set is set before the lock is asked for, and the data of the
-- events comes as jsonb, so that it is read when the call arrives, beside the batch that is being written then.

drop procedure write_events(
  text[], integer[], text[], integer[], integer[], text[], text[], text[], text[], text[], integer[], text[], text[],
  text[], text[], text[], jsonb, bigint, timestamptz, integer[], bigint[], json
);

do $do$
declare
  -- As in append_batch: lookups by index whatever the tables held when they were planned, and a bounded time. The plan for
  -- any number of events will do for this one. (Assignments are evaluated without a statement of their own.)
  begin_writing text := format($s$
      noted := set_config('lock_timeout', '5s', true);
      noted := set_config('plan_cache_mode', 'force_generic_plan', true);
      noted := set_config('enable_seqscan', 'off', true);
      noted := set_config('enable_bitmapscan', 'off', true);
      noted := set_config('jit', 'off', true);
      if current_setting('server_version_num')::integer >= 170000 then
        noted := set_config('transaction_timeout', '10s', true);
      end if;
      noted := pg_advisory_xact_lock(hashtext('atoll append'), hashtext(%1$L));
  $s$, current_schema());
begin
  -- Events of many commands, each on a stream and under a key of its own; those of one command stand together, the
  -- k-th of `size`. `rest` is a batch for append_batch, after them, or null. Back come the position before the first, and
  -- for each event its version; where something wasn't written, for each event its position, too, null: not written.
  execute format($f$
    create procedure write_events(
      streams text[], expecteds integer[], tenants text[], ks integer[], sizes integer[], keys text[], hashes text[],
      results text[], ids text[], types text[], schema_versions integer[], actors text[], causes text[],
      correlations text[], traceparents text[], datas jsonb[], rest jsonb,
      inout head bigint, inout at_time timestamptz, inout versions integer[], inout positions bigint[],
      inout outcomes json
    )
    language plpgsql
    as $p$
    declare
      noted text;
    begin
      %2$s
      select e.position, e.time into head, at_time from %1$I.event e order by e.position desc limit 1;
      head := coalesce(head, 0);
      at_time := greatest(at_time, date_trunc('milliseconds', clock_timestamp()));

      with written as (
        insert into %1$I.event
        select
          head + j.place, ids[j.n], types[j.n], schema_versions[j.n], tenants[j.n], streams[j.n], j.version, at_time,
          actors[j.n], causes[j.n], correlations[j.n], traceparents[j.n], datas[j.n]
        from (
          select g.n, coalesce(s.version, 0) + ks[g.n] as version, row_number() over (order by g.n) as place
          from generate_series(1, cardinality(ids)) as g (n)
          left join lateral (
            select e.version, e.tenant from %1$I.event e where e.stream = streams[g.n] order by e.version desc limit 1
          ) s on true
          where (s.tenant is null or s.tenant = tenants[g.n])
            and (expecteds[g.n] < 0 or expecteds[g.n] = coalesce(s.version, 0))
            and (keys[g.n] is null or (
              select true from %1$I.idempotency i where i.tenant = tenants[g.n] and i.key = keys[g.n] limit 1
            ) is null)
        ) j
        returning position, version
      )
      select array_agg(w.version order by w.position) into versions from written w;

      if cardinality(versions) is distinct from cardinality(ids) then
        select array_agg(w.position order by g.n), array_agg(w.version order by g.n)
          into positions, versions
          from generate_series(1, cardinality(ids)) as g (n)
          left join lateral (
            select e.position, e.version from %1$I.event e where e.id = ids[g.n] limit 1
          ) w on true;
      end if;

      if keys is not null then
        insert into %1$I.idempotency
        select j.tenant, j.key, j.hash, j.position, j.version, j.result::jsonb, at_time
        from (
          select
            tenants[g.n] as tenant, keys[g.n] as key, hashes[g.n] as hash, results[g.n] as result,
            versions[g.n] as version, case when positions is null then head + g.n else positions[g.n] end as position
          from generate_series(1, cardinality(ids)) as g (n)
          where ks[g.n] = sizes[g.n] and keys[g.n] is not null
        ) j
        where j.position is not null;
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
