/**
 * What is over with time: public addresses that have rested, which anybody can have then; and subnets that are being
 * deleted, once nobody has an address of them and no node's rules can still contain one.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { addressRange, addressRangeStream } from '../domain/address-range.ts';
import { subnet, subnetStream } from '../domain/subnet.ts';
import { type Reachability, reachable } from '../nodes/reachability.ts';
import { type Because, originBecauseOf } from '../origin.ts';

const perRun = 200;

interface Rested {
  readonly publicAddressId: Id<'publicAddress'>;
  readonly rangeId: Id<'addressRange'>;
  readonly address: string;
  readonly correlation: string;
}
interface Emptied extends Pick<Because, 'tenant'> {
  readonly subnetId: Id<'subnet'>;
}

export interface RestingOptions {
  readonly db: Pool;
  readonly store: EventStore;
  readonly reachability: Reachability;
  readonly caughtUp: () => Promise<void>;
}

function done(what: string, outcome: Awaited<ReturnType<typeof handleCommand>>): void {
  if (!outcome.ok) throw new Error(`${what}: ${outcome.rejection.message}`);
}

async function freeAddresses({ db, store }: RestingOptions): Promise<void> {
  const { rows } = await db.query<Rested>(
    `select public_address_id as "publicAddressId", range_id as "rangeId", address, correlation
     from network.public_address where rests_until <= now() order by rests_until limit $1`,
    [perRun],
  );
  await Promise.all(
    rows.map(async ({ publicAddressId, rangeId, address, correlation }) => {
      const key = `rested:${publicAddressId}`;
      const outcome = await handleCommand(store, {
        decider: addressRange,
        stream: addressRangeStream(rangeId),
        command: { kind: 'rested', publicAddressId, address },
        // The address is the operator's again; whose it was is nobody's business any more.
        origin: { tenant: PLATFORM, actor: 'service:network', cause: null, correlation, traceparent: null },
        idempotency: { key, request: { key } },
      });
      done(address, outcome);
    }),
  );
}

async function releaseSubnets({ db, store, reachability }: RestingOptions): Promise<void> {
  const { rows } = await db.query<Emptied>(
    `select s.subnet_id as "subnetId", s.tenant from network.subnet s
     where s.closed
       and not exists (select from network.address a where a.subnet_id = s.subnet_id and a.instance_id is not null)
       and not exists (
         select from network.node_removal r where r.ipv4 <<= s.ipv4::inet and ${reachable('r', '$2', '$3')}
       )
     order by s.subnet_id limit $1`,
    [perRun, reachability.since, reachability.silentAfterMs],
  );
  await Promise.all(
    rows.map(async ({ subnetId, tenant }) => {
      const stream = subnetStream(subnetId);
      const origin = originBecauseOf({ tenant, cause: null, correlation: subnetId, traceparent: null });
      done(stream, await handleCommand(store, { decider: subnet, stream, command: { kind: 'release' }, origin }));
    }),
  );
}

export async function reconcileResting(options: RestingOptions): Promise<void> {
  await options.caughtUp();
  await freeAddresses(options);
  await releaseSubnets(options);
}
