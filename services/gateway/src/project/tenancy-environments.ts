/** Names, promotion and image rules of environments → read models. */
import type { EventsOf } from '@atoll/schema/registry';
import type { environmentEvents } from '@atoll/schema/tenancy/environments';
import { type Effect, patch } from './effects.ts';

export function projectEnvironments(event: EventsOf<typeof environmentEvents>): readonly Effect[] {
  switch (event.type) {
    case 'EnvironmentChanged': {
      const { environmentId, name, kind } = event.data;
      return [patch('environment', environmentId, { name, kind })];
    }
    case 'PromotionSet':
      return [patch('environment', event.data.environmentId, { promotes_to: event.data.promotesTo })];
    case 'ImageRulesSet': {
      const { allowed, promotedOnly } = event.data.rules;
      return [patch('environment', event.data.environmentId, { image_rules: { allowed, promotedOnly } })];
    }
    default:
      return event satisfies never;
  }
}
