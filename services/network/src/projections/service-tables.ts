/** Services as tables, and which nodes an event about them touches. */
import type { PoolClient } from 'pg';
import { because, type NetworkRecord } from './record.ts';
import type { Touch } from './touch.ts';

export async function setService(
  tx: PoolClient,
  record: NetworkRecord<'ServiceCreated' | 'ServiceUpdated'>,
): Promise<void> {
  const { serviceId, namespaceId, spec } = record.data;
  const { selector, ports, affinitySeconds } = spec;
  const said = [serviceId, JSON.stringify(selector), JSON.stringify(ports), affinitySeconds, ...because(record)];
  if (record.type === 'ServiceUpdated') {
    await tx.query(
      `update network.service set selector = $2, ports = $3, affinity_seconds = $4, cause = $5, correlation = $6,
         traceparent = $7 where service_id = $1`,
      said,
    );
    return;
  }
  const { name, ipv4, ipv6 } = record.data;
  await tx.query(
    `insert into network.service
       (service_id, selector, ports, affinity_seconds, cause, correlation, traceparent, tenant, namespace_id, name, ipv4, ipv6)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
    [...said, record.tenant, namespaceId, name, ipv4, ipv6],
  );
  await tx.query(
    `insert into network.service_address (ipv4, ipv6, service_id) values ($1, $2, $3)
     on conflict (ipv4) do update set
       ipv6 = excluded.ipv6, service_id = excluded.service_id, released_position = null, released_at = null`,
    [ipv4, ipv6, serviceId],
  );
}

export async function removeService(tx: PoolClient, record: NetworkRecord<'ServiceDeleted'>): Promise<void> {
  await tx.query('delete from network.service where service_id = $1', [record.data.serviceId]);
  await tx.query(
    `update network.service_address set service_id = null, released_position = $2, released_at = $3
     where service_id = $1`,
    [record.data.serviceId, record.position, record.time],
  );
}

const servingOf = {
  EndpointServing: 'serving',
  EndpointWithdrawn: 'withdrawn',
  EndpointDrained: 'drained',
} as const;

export async function setServing(tx: PoolClient, record: NetworkRecord<keyof typeof servingOf>): Promise<void> {
  await tx.query('update network.endpoint set serving = $2, serving_position = $3 where instance_id = $1', [
    record.data.instanceId,
    servingOf[record.type],
    record.position,
  ]);
}

/**
 * What an event changes in the services and names of nodes: of all that have endpoints of the environment, for these may connect
 * to its services. Asked before the event's effect is written, so that what goes is still there.
 */
export async function serviceTouches(tx: PoolClient, record: NetworkRecord): Promise<Touch[]> {
  switch (record.type) {
    case 'ServiceCreated':
    case 'ServiceUpdated':
    case 'ServiceDeleted':
    case 'EndpointServing':
    case 'EndpointWithdrawn':
    case 'EndpointDrained':
      break;
    case 'EndpointReleased': {
      const { rowCount } = await tx.query(
        `select from network.endpoint where instance_id = $1 and serving <> 'never'`,
        [record.data.instanceId],
      );
      if (rowCount === 0) return [];
      break;
    }
    default:
      return [];
  }
  const { position, traceparent } = record;
  const { rows } = await tx.query<{ namespace_id: string }>(
    `select other.namespace_id from network.namespace own
     join network.namespace other
       on other.namespace_id = own.namespace_id or other.environment_id = own.environment_id
     where own.namespace_id = $1`,
    [record.data.namespaceId],
  );
  return [{ kind: 'policy', position, traceparent, namespaces: rows.map((row) => row.namespace_id) }];
}
