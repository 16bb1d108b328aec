/** What each tenant may hold: tenancy's word, kept here. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { type TenancyEvent, tenancyEvents } from '@atoll/schema/tenancy/events';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool, PoolClient } from 'pg';
import type { Amounts } from '../domain/holdings.ts';

export function startTenantLimits(options: {
  nc: NatsConnection;
  pool: Pool;
  schema: string;
  log: Logger;
}): Promise<Consumer> {
  return startConsumer({
    ...options,
    name: 'tenancy-limits',
    source: { kind: 'stream', nc: options.nc, context: 'tenancy', registry: tenancyEvents },
    handler: { kind: 'project', apply },
  });
}

async function apply(tx: PoolClient, events: readonly EventRecord[]): Promise<void> {
  const rows = new Map(
    (events as readonly (EventRecord & TenancyEvent)[]).flatMap((event) => {
      if (event.type !== 'TenantCreated') return [];
      const { tenantId, limits } = event.data;
      const { instances, cpuMillis, memoryMiB } = limits;
      return [[tenantId, { tenant: tenantId, instances, cpu_millis: cpuMillis, memory_mib: memoryMiB }]];
    }),
  );
  if (rows.size === 0) return;
  await tx.query(
    `insert into deploy.tenant_limits (tenant, instances, cpu_millis, memory_mib)
     select tenant, instances, cpu_millis, memory_mib
     from jsonb_to_recordset($1) as t (tenant text, instances bigint, cpu_millis bigint, memory_mib bigint)
     on conflict (tenant) do update set
       instances = excluded.instances, cpu_millis = excluded.cpu_millis, memory_mib = excluded.memory_mib`,
    [JSON.stringify([...rows.values()])],
  );
}

/** Null for a tenant that isn't known here (yet). */
export async function readLimits(pool: Pool, tenant: Id<'tenant'>): Promise<Amounts | null> {
  const { rows } = await pool.query<{ instances: number; cpu_millis: number; memory_mib: number }>({
    name: 'deploy-read-limits',
    text: 'select instances, cpu_millis, memory_mib from deploy.tenant_limits where tenant = $1',
    values: [tenant],
  });
  const row = rows[0];
  return row ? { instances: row.instances, cpuMillis: row.cpu_millis, memoryMiB: row.memory_mib } : null;
}
