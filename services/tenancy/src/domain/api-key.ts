/** A key that acts for its owner. Stream `apiKey:<id>`. That it expired is a matter of time, and no event. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { IdentityEvent } from '@atoll/schema/tenancy/identity';
import { releaseAmount, requireClaim, takeAmount } from './claims.ts';

/** Of one owner, expired ones included: to rotate takes two. */
export const MAX_API_KEYS = 50;

type ApiKeyEvent = Extract<IdentityEvent, { type: `ApiKey${string}` }>;
type Created = Extract<ApiKeyEvent, { type: 'ApiKeyCreated' }>['data'];

export type ApiKeyState =
  | { readonly status: 'absent' }
  | ({ readonly status: 'live' | 'revoked' } & Pick<Created, 'tenantId' | 'apiKeyId' | 'subject'>);

export type ApiKeyCommand =
  | { readonly kind: 'create'; readonly data: Created; readonly now: number }
  | { readonly kind: 'revoke'; readonly owner: string | null };

export const apiKeyStream = (id: string) => `apiKey:${id}`;
export const apiKeyNotFound = reject('NOT_FOUND', 'There is no such API key.', 'apiKeyId');

const ownerKey = (tenant: Id<'tenant'>, subject: string) => `${tenant} ${subject}`;

export const apiKey: Decider<ApiKeyState, ApiKeyCommand, ApiKeyEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        const { data, now } = command;
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The API key exists already.'));
        if (data.expiresAt !== null && Date.parse(data.expiresAt) <= now) {
          return refuse(
            reject(
              'INVALID_ARGUMENT',
              'expiresAt: must be in the future; null for a key that does not expire',
              'expiresAt',
            ),
          );
        }
        const { tenantId, apiKeyId, subject } = data;
        return accept<ApiKeyEvent>(
          [{ type: 'ApiKeyCreated', data }],
          [
            requireClaim('tenant', tenantId),
            takeAmount('api-keys', ownerKey(tenantId, subject), apiKeyId, MAX_API_KEYS),
          ],
        );
      }
      case 'revoke': {
        if (state.status === 'absent') return refuse(apiKeyNotFound);
        if (command.owner !== null && command.owner !== state.subject) return refuse(apiKeyNotFound);
        if (state.status === 'revoked') return accept<ApiKeyEvent>([]);
        const { tenantId, apiKeyId, subject } = state;
        return accept<ApiKeyEvent>(
          [{ type: 'ApiKeyRevoked', data: { tenantId, apiKeyId, subject } }],
          [releaseAmount('api-keys', ownerKey(tenantId, subject), apiKeyId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'ApiKeyCreated': {
        const { tenantId, apiKeyId, subject } = event.data;
        return { status: 'live', tenantId, apiKeyId, subject };
      }
      case 'ApiKeyRevoked':
        return state.status === 'absent' ? state : { ...state, status: 'revoked' };
      default:
        return event satisfies never;
    }
  },
};
