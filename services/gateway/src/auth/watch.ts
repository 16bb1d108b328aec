/**
 * Keeps what is remembered of viewers true: gateways tell each other whose rules have changed, and each looks for itself
 * every second, so that a lost word costs a second.
 */
import { accessSubject } from '@atoll/schema/subjects';
import { startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { Viewers } from './viewers.ts';

const lookMs = 1000;
/** More changes than this in one look: forgetting everything is less work. */
const pageSize = 1000;

const changesSql = {
  name: 'access_changes',
  text: 'select tenant_id, seq from read.access_change where seq > $1 order by seq limit $2',
};
const newestSql = { name: 'access_newest', text: 'select coalesce(max(seq), 0) as seq from read.access_change' };

export function tellAccess(nc: NatsConnection, tenants: ReadonlySet<string>): void {
  for (const tenant of tenants) nc.publish(accessSubject(tenant), '');
}

export function watchAccess(options: {
  pool: Pool;
  nc: NatsConnection;
  viewers: Viewers;
  /** All that is remembered of a tenant, the viewers included. */
  believed: readonly Pick<Viewers, 'forget' | 'forgetAll'>[];
  log: Logger;
}): {
  stop(): Promise<void>;
} {
  const { pool, nc, viewers, believed, log } = options;
  const forget = (tenant: string) => {
    for (const one of believed) one.forget(tenant);
  };
  let seen: number | null = null;

  const subscription = nc.subscribe(accessSubject('*'), {
    callback(error, message) {
      const tenant = message?.subject.split('.')[1];
      if (error || tenant === undefined) return;
      forget(tenant);
    },
  });

  async function look(): Promise<void> {
    const at = performance.now();
    if (seen === null) {
      const { rows } = await pool.query<{ seq: string }>(newestSql);
      seen = Number(rows[0]?.seq ?? 0);
      for (const one of believed) one.forgetAll();
    } else {
      const { rows } = await pool.query<{ tenant_id: string; seq: string }>({
        ...changesSql,
        values: [seen, pageSize],
      });
      if (rows.length === pageSize) {
        seen = null;
        return await look();
      }
      for (const { tenant_id } of rows) forget(tenant_id);
      seen = Number(rows.at(-1)?.seq ?? seen);
    }
    viewers.looked(at);
  }

  const looking = startController({ name: 'access-changes', resyncMs: lookMs, log, reconcile: look });
  return {
    async stop() {
      subscription.unsubscribe();
      await looking.stop();
    },
  };
}
