/**
 * The ranges that the operator's configuration names are the first of the plan, and the end of each is cut out for virtual
 * addresses of services. Done at every start, to effect once, however many processes start.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { RangePurpose } from '@atoll/schema/network/addresses';
import { newId } from '@atoll/service/ids';
import type { Logger } from '@atoll/service/log';
import { type Range, rangeText, sizeOf } from '../domain/address.ts';
import { addressRange, addressRangeStream } from '../domain/address-range.ts';
import { serviceRange } from '../domain/service-addresses.ts';

export interface ConfiguredRanges {
  readonly ipv4: Range;
  readonly ipv6: Range;
}

/** A smaller pool has nothing cut out: each virtual address is claimed, as those of instances are. */
const smallestPool = { 4: 20, 6: 56 } as const;
/** Each one before the other, where subnets were taken there before. */
const tries = 16;

interface Wanted {
  readonly key: string;
  readonly purpose: RangePurpose;
  readonly range: Range;
  readonly within: Id<'addressRange'> | null;
}

async function add(store: EventStore, { key, purpose, range, within }: Wanted) {
  const rangeId = newId('addressRange');
  const outcome = await handleCommand(store, {
    decider: addressRange,
    stream: addressRangeStream(rangeId),
    newStream: true,
    command: { kind: 'add', rangeId, purpose, cidr: rangeText(range), within },
    origin: { tenant: PLATFORM, actor: 'service:network', cause: null, correlation: key, traceparent: null },
    idempotency: { key, request: { key } },
    result: { addressRangeId: rangeId },
  });
  if (!outcome.ok) return outcome;
  return { ok: true, rangeId: (outcome.result as { addressRangeId: Id<'addressRange'> }).addressRangeId } as const;
}

async function cutServices(store: EventStore, pool: Range, within: Id<'addressRange'>, log: Logger): Promise<void> {
  const { family } = pool;
  if (pool.prefix > smallestPool[family]) return;
  const last = serviceRange(pool);
  for (let n = 0n; n < tries; n++) {
    const range = { ...last, first: last.first - n * sizeOf(family, last.prefix) };
    const outcome = await add(store, {
      key: `services of ${rangeText(pool)}`,
      purpose: 'SERVICES',
      range,
      within,
    });
    if (outcome.ok) return;
    if (outcome.rejection.code !== 'CIDR_OVERLAP') throw new Error(outcome.rejection.message);
  }
  log.error({ pool: rangeText(pool) }, 'no range for services: subnets are where it would be');
}

export async function addConfiguredRanges(options: {
  readonly store: EventStore;
  readonly pools: ConfiguredRanges;
  readonly log: Logger;
}): Promise<void> {
  const { store, pools, log } = options;
  for (const range of [pools.ipv4, pools.ipv6]) {
    const cidr = rangeText(range);
    const outcome = await add(store, { key: `configured ${cidr}`, purpose: 'INSTANCES', range, within: null });
    if (outcome.ok) await cutServices(store, range, outcome.rangeId, log);
    // What is there goes on to serve; a pool grows by further ranges, not by another one in its place.
    else log.error({ cidr, why: outcome.rejection.message }, 'this configured range is not used');
  }
}
