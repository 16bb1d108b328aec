/** Allocates subnets: an IPv4 range as asked for or the next free one, and always the next free IPv6 range. */
import {
  type ClaimConflict,
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
  type Origin,
} from '@atoll/events/store';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { QuotaClient } from '@atoll/service/quota-client';
import type { Pool } from 'pg';
import { type Range, rangeText } from '../domain/address.ts';
import { RESERVATION } from '../domain/claims.ts';
import { subnet, subnetStream } from '../domain/subnet.ts';
import { createFreeRanges } from './free-ranges.ts';

/** Sizes of ranges that are chosen here. */
const chosenPrefix = { ipv4: 24, ipv6: 64 } as const;
/** Each try lost a race, or met a range that the local table didn't have yet. */
const maxTries = 32;

export interface AddressPools {
  readonly ipv4: Range;
  readonly ipv6: Range;
}

export interface SubnetRequest {
  readonly namespaceId: Id<'namespace'>;
  readonly ipv4: Range | null;
  readonly origin: Origin;
  readonly idempotency: Idempotency;
  readonly onClosed: () => ReturnType<typeof reject>;
}

export interface SubnetAllocator {
  allocate(request: SubnetRequest): Promise<CommandOutcome>;
}

const overlap = (range: string) =>
  reject(
    'CIDR_OVERLAP',
    `${range} overlaps a range that is taken. Give another one, or none to get the next free one.`,
    'ipv4',
  );
const exhausted = (family: 'IPv4' | 'IPv6', pool: Range, prefix: number) =>
  reject(
    'ADDRESSES_EXHAUSTED',
    `The platform's ${family} pool ${rangeText(pool)} has no free /${prefix} left. Delete a namespace that is no longer needed, or ask the operator for a larger pool.`,
  );
const contended = reject('UNAVAILABLE', 'Too many subnets are being created at this moment. Try again.');

export function createSubnetAllocator(options: {
  db: Pool;
  store: EventStore;
  pools: AddressPools;
  /** Resolves once the local tables have what was committed so far, or after a short while. */
  caughtUp: () => Promise<void>;
  quota: QuotaClient;
}): SubnetAllocator {
  const { db, store, pools, caughtUp, quota } = options;
  const free = {
    ipv4: createFreeRanges({ db, pool: pools.ipv4, prefix: chosenPrefix.ipv4 }),
    ipv6: createFreeRanges({ db, pool: pools.ipv6, prefix: chosenPrefix.ipv6 }),
  };

  return {
    async allocate(request) {
      const { namespaceId, ipv4: wanted, origin } = request;
      const subnetId = newId('subnet');
      const holder = { holderId: subnetId, namespaceId, name: wanted ? rangeText(wanted) : 'a subnet' };
      const reservation = await quota.reserve(origin, holder, { subnets: 1 });
      if ('code' in reservation) return { ok: false, rejection: reservation };
      const outcome = await take(subnetId, reservation.useBefore, request);
      if (!outcome.ok || outcome.replayed) quota.giveBack(origin, holder, reservation);
      return outcome;
    },
  };

  async function take(subnetId: Id<'subnet'>, useBefore: string, request: SubnetRequest): Promise<CommandOutcome> {
    const { namespaceId, ipv4: wanted, origin, idempotency, onClosed } = request;
    for (let tries = 0; tries < maxTries; tries++) {
      const ipv4 = wanted ?? (await free.ipv4.next());
      if (ipv4 === null) return { ok: false, rejection: exhausted('IPv4', pools.ipv4, chosenPrefix.ipv4) };
      const ipv6 = await free.ipv6.next();
      if (ipv6 === null) return { ok: false, rejection: exhausted('IPv6', pools.ipv6, chosenPrefix.ipv6) };

      let raced = false;
      const onClaimConflict = ({ claim }: ClaimConflict) => {
        if (claim.set === 'namespace-open') return onClosed();
        if (claim.set === 'ipv4' && wanted) return overlap(rangeText(wanted));
        if (claim.set === RESERVATION) return contended;
        raced = true;
        return contended;
      };
      const outcome = await handleCommand(store, {
        decider: subnet,
        stream: subnetStream(subnetId),
        newStream: true,
        command: { kind: 'allocate', subnetId, namespaceId, useBefore, ipv4: rangeText(ipv4), ipv6: rangeText(ipv6) },
        origin,
        idempotency,
        result: { subnetId },
        onClaimConflict,
      });
      if (!raced) return outcome;
      await caughtUp();
    }
    return { ok: false, rejection: contended };
  }
}
