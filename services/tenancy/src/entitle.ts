/** One decision on a tenant's entitlements. */
import {
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
  type Origin,
} from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { denied } from './denials.ts';
import { type EntitlementsCommand, entitlements, entitlementsStream } from './domain/entitlements.ts';
import type { PlanNow } from './domain/plan.ts';
import { tenantNotFound } from './domain/tenant.ts';
import { planNow } from './load.ts';

/** Each try is lost to another change of the plan. */
const TRIES = 10;

/** Decided on the plan as it is; where it was changed between that and the commit, on what it is then. */
export async function decideEntitlements(
  store: EventStore,
  planOf: () => Promise<Id<'plan'>>,
  options: {
    readonly tenantId: Id<'tenant'>;
    readonly command: (plan: PlanNow) => EntitlementsCommand;
    readonly origin: Origin;
    readonly idempotency: Idempotency;
    readonly expectedVersion?: number | null;
  },
): Promise<CommandOutcome> {
  const { tenantId, command, ...rest } = options;
  for (let attempt = 1; ; attempt += 1) {
    const there = await planNow(store, await planOf());
    if (!there.ok) return there;
    let again = false;
    const outcome = await handleCommand(store, {
      ...rest,
      decider: entitlements,
      stream: entitlementsStream(tenantId),
      command: command(there.plan),
      result: { tenantId },
      notFound: tenantNotFound,
      onClaimConflict(conflict) {
        again = conflict.claim.set === 'plan-revision';
        return denied(conflict);
      },
    });
    if (!again || attempt === TRIES) return outcome;
  }
}
