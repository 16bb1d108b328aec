/** An issuer of tokens that a tenant accepts. Stream `issuer:<id>`. */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { IdentityEvent, IssuerSettings } from '@atoll/schema/tenancy/identity';
import { releaseAmount, releaseUnique, requireClaim, takeAmount, takeUnique } from './claims.ts';

export const MAX_ISSUERS = 20;

type IssuerEvent = Extract<IdentityEvent, { type: `Issuer${string}` }>;

/** Settings in which what is left out stays as it is. */
export type IssuerChange = { readonly [K in keyof IssuerSettings]?: IssuerSettings[K] | undefined };

export type IssuerState =
  | { readonly status: 'absent' }
  | { readonly status: 'removed' }
  | {
      readonly status: 'registered';
      readonly tenantId: Id<'tenant'>;
      readonly issuerId: Id<'issuer'>;
      readonly url: string;
      readonly settings: IssuerSettings;
    };

export type IssuerCommand =
  | {
      readonly kind: 'register';
      readonly tenantId: Id<'tenant'>;
      readonly issuerId: Id<'issuer'>;
      readonly url: string;
      readonly settings: IssuerSettings;
    }
  | { readonly kind: 'change'; readonly change: IssuerChange }
  | { readonly kind: 'remove' };

export const issuerStream = (id: string) => `issuer:${id}`;
export const issuerNotFound = reject('NOT_FOUND', 'There is no such issuer.', 'issuerId');

const audienceKey = (tenant: string, url: string, audience: string) => `${tenant} ${url} ${audience}`;

const notMapped = reject(
  'INVALID_ARGUMENT',
  'Roles of groups need the claim that says the groups: set `claims.groups`, or leave the roles out.',
  'groupRoles',
);
/** Members are known by what the claim said: by another one, somebody could say that they are one of them. */
const otherSubjects = reject(
  'INVALID_ARGUMENT',
  'claims.subject: stays as it was registered, or its members would be others; register the issuer anew for another claim',
  'claims.subject',
);
const mapsNowhere = ({ claims, groupRoles }: IssuerSettings) => groupRoles.length > 0 && claims.groups === null;

function changed(before: IssuerSettings, change: IssuerChange): IssuerSettings {
  return {
    name: change.name ?? before.name,
    audience: change.audience ?? before.audience,
    algorithms: change.algorithms ?? before.algorithms,
    tokenTypes: change.tokenTypes ?? before.tokenTypes,
    claims: change.claims ?? before.claims,
    groupRoles: change.groupRoles ?? before.groupRoles,
  };
}

export const issuer: Decider<IssuerState, IssuerCommand, IssuerEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    if (command.kind === 'register') {
      const { tenantId, issuerId, url, settings } = command;
      if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The issuer is registered already.'));
      if (mapsNowhere(settings)) return refuse(notMapped);
      return accept<IssuerEvent>(
        [{ type: 'IssuerRegistered', data: { tenantId, issuerId, url, ...settings } }],
        [
          requireClaim('tenant', tenantId),
          takeUnique('issuer', audienceKey(tenantId, url, settings.audience), issuerId),
          takeAmount('issuers', tenantId, issuerId, MAX_ISSUERS),
        ],
      );
    }
    if (state.status !== 'registered') return refuse(issuerNotFound);
    const { tenantId, issuerId, url, settings } = state;
    const held = audienceKey(tenantId, url, settings.audience);
    switch (command.kind) {
      case 'change': {
        const next = changed(settings, command.change);
        if (mapsNowhere(next)) return refuse(notMapped);
        if (next.claims.subject !== settings.claims.subject) return refuse(otherSubjects);
        if (JSON.stringify(next) === JSON.stringify(settings)) return accept<IssuerEvent>([]);
        const moved: readonly Claim[] =
          next.audience === settings.audience
            ? []
            : [
                takeUnique('issuer', audienceKey(tenantId, url, next.audience), issuerId),
                releaseUnique('issuer', held, issuerId),
              ];
        return accept<IssuerEvent>(
          [{ type: 'IssuerChanged', data: { tenantId, issuerId, ...next } }],
          [requireClaim('tenant', tenantId), ...moved],
        );
      }
      // Also where the tenant is suspended: whoever must not come in, must not.
      case 'remove':
        return accept<IssuerEvent>(
          [{ type: 'IssuerRemoved', data: { tenantId, issuerId } }],
          [releaseUnique('issuer', held, issuerId), releaseAmount('issuers', tenantId, issuerId)],
        );
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'IssuerRegistered': {
        const { tenantId, issuerId, url, ...settings } = event.data;
        return { status: 'registered', tenantId, issuerId, url, settings };
      }
      case 'IssuerChanged': {
        if (state.status !== 'registered') return state;
        const { tenantId: _tenant, issuerId: _issuer, ...settings } = event.data;
        return { ...state, settings };
      }
      case 'IssuerRemoved':
        return { status: 'removed' };
      default:
        return event satisfies never;
    }
  },
};
