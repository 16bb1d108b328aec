/**
 * A service account after its creation, which stands in its tenant's stream: secrets, standing, end. Stream
 * `serviceAccount:<id>`, whose state begins with what the tenant's says.
 */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { IdentityEvent } from '@atoll/schema/tenancy/identity';
import type { Labels } from '@atoll/schema/text';
import { endCapabilityUse } from './capability-use.ts';
import { releaseUnique, requireClaim } from './claims.ts';

type ServiceAccountEvent = Exclude<
  Extract<IdentityEvent, { type: `ServiceAccount${string}` }>,
  { type: 'ServiceAccountCreated' }
>;

export interface CreatedAccount {
  readonly name: string;
  readonly secretHash: string;
}

interface Secret {
  readonly hash: string;
  readonly expiresAt: string | null;
}

export interface ServiceAccountState {
  readonly status: 'enabled' | 'disabled' | 'deleted';
  /** The newest first; null while they are as they were created. */
  readonly secrets: readonly Secret[] | null;
  readonly labels: Labels;
}

type Action =
  | { readonly kind: 'rotate'; readonly secretHash: string; readonly overlapMs: number; readonly now: number }
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  | { readonly kind: 'setLabels'; readonly labels: Labels }
  | { readonly kind: 'delete' };

/** `created` is what the tenant's stream says of the account. */
export type ServiceAccountCommand = Action & {
  readonly tenantId: Id<'tenant'>;
  readonly serviceAccountId: Id<'serviceAccount'>;
  readonly created: CreatedAccount;
};

export const serviceAccountStream = (id: string) => `serviceAccount:${id}`;
export const serviceAccountNotFound = reject('NOT_FOUND', 'There is no such service account.', 'serviceAccountId');

export const serviceAccount: Decider<ServiceAccountState, ServiceAccountCommand, ServiceAccountEvent> = {
  initial: { status: 'enabled', secrets: null, labels: {} },

  decide(state, command) {
    const { tenantId, serviceAccountId, created } = command;
    const ids = { tenantId, serviceAccountId };
    if (state.status === 'deleted') return refuse(serviceAccountNotFound);
    switch (command.kind) {
      case 'rotate': {
        const { secretHash, overlapMs, now } = command;
        const [current] = state.secrets ?? [{ hash: created.secretHash, expiresAt: null }];
        const expiresAt = new Date(now + overlapMs).toISOString();
        const before = current && overlapMs > 0 ? [{ hash: current.hash, expiresAt }] : [];
        return accept<ServiceAccountEvent>(
          [
            {
              type: 'ServiceAccountSecretRotated',
              data: { ...ids, secrets: [{ hash: secretHash, expiresAt: null }, ...before] },
            },
          ],
          [requireClaim('tenant', tenantId)],
        );
      }
      // Also where the tenant is suspended: whoever must not come in, must not.
      case 'disable':
        return accept<ServiceAccountEvent>(
          state.status === 'disabled' ? [] : [{ type: 'ServiceAccountDisabled', data: ids }],
        );
      case 'enable':
        if (state.status === 'enabled') return accept<ServiceAccountEvent>([]);
        return accept<ServiceAccountEvent>(
          [{ type: 'ServiceAccountEnabled', data: ids }],
          [requireClaim('tenant', tenantId)],
        );
      case 'setLabels': {
        const { labels } = command;
        return accept<ServiceAccountEvent>(
          equal(labels, state.labels) ? [] : [{ type: 'ServiceAccountLabelsSet', data: { ...ids, labels } }],
          [requireClaim('tenant', tenantId)],
        );
      }
      case 'delete':
        return accept<ServiceAccountEvent>(
          [{ type: 'ServiceAccountDeleted', data: ids }],
          [
            releaseUnique('service-account-name', `${tenantId}/${created.name}`, serviceAccountId),
            endCapabilityUse(tenantId, 'serviceAccounts', serviceAccountId),
          ],
        );
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'ServiceAccountSecretRotated':
        return { ...state, secrets: event.data.secrets };
      case 'ServiceAccountDisabled':
        return { ...state, status: 'disabled' };
      case 'ServiceAccountEnabled':
        return { ...state, status: 'enabled' };
      case 'ServiceAccountLabelsSet':
        return { ...state, labels: event.data.labels };
      case 'ServiceAccountDeleted':
        return { ...state, status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

type Accounts = ReadonlyMap<string, CreatedAccount>;

/** Reads a tenant's stream for its service accounts; decides nothing. */
export const createdAccounts: Decider<Accounts, never, TenancyEvent> = {
  initial: new Map(),
  decide: () => accept<TenancyEvent>([]),
  evolve(state, event) {
    if (event.type !== 'ServiceAccountCreated') return state;
    const { serviceAccountId, name, secretHash } = event.data;
    return new Map([...state, [serviceAccountId, { name, secretHash }]]);
  },
};
