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
       ipv6 = excluded.ipv6, service_id = excluded.service_id, released_generation = null, released_at = null`,
    [ipv4, ipv6, serviceId],
  );
}

/** `generation`: from that on nodes' rules don't have it. */
export async function removeService(
  tx: PoolClient,
  record: NetworkRecord<'ServiceDeleted'>,
  generation: number,
): Promise<void> {
  await tx.query('delete from network.service where service_id = $1', [record.data.serviceId]);
  await tx.query(
    `update network.service_address set service_id = null, released_generation = $2, released_at = $3
     where service_id = $1`,
    [record.data.serviceId, generation, record.time],
  );
}

const servingOf = {
  EndpointServing: 'serving',
  EndpointWithdrawn: 'withdrawn',
  EndpointDrained: 'drained',
} as const;

/** `generation`: from that on nodes' rules say so. */
export async function setServing(
  tx: PoolClient,
  record: NetworkRecord<keyof typeof servingOf>,
  generation: number,
): Promise<void> {
  await tx.query('update network.endpoint set serving = $2, serving_generation = $3 where instance_id = $1', [
    record.data.instanceId,
    servingOf[record.type],
    generation,
  ]);
}

/** Those of its namespace that select the endpoint. */
async function selecting(tx: PoolClient, instanceId: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select s.service_id as id from network.endpoint e
     join network.service s on s.namespace_id = e.namespace_id and e.labels @> s.selector
     where e.instance_id = $1`,
    [instanceId],
  );
  return rows.map((row) => row.id);
}

/**
 * What an event changes in the services and names of nodes: of all that have endpoints of the environment, for these may connect
 * to its services. Asked before the event's effect is written, so that what goes is still there.
 */
export async function serviceTouches(tx: PoolClient, record: NetworkRecord): Promise<Touch[]> {
  const { position, traceparent } = record;
  switch (record.type) {
    case 'ServiceCreated':
    case 'ServiceUpdated':
    case 'ServiceDeleted': {
      const { serviceId, namespaceId } = record.data;
      return [{ kind: 'services', position, traceparent, namespaceId, serviceIds: [serviceId], named: true }];
    }
    case 'EndpointServing':
    case 'EndpointWithdrawn':
    case 'EndpointDrained':
    case 'EndpointReleased': {
      const { instanceId, namespaceId } = record.data;
      const { rows } = await tx.query<{ nodeId: string }>(
        `select node_id as "nodeId" from network.endpoint where instance_id = $1 and (serving <> 'never' or $2)`,
        [instanceId, record.type !== 'EndpointReleased'],
      );
      const [there] = rows;
      if (there === undefined) return [];
      const serviceIds = await selecting(tx, instanceId);
      const own = { instanceId, namespaceId, nodeId: there.nodeId, tenant: record.tenant, hosted: false };
      return [
        { kind: 'services', position, traceparent, namespaceId, serviceIds, named: false },
        { kind: 'endpoint', position, traceparent, ...own },
      ];
    }
    default:
      return [];
  }
}
