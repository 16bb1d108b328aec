/**
 * The write door: each command of `schema/src/network/commands.ts` becomes one decision on one stream. Namespaces are
 * looked at beforehand for the right words only; what must hold is in the claims of the commit.
 */
import {
  type ClaimConflict,
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
} from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import { type NetworkCommand, type NetworkResult, networkCommands } from '@atoll/schema/network/commands';
import type { Remains, RemainsScope } from '@atoll/schema/remains';
import type { CommandAnswer, CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { type Questions, questionHandlers } from './commands/questions.ts';
import { type ServiceNeeds, serviceHandlers } from './commands/services.ts';
import { beingDeleted, namespaceRefusal } from './denials.ts';
import { parseSubnetCidr } from './domain/cidr.ts';
import { policy, policyNotFound, policyStream } from './domain/policy.ts';
import { originOf } from './origin.ts';
import type { AddressPools, SubnetAllocator } from './pools/subnets.ts';

/** The stored answer has passed through JSON: it is parsed before it is believed. */
function answer<N extends NetworkCommand>(name: N, outcome: CommandOutcome): CommandAnswer<NetworkResult<N>> {
  if (!outcome.ok) return outcome;
  const { position, version } = outcome;
  return {
    ok: true,
    result: networkCommands[name].result.parse(outcome.result) as NetworkResult<N>,
    position,
    version,
  };
}

/** Refused before the commit was tried: unless it was done before under that key, and then that answer stands. */
async function refusedUnlessDone(
  store: EventStore,
  context: CommandContext,
  idempotency: Idempotency,
  rejection: Rejection,
): Promise<CommandOutcome> {
  const stored = await store.storedAnswer(context.tenant, idempotency);
  if (stored?.outcome !== 'replayed') return { ok: false, rejection };
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}

const nameTaken = reject(
  'NAME_TAKEN',
  'There is already an isolation policy of that name in the namespace. Choose another one.',
  'name',
);
const notATenant = reject('FORBIDDEN', 'Networks belong to tenants: the platform itself has none.');
const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');
const fromField = 'spec.from.namespaceId';

/** Which claim of a policy couldn't be had. `fields`: where in the input each namespace stands. */
const policyDenied =
  (fields: Readonly<Record<Id<'namespace'>, string>>) =>
  ({ claim }: ClaimConflict): Rejection => {
    if (claim.set === 'policy-name') return nameTaken;
    return beingDeleted(claim.op === 'require' ? fields[claim.key as Id<'namespace'>] : undefined);
  };

export function networkHandlers(options: {
  questions: Questions;
  store: EventStore;
  services: ServiceNeeds;
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
  const { store, subnets, pools, remainsOf } = options;

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

    async CreateIsolationPolicy(input, context) {
      const { namespaceId, name, spec } = input;
      const idempotency = { key: context.key, request: { CreateIsolationPolicy: input } };
      const rejection =
        (await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId')) ??
        (await namespaceRefusal(store, context.tenant, spec.from.namespaceId, fromField));
      if (rejection) {
        return answer('CreateIsolationPolicy', await refusedUnlessDone(store, context, idempotency, rejection));
      }
      const policyId = newId('policy');
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(policyId),
        newStream: true,
        command: { kind: 'create', policyId, namespaceId, name, spec },
        origin: originOf(context),
        idempotency,
        result: { policyId },
        onClaimConflict: policyDenied({ [spec.from.namespaceId]: fromField, [namespaceId]: 'namespaceId' }),
      });
      return answer('CreateIsolationPolicy', outcome);
    },

    async UpdateIsolationPolicy(input, context) {
      const { policyId, spec } = input;
      const idempotency = { key: context.key, request: { UpdateIsolationPolicy: input } };
      const rejection = await namespaceRefusal(store, context.tenant, spec.from.namespaceId, fromField);
      if (rejection) {
        return answer('UpdateIsolationPolicy', await refusedUnlessDone(store, context, idempotency, rejection));
      }
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(policyId),
        command: { kind: 'update', spec, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency,
        result: { policyId },
        onClaimConflict: policyDenied({ [spec.from.namespaceId]: fromField }),
        notFound: policyNotFound,
      });
      return answer('UpdateIsolationPolicy', outcome);
    },

    async SetIsolationPolicyLabels(input, context) {
      const { policyId, labels } = input;
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(policyId),
        command: { kind: 'setLabels', labels, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetIsolationPolicyLabels: input } },
        result: { policyId },
        onClaimConflict: policyDenied({}),
        notFound: policyNotFound,
      });
      return answer('SetIsolationPolicyLabels', outcome);
    },

    async CountRemains({ scope }, { tenant, seen, deadline }) {
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      const result = await remainsOf(tenant, scope, seen, deadline);
      return result === null ? { ok: false, rejection: notCaughtUp } : { ok: true, result, position, version: 0 };
    },

    async DeleteIsolationPolicy(input, context) {
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(input.policyId),
        command: { kind: 'delete', seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { DeleteIsolationPolicy: input } },
        result: { policyId: input.policyId },
        notFound: policyNotFound,
      });
      return answer('DeleteIsolationPolicy', outcome);
    },
  };
}
