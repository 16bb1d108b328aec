/**
 * What is gone from the rules of nodes is kept for those that have yet to hear of it, and forgotten some time after. A node that
 * was silent for longer is given everything when it is back. While one that reports may still have an address, that stays known.
 */
import type { Pool } from 'pg';
import type { Reachability } from '../nodes/reachability.ts';

const keptMs = 3_600_000;
const perRun = 5000;

export interface ForgettingOptions {
  readonly db: Pool;
  readonly reachability: Reachability;
  readonly keptMs?: number;
}

/** SQL: the node of the row has reported lately. */
const reports = `greatest(a.reported_at, $3::timestamptz) > now() - $4 * interval '1 millisecond'`;

const members = `
  with old as (
    select m.set_name, m.member, m.generation from network.set_member m
    where m.gone and m.changed_at < now() - $1 * interval '1 millisecond'
      and not exists (
        select from network.node_part p join network.node_applied a using (node_id)
        where p.list = 'sets' and p.key = m.set_name and coalesce(a.generation, 0) < m.generation and ${reports}
      )
    order by m.changed_at limit $2
  ), behind as (
    select p.node_id, max(o.generation) as generation
    from old o join network.node_part p on p.list = 'sets' and p.key = o.set_name
    left join network.node_applied a using (node_id)
    where coalesce(a.generation, 0) < o.generation group by p.node_id
  ), raised as (
    update network.node_document d set floor = greatest(d.floor, b.generation) from behind b where d.node_id = b.node_id
  )
  delete from network.set_member m using old o where m.set_name = o.set_name and m.member = o.member`;

const parts = `
  with old as (
    select p.node_id, p.list, p.key, p.generation, coalesce(a.generation, 0) < p.generation as unheard
    from network.node_part p left join network.node_applied a using (node_id)
    where p.gone and p.changed_at < now() - $1 * interval '1 millisecond'
      and not (coalesce(a.generation, 0) < p.generation and coalesce(${reports}, false))
    order by p.changed_at limit $2
  ), behind as (
    select node_id, max(generation) as generation from old where unheard group by node_id
  ), raised as (
    update network.node_document d set floor = greatest(d.floor, b.generation) from behind b where d.node_id = b.node_id
  )
  delete from network.node_part p using old o where p.node_id = o.node_id and p.list = o.list and p.key = o.key`;

export async function forgetGone({ db, reachability, ...options }: ForgettingOptions): Promise<void> {
  const values = [options.keptMs ?? keptMs, perRun, reachability.since, reachability.silentAfterMs];
  const tx = await db.connect();
  let broken = true;
  try {
    await tx.query('begin');
    // Nothing is compiled meanwhile.
    await tx.query('select from network.compile_state for update');
    await tx.query(members, values);
    await tx.query(parts, values);
    await tx.query('commit');
    broken = false;
  } finally {
    tx.release(broken);
  }
}
