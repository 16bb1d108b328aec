/**
 * Tells when addresses run low, when there are none, and when there are enough again: each tenant of its namespaces, the operator of
 * the platform's ranges. Level-triggered: it compares how they are used with what was told last.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { metrics } from '@atoll/service/metrics';
import type { Pool } from 'pg';
import { Gauge } from 'prom-client';
import { namespaceSupply, namespaceSupplyStream, poolSupply, poolSupplyStream, supplyOf } from '../domain/supply.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { originBecauseOf } from '../origin.ts';
import { readNamespaceSupply, readPoolSupply } from '../pools/supply.ts';
import { closed } from './first-subnets.ts';

const freeRatio = new Gauge({
  name: 'atoll_address_pool_free_ratio',
  help: 'How much of the ranges of a purpose and family can be given, 0 to 1',
  labelNames: ['purpose', 'family'],
  registers: [metrics],
});

/** Read at once; a run goes through all of them. */
const pageSize = 500;

export interface SupplyOptions {
  readonly db: Pool;
  readonly store: EventStore;
  /** How long an address of an instance rests at least before it is given again. */
  readonly restMs: number;
  readonly reachability: Reachability;
  readonly caughtUp: () => Promise<void>;
}

const of = (tenant: Tenant) => originBecauseOf({ tenant, cause: null, correlation: 'supply', traceparent: null });

async function tellTenants(options: SupplyOptions): Promise<void> {
  const { db, store } = options;
  for (let after = ''; ; ) {
    const page = await readNamespaceSupply(db, options, after, pageSize);
    await Promise.all(
      page.map(async ({ tenant, told, size, free, use }) => {
        const supply = supplyOf(told, { size, free });
        if (supply === told) return;
        const outcome = await handleCommand(store, {
          decider: namespaceSupply,
          stream: namespaceSupplyStream(use.namespaceId),
          command: { from: told, supply, told: use },
          origin: of(tenant),
          // It is being deleted: nobody waits for addresses there.
          onClaimConflict: () => closed,
        });
        if (!outcome.ok && outcome.rejection !== closed)
          throw new Error(`${use.namespaceId}: ${outcome.rejection.message}`);
      }),
    );
    if (page.length < pageSize) return;
    after = page.at(-1)?.use.namespaceId ?? '';
  }
}

async function tellOperator({ db, store }: SupplyOptions): Promise<void> {
  for (const { told, size, free, use } of await readPoolSupply(db)) {
    if (size > 0) freeRatio.set({ purpose: use.purpose, family: use.family }, Math.max(0, free / size));
    // Without any range nobody misses it.
    const supply = size === 0 ? 'ENOUGH' : supplyOf(told, { size, free });
    if (supply === told) continue;
    const outcome = await handleCommand(store, {
      decider: poolSupply,
      stream: poolSupplyStream(use),
      command: { from: told, supply, told: use },
      origin: of(PLATFORM),
    });
    if (!outcome.ok) throw new Error(`${use.purpose} ${use.family}: ${outcome.rejection.message}`);
  }
}

export async function reconcileSupply(options: SupplyOptions): Promise<void> {
  // What the last run told must be in the tables, or this one would tell it again (to no effect, but for nothing).
  await options.caughtUp();
  await tellTenants(options);
  await tellOperator(options);
}
