/**
 * Compares the quota ledger with reality: with what the owners of the holders say, who decide from their own streams.
 *
 * A difference counts where it is the same in two looks, one after the other: what is only on its way isn't one. It is
 * told by an event and kept in sight until ledger and owner agree. Healed is what is provably stale: what is held for a
 * holder that its owner doesn't know, or that holds nothing. Nothing is ever raised: a holder that holds more than the
 * ledger knows is for people to look at, for it may be the owner that is wrong.
 */
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import type { Context } from '@atoll/schema/contexts';
import type { Id } from '@atoll/schema/ids';
import { HOLDINGS_PAGE, type Holding, measureNames, quotaMeasures } from '@atoll/schema/tenancy/quotas';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import { isServiceAway, type NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { askHoldings } from '../ask-holdings.ts';
import { environmentOf } from '../commands/quotas.ts';
import { committedOf, type HoldingCommand, type HoldingState, holding, holdingStream } from '../domain/holding.ts';
import { DIFFERENCE, isNothing, measureSet, same } from '../domain/quota.ts';

/** Owners of holders other than this context's own, whose claims are its own commits'. */
const owners: readonly Context[] = ['deploy', 'network'];

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

export interface Reconciler extends Controller {
  /** One look, now; resolves when it is over. */
  look(): Promise<void>;
}

export function startReconciler(needs: Needs & { readonly everyMs: number }): Reconciler {
  /** What differed in the last look, as it differed. */
  let suspects: ReadonlyMap<string, string> = new Map();
  let looking: Promise<void> = Promise.resolve();

  async function lookOnce(signal: AbortSignal): Promise<void> {
    const found = new Map<string, string>();
    for (const owner of owners) {
      try {
        await compareAll(needs, owner, suspects, found, signal);
      } catch (error) {
        if (!isServiceAway(error)) throw error;
        needs.log.warn({ owner }, 'the quota ledger is not compared: the owner is away');
      }
    }
    suspects = found;
  }

  /** One look at a time. */
  function look(signal: AbortSignal): Promise<void> {
    const next = looking.then(() => lookOnce(signal));
    looking = next.catch(() => {});
    return next;
  }

  const controller = startController({
    name: 'quota-reconciler',
    resyncMs: needs.everyMs,
    log: needs.log,
    reconcile: look,
  });
  return { ...controller, look: () => look(new AbortController().signal) };
}

type Suspects = ReadonlyMap<string, string>;

async function compareAll(
  needs: Needs,
  owner: Context,
  suspects: Suspects,
  found: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  // Reality first: what its owner has, and the ledger knows nothing of, or something else.
  for (let after: string | null = ''; after !== null && !signal.aborted; ) {
    const page = await askHoldings(needs.nc, owner, { after });
    for (const actual of page.holdings) await compare(needs, owner, actual.holderId, actual, suspects, found);
    after = page.next;
  }
  // Then the ledger: what it keeps for holders that aren't there any more.
  for (let after: string | null = ''; after !== null && !signal.aborted; ) {
    const holders: string[] = await holdersOf(needs.pool, owner, after);
    if (holders.length === 0) return;
    const { holdings } = await askHoldings(needs.nc, owner, { holders });
    const actual = new Map(holdings.map((one) => [one.holderId, one]));
    for (const holderId of holders) {
      if (!actual.has(holderId)) await compare(needs, owner, holderId, null, suspects, found);
    }
    after = holders.length < HOLDINGS_PAGE ? null : (holders.at(-1) ?? null);
  }
}

async function holdersOf(pool: Pool, owner: Context, after: string): Promise<string[]> {
  const sets = measureNames.filter((measure) => quotaMeasures[measure].owner === owner).map(measureSet);
  const { rows } = await pool.query<{ owner: string }>({
    name: 'tenancy-quota-holders',
    text: `
      select owner from tenancy.claim_amount where claim_set = any($1) and key like 'ten\\_%' and owner > $2
      union select key from tenancy.claim_unique where claim_set = $4 and key > $2
      order by owner limit $3`,
    values: [sets, after, HOLDINGS_PAGE, DIFFERENCE],
  });
  return rows.map((row) => row.owner);
}

async function compare(
  needs: Needs,
  owner: Context,
  holderId: string,
  actual: Holding | null,
  suspects: Suspects,
  found: Map<string, string>,
): Promise<void> {
  const loaded = await loadState(needs.store, { decider: holding, stream: holdingStream(holderId) });
  const { state } = loaded;
  if (state.status === 'known' && state.owner !== owner) return;
  const amounts = actual?.amounts ?? {};
  const tenant = (loaded.tenant ?? actual?.tenant) as Id<'tenant'> | undefined;
  if (tenant === undefined || (same(committedOf(state), amounts) && !differs(state))) return;
  const facts = await factsOf(needs.store, owner, tenant, state, actual);
  if (facts === null) return;
  if (!same(committedOf(state), amounts)) {
    // While something is reserved for it, it may be growing right now.
    const how = JSON.stringify([committedOf(state), amounts, loaded.version]);
    found.set(holderId, how);
    if (suspects.get(holderId) !== how) return;
    needs.log.error({ tenant, holderId, recorded: committedOf(state), actual: amounts }, 'the quota ledger differs');
  }
  const told = actual?.told ?? 0;
  const command: HoldingCommand =
    isNothing(amounts) && !isNothing(committedOf(state))
      ? { kind: 'heal', tenant, told, seen: state.status === 'known' ? state.told : 0 }
      : { kind: 'compare', tenant, ...facts, actual: amounts };
  const outcome = await handleCommand(needs.store, {
    decider: holding,
    stream: holdingStream(holderId),
    command,
    origin: { tenant, actor: 'service:tenancy', cause: null, correlation: holderId, traceparent: null },
  });
  if (!outcome.ok) needs.log.error({ holderId, ...outcome.rejection }, 'a difference could not be told');
}

const differs = (state: HoldingState): boolean => state.status === 'known' && state.actual !== null;

async function factsOf(
  store: EventStore,
  owner: Context,
  tenant: Id<'tenant'>,
  state: HoldingState,
  actual: Holding | null,
) {
  if (state.status === 'known') {
    const { holderId, namespaceId, environmentId, name } = state;
    return { holderId, namespaceId, environmentId, name, owner };
  }
  if (actual === null) return null;
  const { holderId, namespaceId, name } = actual;
  const environmentId = await environmentOf(store, tenant, namespaceId);
  return environmentId === null ? null : { holderId, namespaceId, environmentId, name, owner };
}
