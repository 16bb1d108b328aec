/**
 * SQL: what each node should have of each policy, and what it has: by the newest generation, and by the one that it has reported.
 * `enforced`: what it has is what it should have, and it doesn't say that it can't keep it.
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
      coalesce(w."policyId", a."policyId") as policy_id,
      w.revision,
      w.hash,
      a.revision as applied_revision,
      a.hash as applied_hash
    from (
      select r.* from network.node_generation g, jsonb_to_recordset(g.policies) as r ("policyId" text, revision integer, hash text)
      where g.node_id = s.node_id and g.generation = s.generation
    ) w
    full join (
      select r.* from network.node_generation g, jsonb_to_recordset(g.policies) as r ("policyId" text, revision integer, hash text)
      where g.node_id = s.node_id and g.generation = s.applied_generation
    ) a on a."policyId" = w."policyId"
  ) p`;
