-- Answers under idempotency keys are kept for a while, not for ever.
create index idempotency_time on idempotency (time);

-- Forgets some answers that are older than `keep`, oldest first; returns how many. Never those that a reaction of this
-- context may still ask for: an event that is parked was tried shortly before it was parked, and may be retried.
create function forget_answers(keep interval, most integer) returns integer
language plpgsql
set search_path from current
set enable_seqscan = off
set jit = off
as $$
declare
  forgotten integer;
begin
  delete from idempotency i
  using (
    select o.tenant, o.key from idempotency o
    where o.time < least(
      now() - keep,
      coalesce((select min(p.parked_at) - interval '1 hour' from parked_event p), 'infinity')
    )
    order by o.time
    limit most
    -- Two processes at once share the work; an answer that is being read is left for the next time.
    for update skip locked
  ) old
  where i.tenant = old.tenant and i.key = old.key;
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
