/** Answers the quota ledger: which subnets, public addresses and ports are held, as their streams say now. */
import { type EventStore, loadState } from '@atoll/events/store';
import { type Id, idKind } from '@atoll/schema/ids';
import { holdingsSubject } from '@atoll/schema/subjects';
import { HOLDINGS_PAGE, type Holding, type HoldingsReply, holdingsRequest } from '@atoll/schema/tenancy/quotas';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { portMapping, portMappingStream } from './domain/port-mapping.ts';
import { publicAddress, publicAddressStream } from './domain/public-address.ts';
import { subnet, subnetStream } from './domain/subnet.ts';

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
}

export const serveHoldings = (needs: Needs): { stop(): Promise<void> } =>
  serveJson(
    needs.nc,
    { subject: holdingsSubject('network'), queue: 'holdings-network', concurrency: 4, log: needs.log },
    (body) => answer(needs, body),
  );

async function answer({ store, pool }: Needs, body: unknown): Promise<HoldingsReply> {
  const request = holdingsRequest.parse(body);
  // Before the streams are read: whatever is committed after that isn't in the answer, or is from after that time.
  const clock = await pool.query<{ now: Date }>('select clock_timestamp() as now');
  const time = (clock.rows[0]?.now ?? new Date(0)).toISOString();
  const named = 'holders' in request;
  const ids = named ? request.holders : await pageAfter(pool, request.after);
  const found = await Promise.all(ids.map((holderId) => holdingOf(store, holderId)));
  const next = named || ids.length < HOLDINGS_PAGE ? null : (ids.at(-1) ?? null);
  return { time, holdings: found.flat(), next };
}

async function holdingOf(store: EventStore, holderId: string): Promise<readonly Holding[]> {
  switch (idKind(holderId)) {
    case 'publicAddress': {
      const at = { decider: publicAddress, stream: publicAddressStream(holderId) };
      const { state, tenant, version } = await loadState(store, at);
      if (state.status !== 'held') return [];
      const { namespaceId, name } = state.held;
      const amounts = { publicIps: 1 };
      return [{ holderId, tenant: tenant as Id<'tenant'>, namespaceId, name, amounts, told: version }];
    }
    case 'portMapping': {
      const at = { decider: portMapping, stream: portMappingStream(holderId) };
      const { state, tenant, version } = await loadState(store, at);
      if (state.status !== 'open') return [];
      const { namespaceId, address, protocol, port } = state.mapping;
      const name = `${address} ${protocol}/${port}`;
      return [{ holderId, tenant: tenant as Id<'tenant'>, namespaceId, name, amounts: { ports: 1 }, told: version }];
    }
    default: {
      const { state, tenant, version } = await loadState(store, { decider: subnet, stream: subnetStream(holderId) });
      if (state.status !== 'allocated' && state.status !== 'closed') return [];
      const { namespaceId, ipv4: name } = state.ranges;
      const amounts = { subnets: 1 };
      return [{ holderId, tenant: tenant as Id<'tenant'>, namespaceId, name, amounts, told: version }];
    }
  }
}

async function pageAfter(pool: Pool, after: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'network-holders',
    text: `select id from (
      (select subnet_id as id from network.subnet where subnet_id > $1 order by 1 limit $2)
      union all
      (select public_address_id from network.public_address
       where public_address_id > $1 and rests_until is null order by 1 limit $2)
      union all
      (select port_mapping_id from network.port_mapping where port_mapping_id > $1 order by 1 limit $2)
    ) holders order by id limit $2`,
    values: [after, HOLDINGS_PAGE],
  });
  return rows.map(({ id }) => id);
}
