/** `plan_now` and `tenant_plan`: which tenants a plan has, and which of them haven't followed its newest change. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import type { EventStore } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { DEFAULT_PLAN } from '@atoll/schema/tenancy/plans';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';

export function startPlanTables(options: {
  store: EventStore;
  pool: Pool;
  schema: string;
  log: Logger;
  onChange: () => void;
}): Promise<Consumer> {
  const { store, onChange, ...rest } = options;
  return startConsumer({
    ...rest,
    name: 'plans',
    source: { kind: 'store', store },
    handler: { kind: 'project', apply, afterCommit: onChange },
  });
}

async function apply(tx: PoolClient, events: readonly EventRecord[]): Promise<void> {
  const plans = new Map<string, object>();
  const tenants = new Map<string, object>();
  const gone: string[] = [];
  for (const record of events) {
    const event = record as EventRecord & TenancyEvent;
    switch (event.type) {
      case 'PlanCreated':
      case 'PlanChanged': {
        const { planId: plan_id, revision } = event.data;
        const { id: cause, correlation, traceparent } = record;
        plans.set(plan_id, { plan_id, revision, cause, correlation, traceparent });
        break;
      }
      case 'TenantCreated': {
        const { tenantId: tenant } = event.data;
        tenants.set(tenant, { tenant, plan_id: DEFAULT_PLAN, plan_revision: -1, overrides: {} });
        break;
      }
      case 'EntitlementsChanged': {
        const { tenantId: tenant, planId: plan_id, planRevision: plan_revision, overrides } = event.data;
        tenants.set(tenant, { tenant, plan_id, plan_revision, overrides });
        break;
      }
      case 'TenantDeleted':
        tenants.delete(event.data.tenantId);
        gone.push(event.data.tenantId);
        break;
    }
  }
  if (plans.size > 0) {
    await tx.query(
      `insert into plan_now select * from json_populate_recordset(null::plan_now, $1)
       on conflict (plan_id) do update set revision = excluded.revision, cause = excluded.cause,
         correlation = excluded.correlation, traceparent = excluded.traceparent`,
      [JSON.stringify([...plans.values()])],
    );
  }
  if (gone.length > 0) await tx.query('delete from tenant_plan where tenant = any($1)', [gone]);
  if (tenants.size > 0) {
    await tx.query(
      `insert into tenant_plan (tenant, plan_id, plan_revision, overrides)
       select tenant, plan_id, plan_revision, overrides from json_populate_recordset(null::tenant_plan, $1)
       on conflict (tenant) do update set plan_id = excluded.plan_id, plan_revision = excluded.plan_revision,
         overrides = excluded.overrides`,
      [JSON.stringify([...tenants.values()])],
    );
  }
}

export interface Follower {
  readonly tenant: string;
  readonly plan_id: string;
  readonly plan_revision: number;
  readonly cause: string;
  readonly correlation: string;
  readonly traceparent: string | null;
}

/** Tenants that are behind their plan, those that are just being created left aside, after one of them, in a fixed order. */
export async function readBehind(pool: Pool, schema: string, after: string, most: number): Promise<Follower[]> {
  const { rows } = await pool.query<Follower>(
    `select t.tenant, t.plan_id, t.plan_revision, p.cause, p.correlation, p.traceparent
     from ${schema}.plan_now p join ${schema}.tenant_plan t on t.plan_id = p.plan_id and t.plan_revision < p.revision
     where t.tenant > $1 and (t.plan_revision >= 0 or t.since < now() - interval '10 seconds')
     order by t.tenant limit $2`,
    [after, most],
  );
  return rows;
}
