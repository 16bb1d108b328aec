/**
 * SQL: what each node should have of each policy, and what it has: by the newest generation, and by the one that it has reported.
 * `enforced`: its rules there are what they should be, and the node doesn't say that it can't keep them. Whether their members are,
 * too, says `stalePolicies`.
 */
export const policyStanding = `
  select
    p.policy_id,
    s.node_id,
    p.revision,
    p.hash,
    p.applied_revision,
    p.applied_hash,
    s.generation,
    s.applied_generation,
    s.standing,
    s.since,
    (p.hash is not distinct from p.applied_hash
      and (s.standing <> 'FAILING' or s.error_generation > coalesce(s.applied_generation, 0))) as enforced
  from network.node_standing s
  cross join lateral (
    select
      w.key as policy_id,
      case when not w.gone then (w.value ->> 'revision')::integer end as revision,
      case when not w.gone then w.value ->> 'hash' end as hash,
      -- As the part is since then, or was: of one that went, what it was last; of one that changed, what was proven last.
      case
        when w.since > coalesce(s.applied_generation, 0) then null
        when w.gone and w.generation <= s.applied_generation then null
        when w.gone or w.generation <= s.applied_generation then (w.value ->> 'revision')::integer
        else e.revision
      end as applied_revision,
      case
        when w.since > coalesce(s.applied_generation, 0) then null
        when w.gone and w.generation <= s.applied_generation then null
        when w.gone or w.generation <= s.applied_generation then w.value ->> 'hash'
        else e.hash
      end as applied_hash
    from network.node_part w
    left join network.policy_enforced e on e.policy_id = w.key and e.node_id = w.node_id
    where w.node_id = s.node_id and w.list = 'policies'
      and (not w.gone or (w.since <= coalesce(s.applied_generation, 0) and w.generation > s.applied_generation))
  ) p`;

/**
 * SQL: policies with rules whose sets have other members by now than the nodes know, of those nodes that aren't current. `nodes`: a
 * query for their ids; each costs a look at all of its rules.
 */
export const stalePolicies = (nodes: string) => `
  select distinct c.node_id, r.rule ->> 'policyId' as policy_id
  from network.node_standing s
  join network.node_part t on t.node_id = s.node_id and t.list = 'sets'
    and t.generation > coalesce(s.applied_generation, 0)
  join network.node_part c on c.node_id = s.node_id and c.list = 'chains' and not c.gone
  cross join lateral jsonb_array_elements(c.value -> 'rules') r (rule)
  where s.standing <> 'CURRENT' and s.node_id in (${nodes}) and r.rule ->> 'set' = t.key`;
