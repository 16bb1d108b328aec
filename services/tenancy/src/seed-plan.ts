/** The default plan is there before the first command: whoever names no plan gets it. */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import { PLATFORM } from '@atoll/schema/ids';
import { DEFAULT_PLAN, DEFAULT_PLAN_NAME, defaultTerms } from '@atoll/schema/tenancy/plans';
import { plan, planStream } from './domain/plan.ts';

export async function seedDefaultPlan(store: EventStore): Promise<void> {
  const outcome = await handleCommand(store, {
    decider: plan,
    stream: planStream(DEFAULT_PLAN),
    command: { kind: 'seed', planId: DEFAULT_PLAN, name: DEFAULT_PLAN_NAME, terms: defaultTerms },
    origin: {
      tenant: PLATFORM,
      actor: 'service:tenancy',
      cause: null,
      correlation: 'seed-default-plan',
      traceparent: null,
    },
  });
  if (!outcome.ok) throw refusal('The default plan', outcome.rejection);
}
