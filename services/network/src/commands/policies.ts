/** Commands of isolation policies. */
import { type ClaimConflict, type EventStore, handleCommand } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { networkCommands } from '@atoll/schema/network/commands';
import type { PolicyWarning } from '@atoll/schema/network/policies';
import type { PolicyDefinition, TypedPolicyDefinition } from '@atoll/schema/network/spec';
import type { CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { beingDeleted, namespaceRefusal } from '../denials.ts';
import { maxRules } from '../domain/claims.ts';
import { creationRefused, namespace, namespaceStream } from '../domain/namespace.ts';
import { policy, policyNotFound, policyStream } from '../domain/policy.ts';
import { originOf } from '../origin.ts';
import { answer, refusedUnlessDone } from './answer.ts';
import { type DefinitionNeeds, environmentNotFound, intendedOf, serviceNotFound } from './definition.ts';
import { warningsOf } from './policy-warnings.ts';

const nameTaken = reject(
  'NAME_TAKEN',
  'There is already an isolation policy of that name in the namespace. Choose another one.',
  'name',
);
const tooManyRules = reject(
  'QUOTA_EXCEEDED',
  `The policies of a namespace make ${maxRules} rules at most, one for each source, destination and traffic of each. Merge ` +
    'peers by labels or ranges, or delete policies that are no longer needed.',
);

/** Where in the input an id stands. */
function fieldOf(id: string, definition: TypedPolicyDefinition): string | undefined {
  for (const side of ['from', 'to'] as const) {
    for (const [index, peer] of definition[side].entries()) {
      const [field] = Object.entries(peer).find(([, value]) => value === id) ?? [];
      if (field !== undefined) return `definition.${side}.${index}.${field}`;
    }
  }
  return undefined;
}

/** Which claim of a policy couldn't be had. */
const denied =
  (own: string | null, definition: TypedPolicyDefinition) =>
  ({ claim }: ClaimConflict): Rejection => {
    const key = 'key' in claim ? claim.key : '';
    if (claim.set === 'policy-name') return nameTaken;
    if (claim.set === 'policy-rules') return tooManyRules;
    const field = key === own ? 'namespaceId' : fieldOf(key, definition);
    if (claim.set === 'service') return serviceNotFound(field);
    return claim.set === 'environment-open' ? environmentNotFound(field) : beingDeleted(field);
  };

async function namespaceOf(db: Pool, tenant: Tenant, policyId: Id<'policy'>): Promise<Id<'namespace'> | null> {
  const { rows } = await db.query<{ namespaceId: Id<'namespace'> }>(
    'select namespace_id as "namespaceId" from network.policy where policy_id = $1 and tenant = $2',
    [policyId, tenant],
  );
  return rows[0]?.namespaceId ?? null;
}

type Handlers = CommandHandlers<typeof networkCommands>;
type Names =
  | 'SetNamespaceIsolation'
  | 'CreateIsolationPolicy'
  | 'UpdateIsolationPolicy'
  | 'SetIsolationPolicyLabels'
  | 'DeleteIsolationPolicy';

export function isolationPolicyHandlers(
  needs: DefinitionNeeds & { readonly store: EventStore },
): Pick<Handlers, Names> {
  const { store } = needs;
  /** As it will be. `namespaceId`: null where it is that of the policy as it is. */
  async function warned(
    tenant: Tenant,
    policyId: Id<'policy'>,
    namespaceId: Id<'namespace'> | null,
    definition: PolicyDefinition,
  ): Promise<PolicyWarning[]> {
    const own = namespaceId ?? (await namespaceOf(needs.db, tenant, policyId));
    const [warnings = []] = await warningsOf(needs.db, tenant, [{ policyId, namespaceId: own, definition }]);
    return [...warnings];
  }
  return {
    async CreateIsolationPolicy(input, context) {
      const { namespaceId, name, definition, schedule } = input;
      const idempotency = { key: context.key, request: { CreateIsolationPolicy: input } };
      const refuse = async (rejection: Rejection) =>
        answer('CreateIsolationPolicy', await refusedUnlessDone(store, context, idempotency, rejection));
      const rejection = await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId');
      if (rejection) return refuse(rejection);
      const asked = await intendedOf(needs, context.tenant, definition, schedule);
      if (!asked.ok) return refuse(asked.rejection);
      const policyId = newId('policy');
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(policyId),
        newStream: true,
        command: { kind: 'create', policyId, namespaceId, name, ...asked.intended },
        origin: originOf(context),
        idempotency,
        result: { policyId, warnings: await warned(context.tenant, policyId, namespaceId, asked.intended.definition) },
        onClaimConflict: denied(namespaceId, definition),
      });
      return answer('CreateIsolationPolicy', outcome);
    },

    async UpdateIsolationPolicy(input, context) {
      const { policyId, definition, schedule } = input;
      const idempotency = { key: context.key, request: { UpdateIsolationPolicy: input } };
      const refuse = async (rejection: Rejection) =>
        answer('UpdateIsolationPolicy', await refusedUnlessDone(store, context, idempotency, rejection));
      const asked = await intendedOf(needs, context.tenant, definition, schedule);
      if (!asked.ok) return refuse(asked.rejection);
      const outcome = await handleCommand(store, {
        decider: policy,
        stream: policyStream(policyId),
        command: { kind: 'update', ...asked.intended, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency,
        result: { policyId, warnings: await warned(context.tenant, policyId, null, asked.intended.definition) },
        onClaimConflict: denied(null, definition),
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
        onClaimConflict: () => beingDeleted(),
        notFound: policyNotFound,
      });
      return answer('SetIsolationPolicyLabels', outcome);
    },

    async SetNamespaceIsolation(input, context) {
      const { namespaceId, level } = input;
      const outcome = await handleCommand(store, {
        decider: namespace,
        stream: namespaceStream(namespaceId),
        command: { kind: 'setIsolation', namespaceId, level },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetNamespaceIsolation: input } },
        result: { namespaceId },
        onClaimConflict: () => beingDeleted('namespaceId'),
        notFound: { ...creationRefused.absent, field: 'namespaceId' },
      });
      return answer('SetNamespaceIsolation', outcome);
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
