/** Entries whose outcome is known, on their way into the log: taken and told in one transaction, and so once. */
import type { PoolClient } from 'pg';
import type { LogEntry } from '../project/log-entry.ts';
import type { Entry, Outcome } from './entry.ts';

/** The rest comes with the next turn. */
const maxAtOnce = 2000;

const takeSql = {
  name: 'audit_take_decided',
  text: `
    delete from read.audit_entry where id in (
      select id from read.audit_entry where outcome is not null order by id limit ${maxAtOnce}
    )
    returning id, tenant_id as tenant, correlation, told, outcome`,
};

interface Decided extends Pick<Entry, 'id' | 'tenant' | 'correlation'> {
  readonly told: {
    readonly actor: string;
    readonly resource_id: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
  readonly outcome: Outcome;
}

/** Whoever calls holds the lock of the projections, and appends them in the same transaction. */
export async function takeDecided(tx: PoolClient): Promise<readonly LogEntry[]> {
  const { rows } = await tx.query<Decided>(takeSql);
  return rows
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, tenant, correlation, told, outcome }) => ({
      ...{ tenant_id: tenant, event_id: id, type: outcome.type, resource_id: told.resource_id, time: outcome.time },
      ...{ actor: told.actor, cause: null, correlation, traceparent: null },
      data: { ...told.data, ...outcome.data },
      changes: null,
    }));
}
