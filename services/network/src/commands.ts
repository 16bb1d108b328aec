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
import { answer, refusedUnlessDone } from './commands/answer.ts';
import type { DefinitionNeeds } from './commands/definition.ts';
import { isolationPolicyHandlers } from './commands/policies.ts';
import { type Questions, questionHandlers } from './commands/questions.ts';
import { type ServiceNeeds, serviceHandlers } from './commands/services.ts';
import { beingDeleted, namespaceRefusal } from './denials.ts';
import { parseSubnetCidr } from './domain/cidr.ts';
import { originOf } from './origin.ts';
import type { AddressPools, SubnetAllocator } from './pools/subnets.ts';

const notATenant = reject('FORBIDDEN', 'Networks belong to tenants: the platform itself has none.');
const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');
export function networkHandlers(options: {
  questions: Questions;
  store: EventStore;
  services: ServiceNeeds;
  policies: DefinitionNeeds;
  subnets: SubnetAllocator;
  pools: AddressPools;
  /** What is left of a scope, once the tables have what was committed and deploy's facts up to `seen`; else null. */
  remainsOf: (
    tenant: Id<'tenant'>,
    scope: RemainsScope,
    seen: CommandContext['seen'],
    deadline: number,
  ) => Promise<Remains | null>;
}): CommandHandlers<typeof networkCommands> {
  const { store, policies, subnets, pools, remainsOf } = options;

  return {
    ...questionHandlers(options.questions),
    ...serviceHandlers(options.services),

    async CreateSubnet(input, context) {
      const { namespaceId } = input;
      const idempotency = { key: context.key, request: { CreateSubnet: input } };
      const parsed = input.ipv4 === null ? null : parseSubnetCidr(input.ipv4, pools.ipv4);
      const rejection =
        (await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId')) ??
        (parsed && !parsed.ok ? parsed.rejection : null);
      if (rejection) return answer('CreateSubnet', await refusedUnlessDone(store, context, idempotency, rejection));
      const outcome = await subnets.allocate({
        namespaceId,
        ipv4: parsed?.ok ? parsed.range : null,
        origin: originOf(context),
        idempotency,
        onClosed: () => beingDeleted('namespaceId'),
      });
      // A repeat may find no room for a second one: the first is what it asks for.
      return answer(
        'CreateSubnet',
        outcome.ok ? outcome : await refusedUnlessDone(store, context, idempotency, outcome.rejection),
      );
    },

    ...isolationPolicyHandlers(policies),

    async CountRemains({ scope }, { tenant, seen, deadline }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      const result = await remainsOf(tenant, scope, seen, deadline);
      return result === null ? { ok: false, rejection: notCaughtUp } : { ok: true, result, position, version: 0 };
    },
  };
}
