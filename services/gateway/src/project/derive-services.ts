/** Which instances are behind which services, of what is known of both now. */
import type { PoolClient } from 'pg';
import type { Changes } from './effects.ts';

const names = `
  update service s set dns_name = s.name || '.' || n.name || '.atoll.internal'
  from namespace n where n.id = s.namespace_id and (s.id = any($1) or n.id = any($2))`;

const write = (which: string) => `
  insert into service_endpoint (id, tenant_id, service_id, instance_id, ipv4, ipv6, ready)
  select s.id || '.' || e.id, s.tenant_id, s.id, e.id, e.ipv4, e.ipv6, e.serving
  from service s join endpoint e
    on e.namespace_id = s.namespace_id and e.tenant_id = s.tenant_id and e.labels @> s.selector_labels
  where ${which} and e.serving is not null and e.ipv4 is not null
  on conflict (id) do update set ready = excluded.ready, ipv4 = excluded.ipv4, ipv6 = excluded.ipv6`;

export async function deriveServices(tx: PoolClient, derived: Changes['derived']): Promise<void> {
  const { service, serviceEndpoint, namespace } = derived;
  if (service.length + namespace.length > 0) await tx.query(names, [service, namespace]);
  if (service.length > 0) {
    await tx.query('delete from service_endpoint where service_id = any($1)', [service]);
    await tx.query(write('s.id = any($1)'), [service]);
  }
  if (serviceEndpoint.length > 0) {
    await tx.query('delete from service_endpoint where instance_id = any($1)', [serviceEndpoint]);
    await tx.query(write('e.id = any($1)'), [serviceEndpoint]);
  }
}
