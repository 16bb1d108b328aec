/** What a tenant opens between its instances. Stream `policy:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { type PolicySpec, policySpec } from '@atoll/schema/network/spec';
import { type Labels, labels } from '@atoll/schema/text';
import { z } from 'zod';
import { policyNameKey, releaseUnique, requireOpen, takeUnique } from './claims.ts';

export type PolicyEvent = Extract<
  NetworkEvent,
  {
    type:
      | 'IsolationPolicyCreated'
      | 'IsolationPolicyUpdated'
      | 'IsolationPolicyLabelsSet'
      | 'IsolationPolicyDeleted'
      | 'PolicyEnforced';
  }
>;

interface Known {
  readonly policyId: Id<'policy'>;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  readonly revision: number;
  readonly spec: PolicySpec;
  /** Its own, not those that it selects by. */
  readonly labels: Labels;
  /** Version of the stream, and what it was after the last change that a tenant made. Receipts come in between. */
  readonly version: number;
  readonly changedAt: number;
}
export type PolicyState =
  | { readonly status: 'absent' }
  | ({ readonly status: 'active' } & Known)
  | { readonly status: 'deleted' };

/** `seen`: the version that the caller has read, null where any will do. */
export type PolicyCommand =
  | {
      readonly kind: 'create';
      readonly policyId: Id<'policy'>;
      readonly namespaceId: Id<'namespace'>;
      readonly name: string;
      readonly spec: PolicySpec;
    }
  | { readonly kind: 'update'; readonly spec: PolicySpec; readonly seen: number | null }
  | { readonly kind: 'setLabels'; readonly labels: Labels; readonly seen: number | null }
  | { readonly kind: 'delete'; readonly seen: number | null }
  /** With its namespace: fine also where it is gone already. */
  | { readonly kind: 'purge' };

export const policyNotFound = reject('NOT_FOUND', 'There is no such isolation policy.', 'policyId');

export const policyStream = (id: string) => `policy:${id}`;

/** Nobody changed it since that version. Receipts raise the version, too, and are no change. */
function staleVersion(state: Known, seen: number | null) {
  if (seen === null || (seen >= state.changedAt && seen <= state.version)) return null;
  return reject(
    'VERSION_CONFLICT',
    `You have read version ${seen}, and it was last changed at version ${state.changedAt}. Read it again and repeat the change.`,
  );
}

const requireBothOpen = (namespaceId: Id<'namespace'>, spec: PolicySpec) =>
  [...new Set([namespaceId, spec.from.namespaceId])].map(requireOpen);

const deletion = ({ policyId, namespaceId, name }: Known) =>
  accept<PolicyEvent>(
    [{ type: 'IsolationPolicyDeleted', data: { policyId, namespaceId, name } }],
    [
      releaseUnique('policy-name', policyNameKey(namespaceId, name), policyId),
      releaseUnique('policy', policyId, policyId),
    ],
  );

const policyState = z.discriminatedUnion('status', [
  z.strictObject({ status: z.enum(['absent', 'deleted']) }),
  z.strictObject({
    status: z.literal('active'),
    policyId: z.templateLiteral(['pol_', z.string()]),
    namespaceId: z.templateLiteral(['ns_', z.string()]),
    name: z.string(),
    revision: z.number(),
    spec: policySpec,
    labels,
    version: z.number(),
    changedAt: z.number(),
  }),
]);

export const policy: Decider<PolicyState, PolicyCommand, PolicyEvent> = {
  initial: { status: 'absent' },
  // A receipt of every node for every revision makes its stream long.
  snapshot: { name: 'policy', version: 2, schema: policyState },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The policy exists already.'));
        const { policyId, namespaceId, name, spec } = command;
        return accept<PolicyEvent>(
          [{ type: 'IsolationPolicyCreated', data: { policyId, namespaceId, name, revision: 1, spec } }],
          [
            ...requireBothOpen(namespaceId, spec),
            takeUnique('policy-name', policyNameKey(namespaceId, name), policyId),
            takeUnique('policy', policyId, policyId),
          ],
        );
      }
      case 'update': {
        if (state.status !== 'active') return refuse(policyNotFound);
        const stale = staleVersion(state, command.seen);
        if (stale) return refuse(stale);
        const { policyId, namespaceId, revision } = state;
        const { spec } = command;
        return accept<PolicyEvent>(
          [{ type: 'IsolationPolicyUpdated', data: { policyId, namespaceId, revision: revision + 1, spec } }],
          requireBothOpen(namespaceId, spec),
        );
      }
      case 'setLabels': {
        if (state.status !== 'active') return refuse(policyNotFound);
        const stale = staleVersion(state, command.seen);
        if (stale) return refuse(stale);
        const { policyId, namespaceId } = state;
        const set = {
          type: 'IsolationPolicyLabelsSet' as const,
          data: { policyId, namespaceId, labels: command.labels },
        };
        return accept<PolicyEvent>(equal(command.labels, state.labels) ? [] : [set], [requireOpen(namespaceId)]);
      }
      case 'delete': {
        if (state.status !== 'active') return refuse(policyNotFound);
        const stale = staleVersion(state, command.seen);
        return stale ? refuse(stale) : deletion(state);
      }
      case 'purge':
        return state.status === 'active' ? deletion(state) : accept<PolicyEvent>([]);
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    if (event.type === 'IsolationPolicyCreated') {
      const { policyId, namespaceId, name, spec } = event.data;
      return { status: 'active', policyId, namespaceId, name, revision: 1, spec, labels: {}, version: 1, changedAt: 1 };
    }
    if (state.status !== 'active') return state;
    const version = state.version + 1;
    switch (event.type) {
      case 'IsolationPolicyUpdated':
        return { ...state, revision: event.data.revision, spec: event.data.spec, version, changedAt: version };
      case 'IsolationPolicyLabelsSet':
        return { ...state, labels: event.data.labels, version, changedAt: version };
      case 'IsolationPolicyDeleted':
        return { status: 'deleted' };
      case 'PolicyEnforced':
        return { ...state, version };
      default:
        return event satisfies never;
    }
  },
};
