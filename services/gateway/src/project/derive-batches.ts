/** How far batches are: counted from their deployments. */
import type { PoolClient } from 'pg';
import type { Changes } from './effects.ts';

/** A batch that was cancelled begins with no more. */
const skipped = `
  update batch_item i set status = 'SKIPPED' from batch b
  where b.id = i.batch_id and b.id = any($1) and b.status = 'CANCELLED' and i.status = 'WAITING'`;

const counts = `
  update batch b set
    waiting = f.waiting, running = f.running, succeeded = f.succeeded, unchanged = f.unchanged, failed = f.failed,
    skipped = f.skipped, waves = f.waves,
    status = case when b.ended_at is not null and b.status <> 'CANCELLED' then 'COMPLETED' else b.status end
  from (
    select w.batch_id,
      sum(w.waiting)::integer as waiting, sum(w.running)::integer as running, sum(w.succeeded)::integer as succeeded,
      sum(w.unchanged)::integer as unchanged, sum(w.failed)::integer as failed, sum(w.skipped)::integer as skipped,
      json_agg(json_build_object(
        'number', w.wave,
        'status', case
          when w.waiting + w.running = 0 then 'DONE'
          when w.running > 0 or w.waiting < w.size then 'RUNNING'
          else 'WAITING'
        end,
        'size', w.size, 'waiting', w.waiting, 'running', w.running, 'succeeded', w.succeeded, 'unchanged', w.unchanged,
        'failed', w.failed, 'skipped', w.skipped
      ) order by w.wave) as waves
    from (
      select batch_id, wave, count(*)::integer as size,
        (count(*) filter (where status = 'WAITING'))::integer as waiting,
        (count(*) filter (where status = 'RUNNING'))::integer as running,
        (count(*) filter (where status = 'SUCCEEDED'))::integer as succeeded,
        (count(*) filter (where status = 'UNCHANGED'))::integer as unchanged,
        (count(*) filter (where status = 'FAILED'))::integer as failed,
        (count(*) filter (where status = 'SKIPPED'))::integer as skipped
      from batch_item where batch_id = any($1) group by batch_id, wave
    ) w
    group by w.batch_id
  ) f
  where f.batch_id = b.id`;

export async function deriveBatches(tx: PoolClient, { batch }: Changes['derived']): Promise<void> {
  if (batch.length === 0) return;
  await tx.query(skipped, [batch]);
  await tx.query(counts, [batch]);
}
