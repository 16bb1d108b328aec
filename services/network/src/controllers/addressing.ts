/**
 * Gives every open namespace its first subnet (first-subnets.ts), every wanted instance its addresses, and takes back those
 * of instances that are gone. Level-triggered: it reads what is missing and acts; claims and streams keep two processes of it, and a
 * repeat after a crash, from doing anything twice.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Pool } from 'pg';
import { capacityOf, nextAddresses, type SubnetUse } from '../domain/addresses.ts';
import { type Addresses, endpoint, endpointStream } from '../domain/endpoint.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { originBecauseOf } from '../origin.ts';
import { readAddressUse } from '../pools/address-use.ts';
import { forget, type PlacedInstance, unwanted, withoutAddress } from '../pools/instances.ts';
import { closed, type FirstSubnets, type Refusals } from './first-subnets.ts';

/** Bounds of one run; what is left over is for the next one. */
const releasesPerRun = 500;
const allocationsPerRun = 1000;
const perNamespace = 256;
const triesPerRun = 3;

export interface AddressingOptions {
  readonly db: Pool;
  readonly store: EventStore;
  readonly firstSubnets: FirstSubnets;
  readonly reachability: Reachability;
  /** Resolves once the local tables have what was committed so far, or after a short while. */
  readonly caughtUp: () => Promise<void>;
  /** How long an address rests at least before it is given again. */
  readonly restMs: number;
  /** Asks for another run. */
  readonly again: () => void;
}

async function release({ db, store }: AddressingOptions): Promise<number> {
  const gone = await unwanted(db, releasesPerRun);
  if (gone.length === 0) return 0;
  await Promise.all(
    gone.map(async ({ instanceId, namespaceId, nodeId, ...because }) => {
      const outcome = await handleCommand(store, {
        decider: endpoint,
        stream: endpointStream(instanceId),
        command: { kind: 'release', instanceId, namespaceId, nodeId },
        origin: originBecauseOf(because),
      });
      if (!outcome.ok) throw new Error(`${instanceId} can't be released: ${outcome.rejection.message}`);
    }),
  );
  await forget(
    db,
    gone.map((one) => one.instanceId),
  );
  return gone.length;
}

/** Answers whether somebody else has taken one of the addresses. */
async function allocate(store: EventStore, instance: PlacedInstance, addresses: Addresses): Promise<boolean> {
  const { instanceId, namespaceId, deploymentId, nodeId, labels, refusal: _, ...because } = instance;
  let taken = false;
  const outcome = await handleCommand(store, {
    decider: endpoint,
    stream: endpointStream(instanceId),
    command: { kind: 'allocate', instanceId, namespaceId, deploymentId, nodeId, labels, ...addresses },
    origin: originBecauseOf(because),
    onClaimConflict({ claim }) {
      // Of a subnet that is being deleted there are none on newer tables.
      taken = claim.set === 'address' || claim.set === 'subnet-open';
      return closed;
    },
  });
  if (!outcome.ok && outcome.rejection !== closed) {
    throw new Error(`${instanceId} gets no address: ${outcome.rejection.message}`);
  }
  return taken;
}

async function refuse(store: EventStore, instance: PlacedInstance, message: string): Promise<void> {
  const { instanceId, namespaceId, deploymentId, nodeId, labels: _, refusal, ...because } = instance;
  if (refusal === message) return;
  const outcome = await handleCommand(store, {
    decider: endpoint,
    stream: endpointStream(instanceId),
    command: { kind: 'refuse', instanceId, namespaceId, deploymentId, nodeId, message },
    origin: originBecauseOf(because),
  });
  if (!outcome.ok) throw new Error(`${instanceId} can't be refused: ${outcome.rejection.message}`);
}

function whyNone(subnets: readonly SubnetUse[]): string {
  const all = `All ${capacityOf(subnets)} addresses of the namespace's subnets are taken`;
  const resting = subnets.some((subnet) => subnet.resting.length > 0);
  return resting
    ? `${all}, or rest until they may be given again and no node's rules contain them. It goes on by itself; another subnet makes room at once.`
    : `${all}. It goes on by itself when an instance stops; another subnet makes room at once.`;
}

interface Given {
  /** Somebody else has taken one of the addresses meanwhile. */
  readonly lost: boolean;
  /** It went on, and there may be more who wait than one run looks at. */
  readonly more: boolean;
}

async function giveAddresses(options: AddressingOptions, refusals: Refusals): Promise<Given> {
  const { db, store, reachability } = options;
  const waiting = await withoutAddress(db, perNamespace, allocationsPerRun);
  if (waiting.length === 0) return { lost: false, more: false };
  const groups = Map.groupBy(waiting, (one) => one.namespaceId);
  let more = waiting.length === allocationsPerRun;
  let given = 0;
  const use = await readAddressUse(db, [...groups.keys()], reachability, perNamespace, options.restMs);

  const work: Promise<boolean>[] = [];
  for (const [namespaceId, instances] of groups) {
    const subnets = use.get(namespaceId);
    // Without a subnet it waits for its first one, unless there is none to be had.
    const why = subnets ? whyNone(subnets) : refusals.get(namespaceId)?.message;
    const addresses = nextAddresses(subnets ?? [], instances.length);
    given += addresses.length;
    more ||= instances.length === perNamespace;
    instances.forEach((instance, index) => {
      const next = addresses[index];
      if (next) work.push(allocate(store, instance, next));
      else if (why !== undefined) work.push(refuse(store, instance, why).then(() => false));
    });
  }
  return { lost: (await Promise.all(work)).some(Boolean), more: more && given > 0 };
}

export async function reconcileAddresses(options: AddressingOptions): Promise<void> {
  // What the last run did must be in the tables, or this one would do it again (to no effect, but for nothing).
  await options.caughtUp();
  const refusals = await options.firstSubnets.give();
  const released = await release(options);
  // Who lost an address to another process looks again on newer tables; the rest is for the next run.
  let given = await giveAddresses(options, refusals);
  for (let tries = 1; tries < triesPerRun && given.lost; tries++) {
    await options.caughtUp();
    given = await giveAddresses(options, refusals);
  }
  if (released === releasesPerRun || given.more) options.again();
}
