/**
 * Turns policies on and off as their schedules say. Level-triggered: each run compares what every schedule says of this moment
 * with what is so, so a restart, a missed moment and a clock that jumps, forwards or backwards, are the same as any other run.
 * The moment is the database's, so processes agree; where two act at once, the policy's own stream lets one do it.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { PolicySchedule } from '@atoll/schema/network/spec';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import { policy, policyStream } from '../domain/policy.ts';
import { activeAt } from '../domain/schedule.ts';
import { type Because, originBecauseOf } from '../origin.ts';

const pageSize = 1000;

interface Scheduled extends Because {
  readonly policyId: Id<'policy'>;
  readonly schedule: PolicySchedule;
  readonly active: boolean;
}

async function readScheduled(db: Pool, after: string): Promise<Scheduled[]> {
  const { rows } = await db.query<Scheduled>(
    `select policy_id as "policyId", schedule, active, tenant, cause, correlation, traceparent
     from network.policy where schedule is not null and policy_id > $1 order by policy_id limit ${pageSize}`,
    [after],
  );
  return rows;
}

export async function keepPolicyTimes(options: {
  readonly db: Pool;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<void> {
  const { db, store, clock, log } = options;
  const now = await clock();
  const faults: unknown[] = [];
  let after = '';
  for (;;) {
    const page = await readScheduled(db, after);
    const due = page.filter(({ schedule, active }) => activeAt(schedule, now) !== active);
    await Promise.all(
      due.map(async ({ policyId, ...because }) => {
        try {
          const outcome = await handleCommand(store, {
            decider: policy,
            stream: policyStream(policyId),
            command: { kind: 'keepTime', now: now.toISOString() },
            origin: originBecauseOf(because),
          });
          if (!outcome.ok) throw new Error(`${policyId}: ${outcome.rejection.message}`);
          log.info({ policyId }, 'the schedule of a policy has turned it');
        } catch (error) {
          // The others go on; the run as a whole has failed and is tried again.
          faults.push(error);
        }
      }),
    );
    const last = page.at(-1);
    if (page.length < pageSize || !last) break;
    after = last.policyId;
  }
  if (faults.length > 0) throw new AggregateError(faults, 'Some policies could not be turned on or off.');
}
