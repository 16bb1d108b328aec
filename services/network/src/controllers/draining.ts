/**
 * Empties closed namespaces, step by step (domain/draining.ts). Level-triggered: each run reads what is left, so a crash
 * between two steps costs nothing but time.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { nextStep } from '../domain/draining.ts';
import { namespace, namespaceStream } from '../domain/namespace.ts';
import { policy, policyStream } from '../domain/policy.ts';
import { portMapping, portMappingStream } from '../domain/port-mapping.ts';
import { publicAddress, publicAddressStream } from '../domain/public-address.ts';
import { service, serviceStream } from '../domain/service.ts';
import { subnet, subnetStream } from '../domain/subnet.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { originBecauseOf } from '../origin.ts';
import { type ClosedNamespace, closedNamespaces } from './remains.ts';

const namespacesPerPage = 500;

export interface DrainingOptions {
  readonly db: Pool;
  readonly store: EventStore;
  readonly reachability: Reachability;
  readonly caughtUp: () => Promise<void>;
  /** How long a public address rests before another tenant can have it. */
  readonly publicRestMs: number;
  readonly log: Logger;
}

type Outcome = Awaited<ReturnType<typeof handleCommand>>;

function done(what: string, outcome: Outcome): void {
  if (!outcome.ok) throw new Error(`${what}: ${outcome.rejection.message}`);
}

async function remove({ store, publicRestMs }: DrainingOptions, one: ClosedNamespace): Promise<void> {
  const { namespaceId, policies, services, subnets, mappings, publicAddresses, ...because } = one;
  const origin = originBecauseOf(because);
  const restsUntil = new Date(Date.now() + publicRestMs).toISOString();
  await Promise.all(
    mappings.map(async (id) => {
      const stream = portMappingStream(id);
      done(stream, await handleCommand(store, { decider: portMapping, stream, command: { kind: 'delete' }, origin }));
    }),
  );
  await Promise.all(
    publicAddresses.map(async (id) => {
      const stream = publicAddressStream(id);
      const command = { kind: 'release', restsUntil } as const;
      done(stream, await handleCommand(store, { decider: publicAddress, stream, command, origin }));
    }),
  );
  await Promise.all(
    policies.map(async (policyId) => {
      const stream = policyStream(policyId);
      done(stream, await handleCommand(store, { decider: policy, stream, command: { kind: 'purge' }, origin }));
    }),
  );
  await Promise.all(
    services.map(async (serviceId) => {
      const stream = serviceStream(serviceId);
      done(stream, await handleCommand(store, { decider: service, stream, command: { kind: 'purge' }, origin }));
    }),
  );
  await Promise.all(
    subnets.map(async (subnetId) => {
      const stream = subnetStream(subnetId);
      done(stream, await handleCommand(store, { decider: subnet, stream, command: { kind: 'release' }, origin }));
    }),
  );
  const stream = namespaceStream(namespaceId);
  const command = { kind: 'drain', namespaceId } as const;
  done(stream, await handleCommand(store, { decider: namespace, stream, command, origin }));
}

export async function reconcileDraining(options: DrainingOptions): Promise<void> {
  const { db, reachability, caughtUp, log } = options;
  await caughtUp();
  const faults: unknown[] = [];
  const take = async (one: ClosedNamespace) => {
    const step = nextStep(one);
    try {
      if (step.kind === 'remove') await remove(options, one);
      else log.debug({ namespaceId: one.namespaceId, for: step.for }, 'a namespace waits to be drained');
    } catch (error) {
      // The others go on; the run as a whole has failed and is tried again.
      faults.push(error);
    }
  };
  for await (const page of closedNamespaces(db, reachability, namespacesPerPage)) await Promise.all(page.map(take));
  if (faults.length > 0) throw new AggregateError(faults, 'Some namespaces could not be drained.');
}
