/** Policies and environments as tables. */
import type {
  PlatformDefinition,
  PlatformPeer,
  PolicyDefinition,
  PolicyPeer,
  PolicySchedule,
  PolicyTier,
} from '@atoll/schema/network/spec';
import type { PoolClient } from 'pg';
import { because, type NetworkRecord } from './record.ts';

interface About {
  readonly kind: 'namespace' | 'environment' | 'service' | 'tenant' | 'all';
  readonly ref: string;
}

function aboutOf(peer: PolicyPeer | PlatformPeer): readonly About[] {
  switch (peer.kind) {
    case 'INSTANCES':
      return [{ kind: 'namespace', ref: peer.namespaceId }];
    case 'ENVIRONMENT':
      return [{ kind: 'environment', ref: peer.environmentId }];
    case 'SERVICE':
      return [{ kind: 'service', ref: peer.serviceId }];
    case 'TENANT':
      return [{ kind: 'tenant', ref: peer.tenantId }];
    case 'ALL':
      return [{ kind: 'all', ref: '' }];
    case 'CIDR':
      return [];
    default:
      return peer satisfies never;
  }
}

interface Written {
  readonly policyId: string;
  readonly tier: PolicyTier;
  /** Null for the platform's. */
  readonly namespaceId: string | null;
  readonly revision: number;
  readonly definition: PolicyDefinition | PlatformDefinition;
  readonly schedule: PolicySchedule | null;
  readonly active: boolean;
}

async function write(tx: PoolClient, record: NetworkRecord, written: Written): Promise<void> {
  const { policyId, tier, namespaceId, revision, definition, schedule, active } = written;
  await tx.query(
    `insert into network.policy
       (policy_id, tenant, tier, namespace_id, revision, priority, definition, schedule, active, cause, correlation, traceparent)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (policy_id) do update set
       revision = excluded.revision, priority = excluded.priority, definition = excluded.definition,
       schedule = excluded.schedule, active = excluded.active,
       cause = excluded.cause, correlation = excluded.correlation, traceparent = excluded.traceparent`,
    [
      ...[policyId, record.tenant, tier, namespaceId, revision, definition.priority, JSON.stringify(definition)],
      ...[schedule && JSON.stringify(schedule), active, ...because(record)],
    ],
  );
  const own: readonly About[] = namespaceId === null ? [] : [{ kind: 'namespace', ref: namespaceId }];
  await setAbout(tx, policyId, [...own, ...[...definition.from, ...definition.to].flatMap(aboutOf)]);
}

export function setPolicy(
  tx: PoolClient,
  record: NetworkRecord<'IsolationPolicyCreated' | 'IsolationPolicyUpdated'>,
): Promise<void> {
  const { policyId, namespaceId, revision, definition, schedule, active } = record.data;
  return write(tx, record, {
    ...{ policyId, tier: 'TENANT', namespaceId, revision, definition, schedule, active },
  } as const);
}

export function setPlatformPolicy(
  tx: PoolClient,
  record: NetworkRecord<'PlatformPolicyCreated' | 'PlatformPolicyUpdated'>,
): Promise<void> {
  const { platformPolicyId, revision, definition } = record.data;
  return write(tx, record, {
    ...{ policyId: platformPolicyId, tier: 'PLATFORM', namespaceId: null, revision, definition, schedule: null },
    active: true,
  } as const);
}

async function setAbout(tx: PoolClient, policyId: string, about: readonly About[]): Promise<void> {
  await tx.query('delete from network.policy_about where policy_id = $1', [policyId]);
  await tx.query(
    `insert into network.policy_about (policy_id, kind, ref)
     select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing`,
    [policyId, about.map(({ kind }) => kind), about.map(({ ref }) => ref)],
  );
}

export async function removePolicy(tx: PoolClient, policyId: string): Promise<void> {
  await tx.query('delete from network.policy where policy_id = $1', [policyId]);
  await tx.query('delete from network.policy_about where policy_id = $1', [policyId]);
  await tx.query('delete from network.policy_enforced where policy_id = $1', [policyId]);
}

export async function turnPolicy(
  tx: PoolClient,
  record: NetworkRecord<'PolicyActivated' | 'PolicyDeactivated'>,
): Promise<void> {
  const { policyId } = record.data;
  const revision = record.type === 'PolicyActivated' ? record.data.revision : null;
  await tx.query(
    `update network.policy set active = $2, revision = coalesce($3, revision), cause = $4, correlation = $5, traceparent = $6
     where policy_id = $1`,
    [policyId, record.type === 'PolicyActivated', revision, ...because(record)],
  );
}

export async function locateNamespace(tx: PoolClient, { data }: NetworkRecord<'NamespaceLocated'>): Promise<void> {
  await tx.query('update network.namespace set environment_id = $2, name = $3 where namespace_id = $1', [
    ...[data.namespaceId, data.environmentId, data.name],
  ]);
}
