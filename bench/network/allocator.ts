/**
 * A process that gives addresses to instances as the network service does: decide, claims, group-committed append. What the service
 * does before and after, which is to look who waits and what is free, and to tell the nodes, isn't part of it.
 */
import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore, handleCommand } from '@atoll/events/store';
import { addressesAt, capacityOf, lowestHost } from '@atoll/network/domain/addresses';
import { endpoint, endpointStream } from '@atoll/network/domain/endpoint';
import { namespace, namespaceStream } from '@atoll/network/domain/namespace';
import { type SubnetRanges, subnet, subnetStream } from '@atoll/network/domain/subnet';
import { reject } from '@atoll/schema/errors';
import { networkEvents } from '@atoll/schema/network/events';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import { closedLoop, type LoopSpec } from '../events/closed-loop.ts';
import { given, serve } from '../events/contestant.ts';

const log = createLogger('bench');
const schema = 'network';
const ownMigrations = new URL('../../schema/sql/network/', import.meta.url);
const pool = createPool({ url: given('DATABASE_URL'), name: 'allocator', max: 20, log });
const store = createEventStore({ pool, context: 'network', schema, registry: networkEvents, log });
const origin = {
  ...{ tenant: newId('tenant'), actor: 'service:network', cause: null, correlation: 'bench', traceparent: null },
} as const;
const nodeId = newId('node');

/** The next host part of each subnet that this process hasn't tried. */
const next = new Map<string, number>();

export interface Allocated {
  readonly perSecond: number;
  readonly p99: number;
  readonly count: number;
  /** Addresses that another process was faster with. */
  readonly lost: number;
}

/** Answers whether it was the first with that address. */
async function give(to: SubnetRanges, host: number): Promise<boolean> {
  const instanceId = newId('instance');
  let taken = false;
  const outcome = await handleCommand(store, {
    decider: endpoint,
    stream: endpointStream(instanceId),
    command: {
      ...{ kind: 'allocate', instanceId, namespaceId: to.namespaceId, deploymentId: newId('deployment'), nodeId },
      ...{ labels: { app: 'web' }, ...addressesAt(to, host) },
    },
    origin,
    onClaimConflict({ claim }) {
      taken = claim.set === 'address';
      return reject('ILLEGAL_STATE', `The bench finds no ${claim.set}.`);
    },
  });
  if (!outcome.ok && !taken) throw new Error(outcome.rejection.message);
  return outcome.ok;
}

const tasks = {
  /** Namespaces with a subnet each, of 65,533 addresses; at most 60. */
  async prepare({ namespaces }: { namespaces: number }): Promise<SubnetRanges[]> {
    await migrate({ pool, schema, folders: [engineMigrations, ownMigrations], log });
    const made = Array.from({ length: namespaces }, (_, n) => ({
      ...{ subnetId: newId('subnet'), namespaceId: newId('namespace') },
      ...{ ipv4: `10.${64 + n}.0.0/16`, ipv6: `fd61:746f:6c6c:${n.toString(16)}::/64` },
    }));
    for (const ranges of made) {
      const { namespaceId, subnetId } = ranges;
      const opened = await handleCommand(store, {
        ...{ decider: namespace, stream: namespaceStream(namespaceId), origin },
        command: { kind: 'open', namespaceId, environmentId: newId('environment'), name: 'bench' },
      });
      const cut = await handleCommand(store, {
        ...{ decider: subnet, stream: subnetStream(subnetId), origin },
        command: { kind: 'allocate', useBefore: '2100-01-01T00:00:00.000Z', outOf: [], ...ranges },
      });
      if (!opened.ok || !cut.ok) throw new Error('No namespace with a subnet.');
    }
    return made;
  },

  async allocate({ loop, from }: { loop: LoopSpec; from: readonly SubnetRanges[] }): Promise<Allocated> {
    let lost = 0;
    const { perSecond, p99, count } = await closedLoop(loop, async (n) => {
      const to = from[n % from.length] as SubnetRanges;
      for (;;) {
        const host = next.get(to.subnetId) ?? lowestHost;
        if (host >= lowestHost + capacityOf([to])) throw new Error('The bench has too few addresses.');
        next.set(to.subnetId, host + 1);
        if (await give(to, host)) return;
        lost += 1;
      }
    });
    return { perSecond, p99, count, lost };
  },

  /** What was committed: how many addresses were given, and how many different ones. */
  async check(): Promise<{ given: number; ipv4: number; ipv6: number }> {
    const { rows } = await pool.query<{ given: number; ipv4: number; ipv6: number }>(
      `select count(*)::integer as given, count(distinct data ->> 'ipv4')::integer as ipv4,
         count(distinct data ->> 'ipv6')::integer as ipv6
       from network.event where type = 'EndpointAllocated'`,
    );
    const [found] = rows;
    if (found === undefined) throw new Error('A count has a row.');
    return found;
  },
};
export type Allocator = typeof tasks;

serve(tasks, async () => {
  await store.close();
  await pool.end();
});
