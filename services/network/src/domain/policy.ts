/** What a tenant decides about connections of its instances, and when. Stream `policy:<id>`. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import {
  type PolicyDefinition,
  type PolicySchedule,
  policyDefinition,
  policySchedule,
} from '@atoll/schema/network/spec';
import { type Labels, labels } from '@atoll/schema/text';
import { z } from 'zod';
import {
  policyNameKey,
  releaseRules,
  releaseUnique,
  requireClaim,
  requireEnvironment,
  requireOpen,
  takeRules,
  takeUnique,
} from './claims.ts';
import { ruleCount, type ServiceHomes, withoutConsent } from './consent.ts';
import { activeAt, nextChangeAt } from './schedule.ts';

export type PolicyEvent = Extract<
  NetworkEvent,
  {
    type:
      | 'IsolationPolicyCreated'
      | 'IsolationPolicyUpdated'
      | 'IsolationPolicyLabelsSet'
      | 'IsolationPolicyDeleted'
      | 'PolicyActivated'
      | 'PolicyDeactivated'
      | 'PolicyEnforced';
  }
>;

interface Known {
  readonly policyId: Id<'policy'>;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  readonly revision: number;
  readonly definition: PolicyDefinition;
  readonly schedule: PolicySchedule | null;
  readonly active: boolean;
  readonly nextChangeAt: string | null;
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

/** What a policy is to decide. `homes`: of every service that it names; `now`: RFC 3339. */
export interface Intended {
  readonly definition: PolicyDefinition;
  readonly schedule: PolicySchedule | null;
  readonly homes: ServiceHomes;
  readonly now: string;
}

/** `seen`: the version that the caller has read, null where any will do. */
export type PolicyCommand =
  | ({
      readonly kind: 'create';
      readonly policyId: Id<'policy'>;
      readonly namespaceId: Id<'namespace'>;
      readonly name: string;
    } & Intended)
  | ({ readonly kind: 'update'; readonly seen: number | null } & Intended)
  /** It is turned on or off where its schedule says so. */
  | { readonly kind: 'keepTime'; readonly now: string }
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

/** Everything that it names is there, and takes new things. */
function requireNamed(namespaceId: Id<'namespace'>, { from, to }: PolicyDefinition): Claim[] {
  const namespaces = new Set([namespaceId]);
  const environments = new Set<Id<'environment'>>();
  const services = new Set<Id<'service'>>();
  for (const peer of [...from, ...to]) {
    if (peer.kind === 'INSTANCES') namespaces.add(peer.namespaceId);
    if (peer.kind === 'ENVIRONMENT') environments.add(peer.environmentId);
    if (peer.kind === 'SERVICE') services.add(peer.serviceId);
  }
  return [
    ...[...namespaces].map(requireOpen),
    ...[...environments].map(requireEnvironment),
    ...[...services].map((id) => requireClaim('service', id)),
  ];
}

const toldOf = ({ definition, schedule, now }: Intended) => {
  const at = new Date(now);
  return { definition, schedule, active: activeAt(schedule, at), nextChangeAt: nextChangeAt(schedule, at) };
};

const deletion = ({ policyId, namespaceId, name }: Known) =>
  accept<PolicyEvent>(
    [{ type: 'IsolationPolicyDeleted', data: { policyId, namespaceId, name } }],
    [
      releaseUnique('policy-name', policyNameKey(namespaceId, name), policyId),
      releaseUnique('policy', policyId, policyId),
      releaseRules(namespaceId, policyId),
    ],
  );

/** On again it is a revision of its own: its receipts say since when. */
function timeKept({ policyId, namespaceId, revision, ...state }: Known, now: string) {
  const at = new Date(now);
  const [active, next] = [activeAt(state.schedule, at), nextChangeAt(state.schedule, at)];
  if (active === state.active) return accept<PolicyEvent>([]);
  const data = { policyId, namespaceId, nextChangeAt: next };
  return accept<PolicyEvent>([
    active
      ? { type: 'PolicyActivated', data: { ...data, revision: revision + 1 } }
      : { type: 'PolicyDeactivated', data },
  ]);
}

const policyState = z.discriminatedUnion('status', [
  z.strictObject({ status: z.enum(['absent', 'deleted']) }),
  z.strictObject({
    status: z.literal('active'),
    policyId: z.templateLiteral(['pol_', z.string()]),
    namespaceId: z.templateLiteral(['ns_', z.string()]),
    name: z.string(),
    revision: z.number(),
    definition: policyDefinition,
    schedule: policySchedule.nullable(),
    active: z.boolean(),
    nextChangeAt: z.string().nullable(),
    labels,
    version: z.number(),
    changedAt: z.number(),
  }),
]);

export const policy: Decider<PolicyState, PolicyCommand, PolicyEvent> = {
  initial: { status: 'absent' },
  // A receipt of every node for every revision makes its stream long.
  snapshot: { name: 'policy', version: 3, schema: policyState },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The policy exists already.'));
        const { policyId, namespaceId, name, definition, homes } = command;
        const refused = withoutConsent(namespaceId, definition, homes);
        if (refused) return refuse(refused);
        const told = toldOf(command);
        return accept<PolicyEvent>(
          [{ type: 'IsolationPolicyCreated', data: { policyId, namespaceId, name, revision: 1, ...told } }],
          [
            ...requireNamed(namespaceId, definition),
            takeUnique('policy-name', policyNameKey(namespaceId, name), policyId),
            takeUnique('policy', policyId, policyId),
            takeRules(namespaceId, policyId, ruleCount(definition)),
          ],
        );
      }
      case 'update': {
        if (state.status !== 'active') return refuse(policyNotFound);
        const stale = staleVersion(state, command.seen);
        if (stale) return refuse(stale);
        const { policyId, namespaceId, revision } = state;
        const { definition, homes } = command;
        const refused = withoutConsent(namespaceId, definition, homes);
        if (refused) return refuse(refused);
        const data = { policyId, namespaceId, revision: revision + 1, ...toldOf(command) };
        return accept<PolicyEvent>(
          [{ type: 'IsolationPolicyUpdated', data }],
          [...requireNamed(namespaceId, definition), takeRules(namespaceId, policyId, ruleCount(definition))],
        );
      }
      case 'keepTime':
        return state.status === 'active' ? timeKept(state, command.now) : accept<PolicyEvent>([]);
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
      return { status: 'active', ...event.data, labels: {}, version: 1, changedAt: 1 };
    }
    if (state.status !== 'active') return state;
    const version = state.version + 1;
    switch (event.type) {
      case 'IsolationPolicyUpdated':
        return { ...state, ...event.data, version, changedAt: version };
      // Time does it, and nobody: whoever has read it before may still change it.
      case 'PolicyActivated':
        return { ...state, ...event.data, active: true, version };
      case 'PolicyDeactivated':
        return { ...state, ...event.data, active: false, version };
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
