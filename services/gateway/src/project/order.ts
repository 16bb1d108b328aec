/**
 * No tenant is told of an effect before its cause. Each context comes in its own order, but two contexts may come at
 * different speeds: an address could be told before the instance that it is for. So the events of one context wait until
 * what they follow from in another one is projected: the event that is their cause and, before a container is told to
 * have started, the rules that it had to wait for.
 *
 * It can't lock up: what an event follows from was committed before it, so two contexts never wait for each other. It is
 * bounded all the same: where a cause never comes (it was parked), its effects are told late rather than never.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { Logger } from '@atoll/service/log';
import type { PoolClient } from 'pg';

const PATIENCE_MS = 2000;
const PAUSE_MS = 10;

const missingSql = `
  select 'cause ' || cause as missing from unnest($1::text[]) as cause
  where not exists(select from read.tenant_log told where told.event_id = cause)
  union all
  select 'rules of ' || instance from unnest($2::text[]) as instance
  where not exists(select from read.endpoint e where e.id = instance and e.secured_at is not null)
  limit 10`;

export interface Needs {
  /** Ids of events. */
  readonly causes: readonly string[];
  /** Ids of instances whose rules must be known to be in force. */
  readonly secured: readonly string[];
}

/** What a batch of one context needs of the others. Pure. */
export function needsOf(events: readonly EventRecord[]): Needs {
  const own = new Set<string>(events.map((event) => event.id));
  const causes = events.flatMap(({ cause }) => (cause === null || own.has(cause) ? [] : [cause]));
  const secured = events.flatMap(({ context, type, data }) => {
    if (context !== 'deploy' || type !== 'InstanceStarted' || typeof data !== 'object' || data === null) return [];
    const instanceId: unknown = Reflect.get(data, 'instanceId');
    return typeof instanceId === 'string' ? [instanceId] : [];
  });
  return { causes: [...new Set(causes)], secured: [...new Set(secured)] };
}

/** Resolves once all of it is projected, or nobody should wait any longer. `tx` must see what others commit. */
export async function waitForCauses(tx: PoolClient, events: readonly EventRecord[], log: Logger): Promise<void> {
  const { causes, secured } = needsOf(events);
  if (causes.length === 0 && secured.length === 0) return;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await tx.query<{ missing: string }>(missingSql, [causes, secured]);
    if (rows.length === 0) return;
    if (Date.now() >= deadline) {
      log.warn({ missing: rows.map((row) => row.missing) }, 'events are told before what they follow from');
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
