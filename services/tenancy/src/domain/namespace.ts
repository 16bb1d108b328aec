/** A tenant's unit of isolation. Stream `namespace:<id>`. Its deletion is asked for here and done by deploy and network. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { Labels } from '@atoll/schema/text';
import {
  environmentKey,
  namespaceNameKey,
  releasePlace,
  releaseUnique,
  requireClaim,
  requireUnheld,
  takeUnique,
} from './claims.ts';
import { amountClaims, limitClaims, noLimits } from './quota.ts';

export type NamespaceEvent = Extract<
  TenancyEvent,
  { type: 'NamespaceCreated' | 'NamespaceLabelsSet' | 'NamespaceDeletionRequested' | 'NamespaceDeleted' }
>;

interface Known {
  readonly namespaceId: Id<'namespace'>;
  readonly environmentId: Id<'environment'>;
  readonly name: string;
}
export type NamespaceState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active'; readonly labels: Labels })
  | (Known & { readonly status: 'deleting' })
  | { readonly status: 'deleted' };

export type NamespaceCommand =
  | {
      readonly kind: 'create';
      readonly tenant: Id<'tenant'>;
      readonly namespaceId: Id<'namespace'>;
      readonly environmentId: Id<'environment'>;
      readonly name: string;
      readonly labels: Labels;
      /** How many namespaces the tenant may hold. */
      readonly limit: number;
      /** The mark of the entitlements that say so; null where the tenant has none yet. */
      readonly entitlements?: string | null;
    }
  | { readonly kind: 'setLabels'; readonly tenant: Id<'tenant'>; readonly labels: Labels }
  | { readonly kind: 'requestDeletion'; readonly tenant: Tenant }
  /** With what it is in: the deletion of that has seen what stands against it. */
  | { readonly kind: 'deleteWithin'; readonly tenant: Tenant }
  /** Nothing is left in it: the network service has said so. */
  | { readonly kind: 'finishDeletion'; readonly tenant: Id<'tenant'> };

export const namespaceNotFound = reject('NOT_FOUND', 'There is no such namespace.', 'namespaceId');
const beingDeleted = reject('BEING_DELETED', 'The namespace is being deleted already.', 'namespaceId');
const notRequested = reject('ILLEGAL_STATE', 'Nobody has asked for the deletion of the namespace.', 'namespaceId');

/** Why a namespace in that status can be neither deleted nor changed; an active one can. */
export const deletionRefused: Record<Exclude<NamespaceState['status'], 'active'>, Rejection> = {
  absent: namespaceNotFound,
  deleting: beingDeleted,
  deleted: namespaceNotFound,
};

export const namespaceStream = (id: string) => `namespace:${id}`;

/** What a namespace takes of the quotas itself. */
const one = { namespaces: 1 };

export const namespace: Decider<NamespaceState, NamespaceCommand, NamespaceEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The namespace exists already.'));
        const { tenant, namespaceId, environmentId, name, labels, limit } = command;
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceCreated', data: { namespaceId, environmentId, name, labels } }],
          [
            requireClaim('tenant', tenant),
            ...(command.entitlements ? [requireClaim('entitlements', command.entitlements)] : []),
            requireClaim('environment', environmentKey(tenant, environmentId)),
            takeUnique('namespace-name', namespaceNameKey(environmentId, name), namespaceId),
            ...amountClaims({
              ...{ place: { tenant, environmentId, namespaceId: null }, holder: namespaceId },
              ...{ before: {}, after: one, limits: { namespaces: limit } },
            }),
          ],
        );
      }
      case 'setLabels': {
        if (state.status !== 'active') return refuse(deletionRefused[state.status]);
        const { namespaceId, environmentId } = state;
        const { tenant, labels } = command;
        return accept<NamespaceEvent>(
          equal(labels, state.labels)
            ? []
            : [{ type: 'NamespaceLabelsSet', data: { namespaceId, environmentId, labels } }],
          [requireClaim('tenant', tenant)],
        );
      }
      case 'requestDeletion': {
        if (state.status !== 'active') return refuse(deletionRefused[state.status]);
        const { namespaceId, environmentId, name } = state;
        // Name and quota stay taken: what is in the namespace is still there.
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceDeletionRequested', data: { namespaceId, environmentId, name } }],
          [
            requireClaim('tenant', command.tenant),
            ...requireUnheld('legal-hold', command.tenant, namespaceId),
            // Its own protection is held under its id: whoever asks must be another.
            ...requireUnheld('deletion-protection', namespaceId, `deletion:${namespaceId}`),
          ],
        );
      }
      case 'deleteWithin': {
        if (state.status !== 'active') return accept<NamespaceEvent>([]);
        const { namespaceId, environmentId, name } = state;
        return accept<NamespaceEvent>([
          { type: 'NamespaceDeletionRequested', data: { namespaceId, environmentId, name } },
        ]);
      }
      case 'finishDeletion': {
        if (state.status === 'deleted') return accept<NamespaceEvent>([]);
        if (state.status === 'absent') return refuse(namespaceNotFound);
        if (state.status === 'active') return refuse(notRequested);
        const { namespaceId, environmentId, name } = state;
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceDeleted', data: { namespaceId, environmentId, name } }],
          [
            releaseUnique('namespace-name', namespaceNameKey(environmentId, name), namespaceId),
            ...amountClaims({
              ...{ place: { tenant: command.tenant, environmentId, namespaceId: null }, holder: namespaceId },
              ...{ before: one, after: {}, limits: {} },
            }),
            ...limitClaims(namespaceId, noLimits),
            // Protected while its deletion was already asked for: that comes too late.
            ...[namespaceId, environmentId, command.tenant].map((one) =>
              releasePlace('deletion-protection', one, namespaceId),
            ),
          ],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'NamespaceCreated':
        return { status: 'active', ...event.data };
      case 'NamespaceLabelsSet':
        return state.status === 'active' ? { ...state, labels: event.data.labels } : state;
      case 'NamespaceDeletionRequested':
        return { status: 'deleting', ...event.data };
      case 'NamespaceDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};
