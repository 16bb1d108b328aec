/**
 * The write door: each command of `schema/src/network/commands.ts` becomes one decision on one stream. Namespaces are
 * looked at beforehand for the right words only; what must hold is in the claims of the commit.
 */
import type { EventStore } from '@atoll/events/store';
import { reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { networkCommands } from '@atoll/schema/network/commands';
import type { Remains, RemainsScope } from '@atoll/schema/remains';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import type { addressHandlers } from './commands/addresses.ts';
import type { DefinitionNeeds } from './commands/definition.ts';
import { platformPolicyHandlers } from './commands/platform-policies.ts';
import { isolationPolicyHandlers } from './commands/policies.ts';
import type { publicAddressHandlers } from './commands/public-addresses.ts';
import { type Questions, questionHandlers } from './commands/questions.ts';
import { type ServiceNeeds, serviceHandlers } from './commands/services.ts';

const notATenant = reject('FORBIDDEN', 'Networks belong to tenants: the platform itself has none.');
const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');
export function networkHandlers(options: {
  questions: Questions;
  store: EventStore;
  services: ServiceNeeds;
  policies: DefinitionNeeds;
  addresses: ReturnType<typeof addressHandlers>;
  publicAddresses: ReturnType<typeof publicAddressHandlers>;
  /** What is left of a scope, once the tables have what was committed and deploy's facts up to `seen`; else null. */
  remainsOf: (
    tenant: Id<'tenant'>,
    scope: RemainsScope,
    seen: CommandContext['seen'],
    deadline: number,
  ) => Promise<Remains | null>;
}): CommandHandlers<typeof networkCommands> {
  const { store, policies, addresses, publicAddresses, remainsOf } = options;

  return {
    ...questionHandlers(options.questions),
    ...serviceHandlers(options.services),
    ...addresses,
    ...publicAddresses,

    ...isolationPolicyHandlers(policies),
    ...platformPolicyHandlers(policies),

    async CountRemains({ scope }, { tenant, seen, deadline }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      const result = await remainsOf(tenant, scope, seen, deadline);
      return result === null ? { ok: false, rejection: notCaughtUp } : { ok: true, result, position, version: 0 };
    },
  };
}
