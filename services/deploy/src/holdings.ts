/** Answers the quota ledger: what deployments take of the quotas, as their streams say now. */
import { type EventStore, loadState } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { holdingsSubject } from '@atoll/schema/subjects';
import { HOLDINGS_PAGE, type Holding, type HoldingsReply, holdingsRequest } from '@atoll/schema/tenancy/quotas';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { eachBounded } from './bounded.ts';
import { equal, nothing } from './domain/amounts.ts';
import { deploymentDecider } from './domain/decide.ts';
import { reserved } from './domain/holdings.ts';
import { deploymentStream } from './domain/streams.ts';

const LOADS_AT_ONCE = 16;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

export const serveHoldings = (needs: Needs): { stop(): Promise<void> } =>
  serveJson(
    needs.nc,
    { subject: holdingsSubject('deploy'), queue: 'holdings-deploy', concurrency: 4, log: needs.log },
    (body) => answer(needs, body),
  );

async function answer({ store, pool }: Needs, body: unknown): Promise<HoldingsReply> {
  const request = holdingsRequest.parse(body);
  // Before the streams are read: whatever is committed after that isn't in the answer, or is from after that time.
  const clock = await pool.query<{ now: Date }>('select clock_timestamp() as now');
  const time = (clock.rows[0]?.now ?? new Date(0)).toISOString();
  const named = 'holders' in request;
  const ids = named ? request.holders : await pageAfter(pool, request.after);
  const holdings: Holding[] = [];
  await eachBounded(LOADS_AT_ONCE, ids, async (holderId) => {
    const stream = deploymentStream(holderId as Id<'deployment'>);
    const { state, tenant, version } = await loadState(store, { decider: deploymentDecider, stream });
    const amounts = reserved(state);
    if (state.status === 'NONE' || state.status === 'DELETED' || equal(amounts, nothing)) return;
    const { namespaceId, name } = state;
    holdings.push({ holderId, tenant: tenant as Id<'tenant'>, namespaceId, name, amounts, told: version });
  });
  const next = named || ids.length < HOLDINGS_PAGE ? null : (ids.at(-1) ?? null);
  return { time, holdings, next };
}

async function pageAfter(pool: Pool, after: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ deployment_id: string }>({
    name: 'deploy-holders',
    text: 'select deployment_id from deploy.deployment where deployment_id > $1 order by deployment_id limit $2',
    values: [after, HOLDINGS_PAGE],
  });
  return rows.map(({ deployment_id }) => deployment_id);
}
