/** What is told where a quota has no room: how much is held, by whom, and what can be done about it. */
import { type ClaimConflict, type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import { type QuotaLevel, quotaMeasures } from '@atoll/schema/tenancy/quotas';
import { holding, holdingStream } from './domain/holding.ts';
import { namespace, namespaceStream } from './domain/namespace.ts';
import { levelOf, measureOf } from './domain/quota.ts';

/** Named in the text; the API has all of them. */
const NAMED = 5;

const waysOut: Record<QuotaLevel, string> = {
  tenant: 'ask the operator for a higher limit',
  environment: "raise the environment's limit with setQuota",
  namespace: "raise the namespace's limit with setQuota",
};

/** What a claim of the ledger met: null where the conflict is about something else. */
function met({ claim, at }: ClaimConflict) {
  if (at !== undefined) {
    const measure = measureOf(at.set);
    return measure === undefined ? null : { ...at, measure, asked: at.amount };
  }
  if (claim.op !== 'limit' || claim.limit === null) return null;
  const measure = measureOf(claim.set);
  return measure === undefined ? null : { key: claim.key, limit: claim.limit, measure, asked: null };
}

async function nameOf(store: EventStore, tenant: Tenant, owner: string): Promise<string> {
  if (owner.startsWith('ns_')) {
    const { state, tenant: whose } = await loadState(store, { decider: namespace, stream: namespaceStream(owner) });
    return whose === tenant && (state.status === 'active' || state.status === 'deleting') ? `${state.name} ` : '';
  }
  const { state, tenant: whose } = await loadState(store, { decider: holding, stream: holdingStream(owner) });
  return whose === tenant && state.status === 'known' ? `${state.name} ` : '';
}

async function holdersText(store: EventStore, tenant: Tenant, holders: ClaimConflict['holders']): Promise<string> {
  if (holders.length === 0) return 'Nobody else holds any';
  const named = await Promise.all(
    holders
      .slice(0, NAMED)
      .map(async ({ owner, amount }) => `${await nameOf(store, tenant, owner)}(${owner}) ${amount}`),
  );
  return `${holders.length > NAMED ? 'Most of it is' : 'It is'} held by ${named.join(', ')}`;
}

/** Null where the conflict isn't about a quota. */
export async function quotaDenial(
  store: EventStore,
  tenant: Tenant,
  conflict: ClaimConflict,
  /** Who asks, as texts call it. */
  asking: string,
): Promise<Rejection | null> {
  const about = met(conflict);
  if (about === null) return null;
  const { key, limit, measure, asked } = about;
  const { unit } = quotaMeasures[measure];
  const level = levelOf(key);
  const held = conflict.held ?? 0;
  const who = await holdersText(store, tenant, conflict.holders);
  const scope = level === 'tenant' ? 'The tenant' : `The ${level} ${key}`;
  if (asked === null) {
    return reject(
      'LIMIT_BELOW_USE',
      `${scope} holds ${held} ${unit} (${measure}), more than ${limit}. ${who}, reservations included. Make some of it ` +
        'smaller or delete it first, or set a higher limit.',
      `limits.${measure}`,
    );
  }
  return reject(
    'QUOTA_EXCEEDED',
    `${scope} holds ${held} of at most ${limit} ${unit} (${measure}), and ${asking} would hold ${asked}. ${who}. Make ` +
      `something smaller or delete it and wait until it is gone, or ${waysOut[level]}.`,
  );
}
