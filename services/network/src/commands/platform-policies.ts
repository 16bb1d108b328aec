/** Commands of the platform's policies: the operator's alone. */
import { type ClaimConflict, type EventStore, handleCommand } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { PLATFORM } from '@atoll/schema/ids';
import type { platformPolicyCommands } from '@atoll/schema/network/platform-policies';
import type { PlatformDefinition, PlatformPeer, TypedPlatformDefinition } from '@atoll/schema/network/spec';
import type { CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Range } from '../domain/address.ts';
import { parseOutside } from '../domain/outside.ts';
import {
  maxPlatformRules,
  platformPolicy,
  platformPolicyNotFound,
  platformPolicyStream,
} from '../domain/platform-policy.ts';
import { originOf } from '../origin.ts';
import { answer, refusedUnlessDone } from './answer.ts';

const operatorOnly = reject('FORBIDDEN', 'The policies of the platform are the operator’s.');
const nameTaken = reject(
  'NAME_TAKEN',
  'There is already a policy of the platform of that name. Choose another one.',
  'name',
);
const tooMany = reject(
  'QUOTA_EXCEEDED',
  `The policies of the platform make ${maxPlatformRules} rules at most, one for each source, destination and traffic of each, for every node has them. Merge ranges, or delete policies that are no longer needed.`,
);
const denied = ({ claim }: ClaimConflict): Rejection => (claim.set === 'platform-policy-name' ? nameTaken : tooMany);

type Parsed =
  | { readonly ok: true; readonly definition: PlatformDefinition }
  | { readonly ok: false; readonly rejection: Rejection };

function parse(typed: TypedPlatformDefinition, pools: readonly Range[]): Parsed {
  const sides: { from: PlatformPeer[]; to: PlatformPeer[] } = { from: [], to: [] };
  for (const side of ['from', 'to'] as const) {
    for (const [index, peer] of typed[side].entries()) {
      if (peer.kind !== 'CIDR') {
        sides[side].push(peer);
        continue;
      }
      const parsed = parseOutside(peer, `definition.${side}.${index}`, pools);
      if (!parsed.ok) return parsed;
      sides[side].push({ kind: 'CIDR', cidr: parsed.cidr, except: parsed.except });
    }
  }
  return { ok: true, definition: { ...typed, ...sides } };
}

export function platformPolicyHandlers({
  store,
  poolRanges,
}: {
  readonly store: EventStore;
  readonly poolRanges: () => readonly Range[];
}): CommandHandlers<typeof platformPolicyCommands> {
  return {
    async CreatePlatformPolicy(input, context) {
      if (context.tenant !== PLATFORM) return { ok: false, rejection: operatorOnly };
      const idempotency = { key: context.key, request: { CreatePlatformPolicy: input } };
      const parsed = parse(input.definition, poolRanges());
      if (!parsed.ok) {
        return answer('CreatePlatformPolicy', await refusedUnlessDone(store, context, idempotency, parsed.rejection));
      }
      const platformPolicyId = newId('platformPolicy');
      const outcome = await handleCommand(store, {
        decider: platformPolicy,
        stream: platformPolicyStream(platformPolicyId),
        newStream: true,
        command: { kind: 'create', platformPolicyId, name: input.name, definition: parsed.definition },
        origin: originOf(context),
        idempotency,
        result: { platformPolicyId },
        onClaimConflict: denied,
      });
      return answer('CreatePlatformPolicy', outcome);
    },

    async UpdatePlatformPolicy(input, context) {
      if (context.tenant !== PLATFORM) return { ok: false, rejection: operatorOnly };
      const { platformPolicyId, name } = input;
      const idempotency = { key: context.key, request: { UpdatePlatformPolicy: input } };
      const parsed = parse(input.definition, poolRanges());
      if (!parsed.ok) {
        return answer('UpdatePlatformPolicy', await refusedUnlessDone(store, context, idempotency, parsed.rejection));
      }
      const outcome = await handleCommand(store, {
        decider: platformPolicy,
        stream: platformPolicyStream(platformPolicyId),
        command: { kind: 'update', name, definition: parsed.definition, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency,
        result: { platformPolicyId },
        onClaimConflict: denied,
        notFound: platformPolicyNotFound,
      });
      return answer('UpdatePlatformPolicy', outcome);
    },

    async DeletePlatformPolicy(input, context) {
      if (context.tenant !== PLATFORM) return { ok: false, rejection: operatorOnly };
      const outcome = await handleCommand(store, {
        decider: platformPolicy,
        stream: platformPolicyStream(input.platformPolicyId),
        command: { kind: 'delete', seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { DeletePlatformPolicy: input } },
        result: { platformPolicyId: input.platformPolicyId },
        notFound: platformPolicyNotFound,
      });
      return answer('DeletePlatformPolicy', outcome);
    },
  };
}
