/** The statement that somebody would write by hand for the one question of the bench. */
export const byHand = `
  select json_build_object('data', json_build_object('namespace', (
    select json_build_object('deployments', json_build_object('nodes', coalesce((
      select json_agg(json_build_object(
        'id', d.id,
        'name', d.name,
        'status', d.status,
        'replicas', d.replicas,
        'readyReplicas', d.ready_replicas,
        'currentRelease', (
          select json_build_object('number', r.number, 'image', r.image) from read.release r
          where r.id = d.current_release_id
        ),
        'instances', json_build_object('nodes', coalesce((
          select json_agg(json_build_object('id', i.id, 'status', i.status, 'ipv4', i.ipv4, 'createdAt', i.created_at))
          from (
            select id, status, ipv4, created_at from read.instance
            where deployment_id = d.id order by created_at desc, id desc limit 3
          ) i
        ), '[]'::json))
      ))
      from (
        select id, name, status, replicas, ready_replicas, current_release_id from read.deployment
        where namespace_id = n.id order by name, id limit 20
      ) d
    ), '[]'::json)))
    from read.namespace n where n.id = $1
  )))::text as body`;
