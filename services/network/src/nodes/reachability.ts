/**
 * Which nodes are waited for. A node counts as reachable until it hasn't reported for a while; and not having listened
 * is no silence of the node, so the time is counted from the start of this process at the earliest.
 */
import type { Pool } from 'pg';

export interface Reachability {
  /** Since when this process listens, by the database's clock. */
  readonly since: Date;
  readonly silentAfterMs: number;
}

export async function listeningSince(db: Pool): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('select now() as now');
  return rows[0]?.now ?? new Date();
}

/** SQL: whether the node of a row of node_removal, under that alias, is reachable. */
export const reachable = (removal: string, since: string, silentAfterMs: string): string =>
  `greatest(
     coalesce((select p.reported_at from network.node_applied p where p.node_id = ${removal}.node_id), ${removal}.removed_at),
     ${since}::timestamptz
   ) > now() - ${silentAfterMs} * interval '1 millisecond'`;
