/**
 * What one holder holds of the quotas. Stream `holding:<holder>`.
 *
 * - reserve: room for all that it may come to hold, kept until the reservation ends. Only here a limit can refuse.
 * - commit: what it holds, by the word of its owner, which is a fact: it counts whatever the limits say.
 * - end: a reservation goes unused.
 *
 * What it takes of the quotas is the most of what it holds and of what is reserved for it, by measure. Claims are the
 * difference of that before and after, so they can't drift from what the stream says.
 */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import type { Context } from '@atoll/schema/contexts';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { QuotaAmounts, QuotaLimits } from '@atoll/schema/tenancy/quotas';
import { namespaceNameKey, requireClaim, requireHeldBy } from './claims.ts';
import { amountClaims, differenceClaim, isNothing, leaseClaim, most, same } from './quota.ts';

export type HoldingEvent = Extract<
  TenancyEvent,
  { type: 'QuotaReserved' | 'QuotaCommitted' | 'QuotaReservationEnded' | `QuotaDifference${string}` }
>;

export interface Reservation {
  readonly reservationId: Id<'reservation'>;
  readonly amounts: QuotaAmounts;
  readonly until: string;
  readonly useBefore: string;
}

interface HolderFacts {
  readonly holderId: string;
  readonly namespaceId: Id<'namespace'>;
  readonly environmentId: Id<'environment'>;
  readonly name: string;
  readonly owner: Context;
}
export interface Holder extends HolderFacts {
  readonly status: 'known';
  /** By the word of its owner. */
  readonly committed: QuotaAmounts;
  /** Version of its stream at its owner's that said so. */
  readonly told: number;
  readonly reservations: readonly Reservation[];
  /** What its owner says it holds, where that is found to be something else; null where it isn't. */
  readonly actual: QuotaAmounts | null;
}
export type HoldingState = { readonly status: 'absent' } | Holder;

export type HoldingCommand = { readonly tenant: Id<'tenant'> } & (
  | ({
      readonly kind: 'reserve';
      /** The tenant's, and the mark of the entitlements that they are of; null where it has none yet. */
      readonly limits: QuotaLimits;
      readonly entitlements: string | null;
      /** Which it holds until it is gone. */
      readonly namespaceName: string;
    } & HolderFacts &
      Reservation)
  | ({
      readonly kind: 'commit';
      readonly amounts: QuotaAmounts;
      readonly told: number;
      readonly reservationId: Id<'reservation'> | null;
    } & HolderFacts)
  | { readonly kind: 'end'; readonly reservationId: Id<'reservation'>; readonly reason: 'RELEASED' | 'EXPIRED' }
  /** Ledger and owner were compared. */
  | ({ readonly kind: 'compare'; readonly actual: QuotaAmounts } & HolderFacts)
  /** Its owner knows of no such holder, or of nothing that it holds. */
  | {
      readonly kind: 'heal';
      readonly told: number;
      /** The word of its owner that was found to be stale: one that has come since is left as it is. */
      readonly seen: number;
    }
);
type Command<K extends HoldingCommand['kind']> = Extract<HoldingCommand, { kind: K }>;

/** Of one holder at a time: whoever has so many under way has lost them. */
export const MAX_RESERVATIONS = 50;

export const holdingStream = (holderId: string) => `holding:${holderId}`;

export const committedOf = (state: HoldingState): QuotaAmounts => (state.status === 'known' ? state.committed : {});

/** What counts of it. */
export const heldBy = (state: HoldingState): QuotaAmounts =>
  state.status === 'absent'
    ? {}
    : state.reservations.reduce<QuotaAmounts>((held, { amounts }) => most(held, amounts), most(state.committed, {}));

const notFound = reject('NOT_FOUND', 'There is no such holder.', 'holderId');

export const holding: Decider<HoldingState, HoldingCommand, HoldingEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'reserve':
        return reserve(state, command);
      case 'commit': {
        if (state.status === 'absent' && isNothing(command.amounts)) return accept<HoldingEvent>([]);
        // A word that was overtaken by a later one.
        if (state.status === 'known' && command.told <= state.told) return accept<HoldingEvent>([]);
        const { amounts, told, reservationId } = command;
        const data = { ...factsOf(command), amounts: most(amounts, {}), told, reservationId };
        return decided(state, [{ type: 'QuotaCommitted', data }, ...agreement(state)], command);
      }
      case 'end': {
        const known = reservationOf(state, command.reservationId);
        if (state.status === 'absent' || known === undefined) return accept<HoldingEvent>([]);
        const { reservationId, reason } = command;
        return decided(
          state,
          [{ type: 'QuotaReservationEnded', data: { ...placeOf(state), reservationId, reason } }],
          command,
        );
      }
      case 'compare': {
        const recorded = committedOf(state);
        const actual = most(command.actual, {});
        if (same(recorded, actual)) return decided(state, agreement(state), command);
        if (state.status === 'known' && state.actual !== null && same(state.actual, actual))
          return accept<HoldingEvent>([]);
        const found = { ...factsOf(command), recorded, actual };
        return decided(state, [{ type: 'QuotaDifferenceFound', data: found }], command);
      }
      case 'heal': {
        if (state.status === 'absent') return refuse(notFound);
        if (isNothing(state.committed) || state.told !== command.seen) return accept<HoldingEvent>([]);
        const recorded = state.committed;
        const facts = factsOf(state);
        const told = Math.max(command.told, state.told);
        return decided(
          state,
          [
            { type: 'QuotaDifferenceFound', data: { ...facts, recorded, actual: {} } },
            { type: 'QuotaCommitted', data: { ...facts, amounts: {}, told, reservationId: null } },
            { type: 'QuotaDifferenceEnded', data: { ...placeOf(state), healed: true } },
          ],
          command,
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'QuotaReserved': {
        const { reservationId, amounts, until, useBefore } = event.data;
        const known = state.status === 'known' ? state : begun(event.data);
        return { ...known, reservations: [...known.reservations, { reservationId, amounts, until, useBefore }] };
      }
      case 'QuotaCommitted': {
        const { amounts, told, reservationId, name } = event.data;
        const known = state.status === 'known' ? state : begun(event.data);
        return { ...known, name, committed: amounts, told, reservations: without(known, reservationId) };
      }
      case 'QuotaReservationEnded':
        if (state.status === 'absent') return state;
        return { ...state, reservations: without(state, event.data.reservationId) };
      case 'QuotaDifferenceFound':
        return { ...(state.status === 'known' ? state : begun(event.data)), actual: event.data.actual };
      case 'QuotaDifferenceEnded':
        return state.status === 'absent' ? state : { ...state, actual: null };
      default:
        return event satisfies never;
    }
  },
};

function reserve(state: HoldingState, command: Command<'reserve'>): Decision<HoldingEvent> {
  if (state.status === 'known') {
    if (state.namespaceId !== command.namespaceId || state.owner !== command.owner) return refuse(notFound);
    if (state.reservations.length >= MAX_RESERVATIONS) {
      return refuse(reject('UNAVAILABLE', `${state.name} has ${MAX_RESERVATIONS} reservations under way. Try again.`));
    }
  }
  const { reservationId, amounts, until, useBefore } = command;
  const data = { ...factsOf(command), reservationId, amounts: most(amounts, {}), until, useBefore };
  const decision = decided(state, [{ type: 'QuotaReserved', data }], command);
  if (!decision.ok) return decision;
  const { entitlements, environmentId, namespaceId, namespaceName } = command;
  return {
    ...decision,
    claims: [
      requireHeldBy('namespace-name', namespaceNameKey(environmentId, namespaceName), namespaceId),
      ...(entitlements === null ? [] : [requireClaim('entitlements', entitlements)]),
      ...decision.claims,
    ],
  };
}

const begun = ({ holderId, namespaceId, environmentId, name, owner }: HolderFacts): Holder => ({
  ...{ status: 'known', holderId, namespaceId, environmentId, name, owner },
  ...{ committed: {}, told: 0, reservations: [], actual: null },
});

const without = ({ reservations }: Holder, id: Id<'reservation'> | null) =>
  reservations.filter(({ reservationId }) => reservationId !== id);

export const reservationOf = (state: HoldingState, id: string): Reservation | undefined =>
  state.status === 'absent' ? undefined : state.reservations.find(({ reservationId }) => reservationId === id);

const placeOf = ({ holderId, namespaceId, environmentId }: HolderFacts) => ({ holderId, namespaceId, environmentId });
const factsOf = (facts: HolderFacts) => ({ ...placeOf(facts), name: facts.name, owner: facts.owner });

/** A difference that was found is over once its owner's word is recorded. */
const agreement = (state: HoldingState): HoldingEvent[] =>
  state.status === 'known' && state.actual !== null
    ? [{ type: 'QuotaDifferenceEnded', data: { ...placeOf(state), healed: false } }]
    : [];

function decided(
  before: HoldingState,
  events: readonly HoldingEvent[],
  command: HoldingCommand,
): Decision<HoldingEvent> {
  const after = events.reduce(holding.evolve, before);
  if (after.status === 'absent') return accept(events);
  const { tenant } = command;
  const { environmentId, namespaceId, holderId } = after;
  const amounts = amountClaims({
    place: { tenant, environmentId, namespaceId },
    holder: holderId,
    before: heldBy(before),
    after: heldBy(after),
    limits: command.kind === 'reserve' ? command.limits : {},
    anyway: command.kind !== 'reserve',
  });
  return accept(events, [
    ...amounts,
    ...leaseClaims(before, after, tenant),
    ...differenceClaims(before, after, tenant),
  ]);
}

function leaseClaims(before: HoldingState, after: Holder, tenant: Id<'tenant'>): readonly Claim[] {
  const had = before.status === 'known' ? before.reservations : [];
  const has = after.reservations;
  const claims = (op: 'take' | 'release', some: readonly Reservation[], others: readonly Reservation[]) =>
    some
      .filter(({ reservationId }) => !others.some((other) => other.reservationId === reservationId))
      .map((lease) => leaseClaim(op, tenant, { ...lease, holderId: after.holderId }));
  return [...claims('take', has, had), ...claims('release', had, has)];
}

const differs = (state: HoldingState): boolean => state.status === 'known' && state.actual !== null;

/** Who differs is found without looking at everybody. */
function differenceClaims(before: HoldingState, after: Holder, tenant: Id<'tenant'>): readonly Claim[] {
  if (differs(before) === differs(after)) return [];
  return [differenceClaim(differs(after) ? 'take' : 'release', tenant, after.holderId)];
}
