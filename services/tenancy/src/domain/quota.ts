/** The ledger's claims: what a holder holds counts under its namespace, its environment and its tenant, in one commit. */
import type { Claim, ClaimedAmount } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import {
  measureNames,
  type QuotaAmounts,
  type QuotaLevel,
  type QuotaLimits,
  type QuotaMeasure,
} from '@atoll/schema/tenancy/quotas';

/** Where something is held. A namespace itself is held by its environment and its tenant, and by no namespace. */
export interface Place {
  readonly tenant: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly namespaceId: Id<'namespace'> | null;
}

/** The set of amount claims of a measure; the key is the scope's id, the owner the holder's. */
export const measureSet = (measure: QuotaMeasure): string =>
  measure === 'namespaces' ? 'namespaces' : `quota-${measure}`;
const measureOfSet = new Map(measureNames.map((measure) => [measureSet(measure), measure]));
export const measureOf = (set: string): QuotaMeasure | undefined => measureOfSet.get(set);

/** The level whose id that is. */
export function levelOf(scopeId: string): QuotaLevel {
  if (scopeId.startsWith('ten_')) return 'tenant';
  return scopeId.startsWith('env_') ? 'environment' : 'namespace';
}

/** The narrowest first: who is refused at several levels is told the one that is nearest to them. */
const scopesOf = ({ namespaceId, environmentId, tenant }: Place): readonly string[] =>
  namespaceId === null ? [environmentId, tenant] : [namespaceId, environmentId, tenant];

/**
 * `holder` holds `after` in place of `before`: nothing for what stays. `limits` are the tenant's; those of environments and
 * namespaces are kept beside their claims. `anyway`: it is so already, by the word of its owner.
 */
export function amountClaims(options: {
  readonly place: Place;
  readonly holder: string;
  readonly before: QuotaAmounts;
  readonly after: QuotaAmounts;
  readonly limits: QuotaLimits;
  readonly anyway?: boolean;
}): readonly Claim[] {
  const { place, holder, before, after, limits, anyway } = options;
  const amounts = measureNames.flatMap((measure): ClaimedAmount[] => {
    const amount = after[measure] ?? 0;
    if (amount === (before[measure] ?? 0)) return [];
    return scopesOf(place).map((key) => ({
      set: measureSet(measure),
      key,
      amount,
      limit: key === place.tenant ? (limits[measure] ?? null) : null,
      ...(anyway === true && { anyway }),
    }));
  });
  return amounts.length === 0
    ? []
    : [{ op: 'take', kind: 'amounts', set: 'quota', key: holder, owner: holder, amounts }];
}

/** From now on the scope has these limits of its own, and of the measures that aren't named those that it had. */
export const limitClaims = (scopeId: string, limits: QuotaLimits): readonly Claim[] =>
  measureNames.flatMap((measure): Claim[] => {
    const limit = limits[measure];
    return limit === undefined ? [] : [{ op: 'limit', kind: 'amount', set: measureSet(measure), key: scopeId, limit }];
  });

/** All of a scope's own limits go with it. */
export const noLimits: QuotaLimits = Object.fromEntries(measureNames.map((measure) => [measure, null]));

const LEASE = 'quota-lease';

/** A reservation's lease: a row of the ledger's commit, in the order in which leases end. */
export const leaseClaim = (
  op: 'take' | 'release',
  tenant: Id<'tenant'>,
  lease: { readonly holderId: string; readonly reservationId: string; readonly until: string },
): Claim => ({
  op,
  kind: 'unique',
  set: LEASE,
  key: `${leaseTime(Date.parse(lease.until))}/${lease.holderId}/${lease.reservationId}`,
  owner: tenant,
});
/** Digits of one length: they sort as time does, whatever the collation. */
const leaseTime = (ms: number) => String(ms).padStart(15, '0');

/** The ids in the key of a lease. */
export function leaseOf(key: string): { readonly holderId: string; readonly reservationId: string } {
  const [, holderId = '', reservationId = ''] = key.split('/');
  return { holderId, reservationId };
}
/** Leases that have ended at that time have keys below this. */
export const leasesEndedAt = (ms: number) => ({ set: LEASE, below: leaseTime(ms) });

/** A holder of which ledger and owner don't say the same. */
export const DIFFERENCE = 'quota-difference';
export const differenceClaim = (op: 'take' | 'release', tenant: Id<'tenant'>, holderId: string): Claim => ({
  ...{ op, kind: 'unique', set: DIFFERENCE, key: holderId, owner: tenant },
});

export const most = (a: QuotaAmounts, b: QuotaAmounts): QuotaAmounts =>
  Object.fromEntries(
    measureNames.flatMap((measure) => {
      const amount = Math.max(a[measure] ?? 0, b[measure] ?? 0);
      return amount === 0 ? [] : [[measure, amount]];
    }),
  );

export const same = (a: QuotaAmounts, b: QuotaAmounts): boolean =>
  measureNames.every((measure) => (a[measure] ?? 0) === (b[measure] ?? 0));

export const isNothing = (amounts: QuotaAmounts): boolean => same(amounts, {});
