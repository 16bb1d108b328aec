/**
 * Ends reservations that nobody made use of. Level-triggered: leases are rows of the ledger's commits, so whichever
 * process looks, and whenever, finds those that are over.
 *
 * Time alone ends none. The owner of the holder is asked first: its answer comes from a moment after `useBefore` by the
 * clock that its commits are judged by, so no commit can make use of the reservation any more; and it says the same as the
 * ledger, so none has that the ledger hasn't heard of. An owner that is away keeps its reservations until it is back.
 */
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { type Context, contexts } from '@atoll/schema/contexts';
import type { Id } from '@atoll/schema/ids';
import { HOLDINGS_PAGE } from '@atoll/schema/tenancy/quotas';
import { type Controller, startController } from '@atoll/service/controller';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { isServiceAway, type NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { askHoldings } from '../ask-holdings.ts';
import {
  committedOf,
  type Holder,
  holding,
  holdingStream,
  type Reservation,
  reservationOf,
} from '../domain/holding.ts';
import { leaseOf, leasesEndedAt, same } from '../domain/quota.ts';

const RESYNC_MS = 1000;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

export const startReservations = (needs: Needs): Controller =>
  startController({ name: 'reservations', resyncMs: RESYNC_MS, log: needs.log, reconcile: () => reconcile(needs) });

interface Overdue {
  readonly tenant: Id<'tenant'>;
  readonly holder: Holder;
  readonly reservation: Reservation;
}

/** The oldest first; more are left to the next run. */
async function readOverdue({ store, pool }: Needs): Promise<readonly Overdue[]> {
  const { set, below } = leasesEndedAt(Date.now());
  const { rows } = await pool.query<{ key: string; owner: Id<'tenant'> }>({
    name: 'tenancy-ended-leases',
    text: 'select key, owner from tenancy.claim_unique where claim_set = $1 and key < $2 order by key limit $3',
    values: [set, below, HOLDINGS_PAGE],
  });
  const found = await Promise.all(
    rows.map(async ({ key, owner: tenant }): Promise<Overdue[]> => {
      const { holderId, reservationId } = leaseOf(key);
      const { state } = await loadState(store, { decider: holding, stream: holdingStream(holderId) });
      const reservation = reservationOf(state, reservationId);
      return state.status === 'known' && reservation ? [{ tenant, holder: state, reservation }] : [];
    }),
  );
  return found.flat();
}

async function reconcile(needs: Needs): Promise<void> {
  const overdue = await readOverdue(needs);
  for (const owner of contexts) {
    const its = overdue.filter(({ holder }) => holder.owner === owner);
    if (its.length > 0) await endOf(needs, owner, its);
  }
}

async function endOf(needs: Needs, owner: Context, overdue: readonly Overdue[]): Promise<void> {
  const { store, nc, log } = needs;
  const holders = [...new Set(overdue.map(({ holder }) => holder.holderId))];
  const answer = await askHoldings(nc, owner, { holders }).catch((error: unknown) => {
    if (!isServiceAway(error)) throw error;
    log.warn({ owner, reservations: overdue.length }, 'reservations wait for their owner, which is away');
    return null;
  });
  if (answer === null) return;
  const actual = new Map(answer.holdings.map(({ holderId, amounts }) => [holderId, amounts]));
  for (const { tenant, holder, reservation } of overdue) {
    const { holderId } = holder;
    const { reservationId, useBefore } = reservation;
    if (Date.parse(answer.time) <= Date.parse(useBefore)) continue;
    // It was used, perhaps, and the word of it is still on its way.
    if (!same(committedOf(holder), actual.get(holderId) ?? {})) continue;
    failpoint('quota.before-expiry');
    const outcome = await handleCommand(store, {
      decider: holding,
      stream: holdingStream(holderId),
      command: { kind: 'end', tenant, reservationId, reason: 'EXPIRED' },
      origin: { tenant, actor: 'service:tenancy', cause: null, correlation: reservationId, traceparent: null },
    });
    if (!outcome.ok) throw new Error(`${reservationId} can't be ended: ${outcome.rejection.message}`);
    log.info({ tenant, holderId, reservationId }, 'a reservation of quota has expired');
  }
}
