/**
 * What is shown of a row and told by more than one event or context: worked out from all that is known of it now, so
 * that it doesn't matter which came first. Runs after the batch is written; the batches of all contexts take turns.
 * Tables are named without schema: a rebuild lets the same statements work on a new version of them.
 */
import type { PoolClient } from 'pg';
import { deriveBatches } from './derive-batches.ts';
import { deriveQuotas } from './derive-quotas.ts';
import { deriveServices } from './derive-services.ts';
import type { Changes } from './effects.ts';

const namespaces = `
  update namespace n set status = case
    when n.deleting then 'DELETING'
    when exists(select from subnet s where s.namespace_id = n.id) then 'ACTIVE'
    else 'PENDING'
  end,
  isolation_level = coalesce((select i.level from namespace_isolation i where i.id = n.id), 'RULE'),
  address_supply = coalesce((select s.supply from namespace_supply s where s.id = n.id), 'ENOUGH')
  where n.id = any($1)`;

const instances = `
  update instance i set
    ipv4 = e.ipv4,
    ipv6 = e.ipv6,
    secured_at = e.secured_at,
    status = case
      when i.state <> 'PLACED' then i.state
      when e.secured_at is not null then 'SECURED'
      when e.ipv4 is not null then 'ADDRESSED'
      when e.refusal is not null then 'WAITING'
      else 'PLACED'
    end,
    status_reason = case when i.state = 'PLACED' and e.refusal is not null then 'ADDRESS_REFUSED' else i.state_reason end,
    status_message = case when i.state = 'PLACED' then e.refusal else i.state_message end
  from (select id.value as id, endpoint.* from unnest($1::text[]) id(value) left join endpoint on endpoint.id = id.value) e
    (wanted, id, tenant_id, ipv4, ipv6, secured_at, refusal)
  where i.id = e.wanted
  returning i.deployment_id`;

const deployments = `
  update deployment d set
    ready_replicas = f.ready,
    status = case
      when d.deleting then 'DELETING'
      when d.rollout_standing = 'FAILED' then 'FAILED'
      when d.blocked_message is not null then 'BLOCKED'
      when d.rollout_standing is not null then d.rollout_standing
      when d.rolling_out or f.ready <> d.replicas or f.instances <> d.replicas then 'PROGRESSING'
      else 'STEADY'
    end,
    status_message = case
      when d.deleting then null
      when d.rollout_standing = 'FAILED' then d.rollout_message
      else d.blocked_message
    end
  from (
    select d.id,
      count(i.id)::integer as instances,
      (count(i.id) filter (where i.status = 'READY' and i.release_id = d.current_release_id))::integer as ready
    from deployment d left join instance i on i.deployment_id = d.id
    where d.id = any($1)
    group by d.id
  ) f
  where d.id = f.id`;

const computeNodes = `
  update compute_node n set instances = (select count(*) from instance i where i.node_id = n.id) where n.id = any($1)`;

/** Of all ranges of a purpose and family, whichever came when. */
const addressPools = `
  update address_range r set supply = coalesce((select p.supply from pool_supply p where p.id = of.pool), 'ENOUGH')
  from (
    select id, purpose || case when strpos(cidr, ':') > 0 then ' IPV6' else ' IPV4' end as pool from address_range
  ) of
  where of.id = r.id and of.pool = any($1)`;

export async function deriveRows(tx: PoolClient, derived: Changes['derived']): Promise<void> {
  if (derived.namespace.length > 0) await tx.query(namespaces, [derived.namespace]);
  const touched = new Set(derived.deployment);
  if (derived.instance.length > 0) {
    const { rows } = await tx.query<{ deployment_id: string }>(instances, [derived.instance]);
    for (const row of rows) touched.add(row.deployment_id);
  }
  if (touched.size > 0) await tx.query(deployments, [[...touched]]);
  if (derived.computeNode.length > 0) await tx.query(computeNodes, [derived.computeNode]);
  if (derived.addressPool.length > 0) await tx.query(addressPools, [derived.addressPool]);
  await deriveServices(tx, derived);
  await deriveQuotas(tx, derived);
  await deriveBatches(tx, derived);
}
