/** Own facts as tables: one statement or two for each kind of event. */
import type { PoolClient } from 'pg';
import { applyAddresses, holdRanges, isAddressRecord, releaseRanges } from './addresses.ts';
import { announcedMappings } from './mappings.ts';
import { locateNamespace, removePolicy, setPlatformPolicy, setPolicy, turnPolicy } from './policies.ts';
import { because, type NetworkRecord } from './record.ts';
import { removeService, setService, setServing } from './service-tables.ts';
import { applyStanding, withdrawPolicy } from './standing.ts';
import { applySupply, isSupplyRecord } from './supply.ts';
import type { Touch } from './touch.ts';

async function setNamespace(tx: PoolClient, record: NetworkRecord<'NamespaceOpened' | 'NamespaceClosed'>) {
  const status = record.type === 'NamespaceOpened' ? 'open' : 'closed';
  const { environmentId, name } = record.type === 'NamespaceOpened' ? record.data : { environmentId: null, name: null };
  await tx.query(
    `insert into network.namespace
       (namespace_id, tenant, status, cause, correlation, traceparent, environment_id, name)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (namespace_id) do update set
       status = excluded.status, cause = excluded.cause, correlation = excluded.correlation,
       traceparent = excluded.traceparent`,
    [record.data.namespaceId, record.tenant, status, ...because(record), environmentId, name],
  );
}

async function forgetNamespace(tx: PoolClient, { data }: NetworkRecord<'NamespaceDrained'>) {
  await tx.query('delete from network.namespace where namespace_id = $1', [data.namespaceId]);
  await tx.query('delete from network.deploy_drained where namespace_id = $1', [data.namespaceId]);
  // Every node that reports has confirmed that its rules are gone: there is nobody left to tell of the others.
  for (const table of ['policy_withdrawal', 'policy_lag', 'namespace_supply']) {
    await tx.query(`delete from network.${table} where namespace_id = $1`, [data.namespaceId]);
  }
  await tx.query('delete from network.subnet_growth where namespace_id = $1', [data.namespaceId]);
}

async function addSubnet(tx: PoolClient, record: NetworkRecord<'SubnetAllocated'>) {
  const { data, tenant, position } = record;
  const { subnetId, namespaceId, ipv4, ipv6 } = data;
  await tx.query(
    `insert into network.subnet (subnet_id, tenant, namespace_id, ipv4, ipv6, position)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [subnetId, tenant, namespaceId, ipv4, ipv6, position],
  );
  await holdRanges(tx, [ipv4, ipv6], subnetId, record);
}

async function removeSubnet(tx: PoolClient, { data }: NetworkRecord<'SubnetReleased'>) {
  await tx.query('delete from network.address where subnet_id = $1', [data.subnetId]);
  await releaseRanges(tx, data.subnetId);
  await tx.query('delete from network.subnet where subnet_id = $1', [data.subnetId]);
}

async function refuseEndpoint(tx: PoolClient, record: NetworkRecord<'EndpointRefused'>) {
  const { instanceId, namespaceId, nodeId, message } = record.data;
  await tx.query(
    `insert into network.endpoint
       (instance_id, tenant, namespace_id, node_id, status, message, cause, correlation, traceparent)
     values ($1, $2, $3, $4, 'refused', $5, $6, $7, $8)
     on conflict (instance_id) do update set message = excluded.message`,
    [instanceId, record.tenant, namespaceId, nodeId, message, ...because(record)],
  );
}

async function allocateEndpoint(tx: PoolClient, record: NetworkRecord<'EndpointAllocated'>) {
  const { instanceId, namespaceId, nodeId, subnetId, ipv4, ipv6, labels } = record.data;
  await tx.query(
    `insert into network.endpoint
       (instance_id, tenant, namespace_id, node_id, status, subnet_id, ipv4, ipv6, labels, position,
        cause, correlation, traceparent)
     values ($1, $2, $3, $4, 'allocated', $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (instance_id) do update set
       status = excluded.status, message = null, subnet_id = excluded.subnet_id, ipv4 = excluded.ipv4,
       ipv6 = excluded.ipv6, labels = excluded.labels, position = excluded.position, cause = excluded.cause,
       correlation = excluded.correlation, traceparent = excluded.traceparent`,
    [
      instanceId,
      record.tenant,
      namespaceId,
      nodeId,
      subnetId,
      ipv4,
      ipv6,
      JSON.stringify(labels),
      record.position,
      ...because(record),
    ],
  );
  await tx.query(
    `insert into network.address (subnet_id, host, instance_id, held_at)
     select s.subnet_id, ($2::inet - host(network(s.ipv4::cidr))::inet)::integer, $3, $4
     from network.subnet s where s.subnet_id = $1
     on conflict (subnet_id, host) do update set
       instance_id = excluded.instance_id, held_at = excluded.held_at, released_position = null, released_at = null`,
    [subnetId, ipv4, instanceId, record.time],
  );
}

async function secureEndpoint(tx: PoolClient, { data }: NetworkRecord<'EndpointSecured'>) {
  await tx.query(`update network.endpoint set status = 'secured' where instance_id = $1 and status = 'allocated'`, [
    data.instanceId,
  ]);
}

async function releaseEndpoint(tx: PoolClient, { data, position, time }: NetworkRecord<'EndpointReleased'>) {
  await tx.query('delete from network.endpoint where instance_id = $1', [data.instanceId]);
  await tx.query(
    `update network.address set instance_id = null, released_position = $2, released_at = $3 where instance_id = $1`,
    [data.instanceId, position, time],
  );
}

async function enforcePolicy(tx: PoolClient, record: NetworkRecord<'PolicyEnforced' | 'PlatformPolicyEnforced'>) {
  const { data } = record;
  const policyId = record.type === 'PolicyEnforced' ? record.data.policyId : record.data.platformPolicyId;
  await tx.query(
    `insert into network.policy_enforced (policy_id, node_id, revision, enforced_at, first_enforced_at, hash)
     select policy_id, $2, $3, $4::timestamptz, $4::timestamptz, $5 from network.policy where policy_id = $1
     on conflict (policy_id, node_id) do update set
       hash = case when excluded.revision > policy_enforced.revision then excluded.hash else policy_enforced.hash end,
       revision = greatest(policy_enforced.revision, excluded.revision),
       enforced_at = case when excluded.revision > policy_enforced.revision
         then excluded.enforced_at else policy_enforced.enforced_at end,
       first_enforced_at = coalesce(policy_enforced.first_enforced_at, excluded.first_enforced_at)`,
    [policyId, data.nodeId, data.revision, data.enforcedAt, data.hash],
  );
}

async function setIsolated(
  tx: PoolClient,
  { data, type }: NetworkRecord<'TenantIsolated' | 'TenantReconnected' | 'TenantForgotten'>,
): Promise<void> {
  await tx.query(
    type === 'TenantIsolated'
      ? 'insert into network.isolated_tenant (tenant) values ($1) on conflict do nothing'
      : 'delete from network.isolated_tenant where tenant = $1',
    [data.tenantId],
  );
}

/** Answers with whether its address is another one than before. */
async function setNode(tx: PoolClient, record: NetworkRecord<'NodeAttached' | 'NodeDetached'>): Promise<boolean> {
  const { nodeId } = record.data;
  const address = record.type === 'NodeAttached' ? record.data.address : null;
  const { rows: known } = await tx.query<{ address: string }>('select address from network.node where node_id = $1', [
    nodeId,
  ]);
  if (record.type === 'NodeAttached') {
    const { port, mac, mtu } = record.data;
    await tx.query(
      `insert into network.node (node_id, address, port, mac, mtu, attached_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (node_id) do update set address = excluded.address, port = excluded.port, mac = excluded.mac,
         mtu = excluded.mtu, attached_at = excluded.attached_at`,
      [nodeId, address, port, mac, mtu, record.time],
    );
  } else {
    await tx.query('delete from network.node where node_id = $1', [nodeId]);
  }
  return (known[0]?.address ?? null) !== address;
}

function cameOrWent(record: NetworkRecord<'EndpointAllocated' | 'EndpointReleased'>): Touch {
  const { position, traceparent, tenant, data } = record;
  const { instanceId, namespaceId, nodeId } = data;
  return { kind: 'endpoint', position, traceparent, tenant, instanceId, namespaceId, nodeId, hosted: true };
}

/**
 * Writes the event's effect. Answers with what it may change in the lists of nodes' rules that aren't the compiler's; null for
 * nothing. `generation`: that those get whose rules change by it.
 */
export async function applyToTables(tx: PoolClient, record: NetworkRecord, generation: number): Promise<Touch | null> {
  const { position, traceparent } = record;
  if (isAddressRecord(record)) return applyAddresses(tx, record);
  if (isSupplyRecord(record)) return applySupply(tx, record);
  switch (record.type) {
    case 'NamespaceOpened':
    case 'NamespaceClosed':
      await setNamespace(tx, record);
      return null;
    case 'NamespaceDrained':
      await forgetNamespace(tx, record);
      return null;
    case 'SubnetAllocated':
      await addSubnet(tx, record);
      return null;
    case 'SubnetReleased':
      await removeSubnet(tx, record);
      return null;
    case 'EndpointRefused':
      await refuseEndpoint(tx, record);
      return null;
    case 'EndpointSecured':
      await secureEndpoint(tx, record);
      return null;
    case 'ServiceCreated':
      await setService(tx, record);
      return null;
    case 'ServiceUpdated':
    case 'ServiceDeleted':
      if (record.type === 'ServiceUpdated') await setService(tx, record);
      else await removeService(tx, record, generation);
      return {
        ...{ kind: 'mappings', position, traceparent },
        ...(await announcedMappings(tx, { service: record.data.serviceId })),
      };
    case 'EndpointServing':
    case 'EndpointWithdrawn':
    case 'EndpointDrained':
      await setServing(tx, record, generation);
      return null;
    case 'EndpointAllocated':
      await allocateEndpoint(tx, record);
      return cameOrWent(record);
    case 'EndpointReleased':
      await releaseEndpoint(tx, record);
      return cameOrWent(record);
    case 'IsolationPolicyCreated':
    case 'IsolationPolicyUpdated':
      await setPolicy(tx, record);
      return null;
    // What it has itself opens nothing.
    case 'IsolationPolicyLabelsSet':
    case 'ServiceLabelsSet':
      return null;
    case 'IsolationPolicyDeleted':
      await withdrawPolicy(tx, record);
      await removePolicy(tx, record.data.policyId);
      return null;
    case 'PlatformPolicyCreated':
    case 'PlatformPolicyUpdated':
      await setPlatformPolicy(tx, record);
      return null;
    case 'PlatformPolicyDeleted':
      await removePolicy(tx, record.data.platformPolicyId);
      return null;
    case 'PolicyActivated':
    case 'PolicyDeactivated':
      await turnPolicy(tx, record);
      return null;
    case 'NamespaceIsolationSet': {
      const { namespaceId, level } = record.data;
      await tx.query('update network.namespace set isolation = $2 where namespace_id = $1', [namespaceId, level]);
      return null;
    }
    case 'NamespaceLocated':
      await locateNamespace(tx, record);
      return { kind: 'located', position, traceparent, namespaceId: record.data.namespaceId };
    // They are marks of claims: what is in an environment, its namespaces tell.
    case 'EnvironmentOpened':
    case 'EnvironmentClosed':
      return null;
    case 'TenantIsolated':
    case 'TenantReconnected':
    case 'TenantForgotten':
      await setIsolated(tx, record);
      return {
        ...{ kind: 'mappings', position, traceparent },
        ...(await announcedMappings(tx, { tenant: record.data.tenantId })),
      };
    case 'NodeAttached':
    case 'NodeDetached':
      return { kind: 'node', position, traceparent, nodeId: record.data.nodeId, moved: await setNode(tx, record) };
    case 'NodeRulesLagging':
    case 'NodeRulesCaughtUp':
    case 'PolicyLagging':
    case 'PolicyCaughtUp':
      await applyStanding(tx, record);
      return null;
    case 'PolicyEnforced':
    case 'PlatformPolicyEnforced':
      await enforcePolicy(tx, record);
      return null;
    default:
      return record satisfies never;
  }
}
