/** What a tenant is told when a claim can't be had: one text for each set of claims. */
import type { ClaimConflict } from '@atoll/events/store';
import { capabilityRegistry, isCapability } from '@atoll/schema/capabilities';
import { type Rejection, reject, tenantSuspended } from '@atoll/schema/errors';
import { MAX_API_KEYS } from './domain/api-key.ts';
import { capabilityOf, EXCLUSION } from './domain/capability-use.ts';
import type { ClaimSet } from './domain/claims.ts';
import { isLimitCheck } from './domain/entitlements.ts';
import { environmentNotFound } from './domain/environment.ts';
import { MAX_INVITATIONS } from './domain/invitation.ts';
import { MAX_ISSUERS } from './domain/issuer.ts';
import { namespaceNotFound } from './domain/namespace.ts';
import { planRetired } from './domain/plan.ts';
import { measureOf } from './domain/quota.ts';

const taken = (what: string) => (): Rejection =>
  reject('NAME_TAKEN', `There is already ${what} of that name. Choose another one.`, 'name');

/** The key's answer is that of another request. */
export const keyReused = reject(
  'IDEMPOTENCY_KEY_REUSED',
  'The idempotency key was used for another request. Take a new key.',
);

/** Decided again by whoever sees it; told only where that went on and on. */
const changedMeanwhile = reject('VERSION_CONFLICT', 'The plan was changed at the same time. Repeat the request.');

const listed = ({ holders }: ClaimConflict) => {
  const owners = holders.map(({ owner }) => owner).filter((owner) => owner !== EXCLUSION);
  return owners.length > 10 ? `${owners.slice(0, 10).join(', ')} and more` : owners.join(', ');
};

function inUse(conflict: ClaimConflict): Rejection {
  const { claim, held } = conflict;
  const name = 'key' in claim ? capabilityOf(claim.key) : '';
  return reject(
    'CAPABILITY_IN_USE',
    `The tenant uses the capability "${name}" ${held ?? 0} times: ${listed(conflict)}. Have that removed first, or say ` +
      'despiteUse: what is there then stays, and nothing new is admitted.',
  );
}

function excluded({ claim }: ClaimConflict): Rejection {
  const name = 'key' in claim ? capabilityOf(claim.key) : '';
  const what = isCapability(name) ? ` (${capabilityRegistry[name]})` : '';
  return reject(
    'CAPABILITY_EXCLUDED',
    `The tenant's plan has not the capability "${name}"${what} Ask the operator for a plan that has it.`,
  );
}

function belowUse(what: string, conflict: ClaimConflict): Rejection {
  const { claim, held } = conflict;
  const limit = 'limit' in claim && claim.limit !== null ? claim.limit - 1 : 0;
  return reject(
    'LIMIT_BELOW_USE',
    `The tenant holds ${held ?? 0} ${what}, and the new limit is ${limit}: ${listed(conflict)}. Have some deleted first, or ` +
      'say despiteUse: what is there then stays, and nothing new is admitted until less is held.',
    'limits',
  );
}
export const goingAway = reject(
  'BEING_DELETED',
  'It is being deleted, or what it is in is. Wait until that is over; a deletion that destroys nothing yet can be cancelled.',
);
export const protectedFrom = (ids: readonly string[]): Rejection =>
  reject(
    'DELETION_BLOCKED',
    `Protected from deletion: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' and others' : ''}. Lift the protection (setDeletionProtection) first.`,
  );
export const onHold = reject(
  'DELETION_BLOCKED',
  'The operator of the platform holds the tenant: nothing of it may be destroyed until the hold is over.',
);

const denials: Record<ClaimSet, (conflict: ClaimConflict) => Rejection> = {
  'tenant-request': () => keyReused,
  // Where there is no tenant it is said before: here it was suspended in between.
  tenant: () => tenantSuspended('just now'),
  environment: () => environmentNotFound,
  'tenant-name': taken('a tenant'),
  'environment-name': taken('an environment'),
  // Required by what is bound to the namespace, taken by what creates one.
  'namespace-name': ({ claim }) => (claim.op === 'require' ? namespaceNotFound : taken('a namespace')()),
  'service-account-name': taken('a service account'),
  issuer: () =>
    reject(
      'NAME_TAKEN',
      'The tenant has registered this issuer for this audience already: change that one.',
      'audience',
    ),
  issuers: () =>
    reject('QUOTA_EXCEEDED', `A tenant has at most ${MAX_ISSUERS} issuers. Remove one that is not in use.`),
  'api-keys': () =>
    reject('QUOTA_EXCEEDED', `An owner has at most ${MAX_API_KEYS} API keys, expired ones included. Revoke one.`),
  // Somebody else let go of it in between.
  invitation: () => reject('INVITATION_USED', 'The invitation was accepted or taken back just now.', 'token'),
  invitations: () =>
    reject(
      'QUOTA_EXCEEDED',
      `A tenant has at most ${MAX_INVITATIONS} open invitations, expired ones included. Revoke one.`,
    ),
  'plan-chosen': taken('a tenant'),
  'plan-name': taken('a plan'),
  'plan-offered': () => planRetired,
  'plan-revision': () => changedMeanwhile,
  entitlements: () => changedMeanwhile,
  'capability-use': (conflict) =>
    'owner' in conflict.claim && conflict.claim.owner === EXCLUSION ? inUse(conflict) : excluded(conflict),
  deletion: () => goingAway,
  'deletion-protection': ({ holders }) => protectedFrom(holders.map(({ owner }) => owner)),
  'legal-hold': () => onHold,
};

export function denied(conflict: ClaimConflict): Rejection {
  if (isLimitCheck(conflict.claim)) return belowUse(measureOf(conflict.claim.set) ?? conflict.claim.set, conflict);
  const { set } = conflict.claim;
  if (!Object.hasOwn(denials, set)) throw new Error(`No denial is written for the claim set "${set}".`);
  return denials[set as ClaimSet](conflict);
}
