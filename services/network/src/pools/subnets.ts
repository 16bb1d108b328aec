/** Allocates subnets: of each family a range as asked for, or the next free one of a size. */
import {
  type ClaimConflict,
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
  type Origin,
} from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { QuotaClient } from '@atoll/service/quota-client';
import type { Pool } from 'pg';
import { contains, type Family, type Range, rangeText } from '../domain/address.ts';
import { familyName, listed, usualPrefix } from '../domain/cidr.ts';
import { RESERVATION } from '../domain/claims.ts';
import { subnet, subnetStream } from '../domain/subnet.ts';
import { createFreeRanges } from './free-ranges.ts';
import { type PlatformRange, rangesFor, readRanges } from './ranges.ts';

/** Each try lost a race, or met a range that the local table didn't have yet. */
const maxTries = 32;

/** A range of one family: that one, or the next free one of that size. */
export type WantedRange =
  | { readonly kind: 'exact'; readonly range: Range }
  | { readonly kind: 'free'; readonly prefix: number };

export interface WantedRanges {
  readonly 4: WantedRange;
  readonly 6: WantedRange;
}

export const usualRanges: WantedRanges = {
  4: { kind: 'free', prefix: usualPrefix[4] },
  6: { kind: 'free', prefix: usualPrefix[6] },
};

export interface SubnetRequest {
  readonly namespaceId: Id<'namespace'>;
  readonly ranges: WantedRanges;
  readonly origin: Origin;
  readonly idempotency: Idempotency;
  readonly onClosed: () => Rejection;
  /** Why a range that was asked for can't be had, from who holds it. */
  readonly onOverlap?: (range: string, field: string, holders: readonly string[]) => Promise<Rejection>;
}

export interface SubnetAllocator {
  allocate(request: SubnetRequest): Promise<CommandOutcome>;
}

const overlap = (range: string, field: string) =>
  reject(
    'CIDR_OVERLAP',
    `${range} overlaps a range that is taken. Give another one, or none to get the next free one.`,
    field,
  );
const exhausted = (family: Family, pools: readonly PlatformRange[], prefix: number) =>
  reject(
    'ADDRESSES_EXHAUSTED',
    `The platform's ${familyName[family]} pool ${listed(pools.map(({ range }) => range))} has no free /${prefix} left. Ask for a smaller one, delete a namespace that is no longer needed, or ask the operator for a larger pool.`,
  );
const contended = reject('UNAVAILABLE', 'Too many subnets are being created at this moment. Try again.');

const fieldOf = { 4: 'ipv4', 6: 'ipv6' } as const;
interface Found {
  readonly range: Range;
  readonly outOf: Id<'addressRange'>;
}

export function createSubnetAllocator(options: {
  db: Pool;
  store: EventStore;
  /** Resolves once the local tables have what was committed so far, or after a short while. */
  caughtUp: () => Promise<void>;
  quota: QuotaClient;
}): SubnetAllocator {
  const { db, store, caughtUp, quota } = options;
  const free = createFreeRanges(db);

  async function find(
    wanted: WantedRange,
    family: Family,
    ranges: readonly PlatformRange[],
  ): Promise<Found | Rejection> {
    const pools = rangesFor(ranges, 'INSTANCES', family);
    if (wanted.kind === 'exact') {
      const outOf = pools.find(({ range }) => contains(range, wanted.range));
      return outOf ? { range: wanted.range, outOf: outOf.rangeId } : exhausted(family, pools, wanted.range.prefix);
    }
    for (const { range: pool, rangeId } of pools) {
      const range = await free.next(pool, wanted.prefix);
      if (range !== null) return { range, outOf: rangeId };
    }
    return exhausted(family, pools, wanted.prefix);
  }

  async function take(subnetId: Id<'subnet'>, before: string, request: SubnetRequest): Promise<CommandOutcome> {
    const { namespaceId, ranges: wanted, origin, idempotency, onClosed } = request;
    for (let tries = 0; tries < maxTries; tries++) {
      const ranges = await readRanges(db);
      const ipv4 = await find(wanted[4], 4, ranges);
      if ('code' in ipv4) {
        if (tries > 0) return { ok: false, rejection: ipv4 };
        // A range may have been added, or come free, that the table hasn't yet.
        await caughtUp();
        continue;
      }
      const ipv6 = await find(wanted[6], 6, ranges);
      if ('code' in ipv6) return { ok: false, rejection: ipv6 };

      let raced = false;
      let overlapped: { readonly family: Family; readonly holders: readonly string[] } | null = null;
      const onClaimConflict = ({ claim, holders }: ClaimConflict) => {
        if (claim.set === 'namespace-open') return onClosed();
        if (claim.set === RESERVATION) return contended;
        const family = claim.set === 'ipv4' ? 4 : 6;
        if ((claim.set === 'ipv4' || claim.set === 'ipv6') && wanted[family].kind === 'exact') {
          overlapped = { family, holders: holders.map(({ owner }) => owner) };
        } else raced = true;
        return contended;
      };
      const outcome = await handleCommand(store, {
        decider: subnet,
        stream: subnetStream(subnetId),
        newStream: true,
        command: {
          ...{ kind: 'allocate', subnetId, namespaceId, useBefore: before, outOf: [ipv4.outOf, ipv6.outOf] },
          ...{ ipv4: rangeText(ipv4.range), ipv6: rangeText(ipv6.range) },
        },
        origin,
        idempotency,
        result: { subnetId },
        onClaimConflict,
      });
      if (overlapped !== null) {
        const { family, holders }: { family: Family; holders: readonly string[] } = overlapped;
        const range = rangeText((family === 4 ? ipv4 : ipv6).range);
        const rejection =
          (await request.onOverlap?.(range, fieldOf[family], holders)) ?? overlap(range, fieldOf[family]);
        return { ok: false, rejection };
      }
      if (!raced) return outcome;
      await caughtUp();
    }
    return { ok: false, rejection: contended };
  }

  return {
    async allocate(request) {
      const { namespaceId, ranges, origin } = request;
      const subnetId = newId('subnet');
      const name = ranges[4].kind === 'exact' ? rangeText(ranges[4].range) : 'a subnet';
      const holder = { holderId: subnetId, namespaceId, name };
      const reservation = await quota.reserve(origin, holder, { subnets: 1 });
      if ('code' in reservation) return { ok: false, rejection: reservation };
      const outcome = await take(subnetId, reservation.useBefore, request);
      if (!outcome.ok || outcome.replayed) quota.giveBack(origin, holder, reservation);
      return outcome;
    },
  };
}
