/** Commands of the plan of addresses: ranges of the operator, subnets and how they are used. */
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { addressCommands, RangePurpose } from '@atoll/schema/network/addresses';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { beingDeleted, namespaceRefusal } from '../denials.ts';
import { contains, type Family, rangeText } from '../domain/address.ts';
import { addressRange, addressRangeStream, noRange } from '../domain/address-range.ts';
import { parseCidr, parseSubnetCidr, prefixFault, usualPrefix } from '../domain/cidr.ts';
import { lastSubnet, noSubnet, subnet, subnetStream } from '../domain/subnet.ts';
import { subnetGrowth, subnetGrowthStream } from '../domain/subnet-growth.ts';
import { originOf } from '../origin.ts';
import { rangesFor, readRanges } from '../pools/ranges.ts';
import type { SubnetAllocator, WantedRange } from '../pools/subnets.ts';
import { readUse } from '../pools/use.ts';
import { answer, refusedUnlessDone } from './answer.ts';

type Own =
  | 'AddAddressRange'
  | 'WithdrawAddressRange'
  | 'CreateSubnet'
  | 'DeleteSubnet'
  | 'SetSubnetGrowth'
  | 'DescribeAddressUse';

const operatorOnly = reject('FORBIDDEN', 'The plan of addresses is the operator’s.');
/** Each try lost a race with another one of the namespace that is deleted. */
const maxTries = 8;
const contended = reject('UNAVAILABLE', 'Other subnets of the namespace are being deleted at this moment. Try again.');
const inUse = (count: number) =>
  reject(
    'ILLEGAL_STATE',
    `${count} ${count === 1 ? 'instance has its address' : 'instances have their addresses'} of this subnet. Stop them first; new ones get addresses of the namespace's other subnets.`,
    'subnetId',
  );

export interface AddressNeeds {
  readonly db: Pool;
  readonly store: EventStore;
  readonly subnets: SubnetAllocator;
  /** Resolves once the local tables have what was committed so far, or after a short while. */
  readonly caughtUp: () => Promise<void>;
  /** How long an address rests at least. */
  readonly restMs: number;
}

/** What is said of a range that others have: by name where it is the tenant's own, else nothing of whose it is. */
async function overlapWithHolder(
  { store }: AddressNeeds,
  tenant: Tenant,
  range: string,
  field: string,
  holders: readonly string[],
): Promise<Rejection> {
  for (const holder of holders) {
    if (idKind(holder) !== 'subnet') continue;
    const found = await loadState(store, { decider: subnet, stream: subnetStream(holder) });
    if (found.tenant !== tenant || (found.state.status !== 'allocated' && found.state.status !== 'closed')) continue;
    const { ipv4, ipv6, namespaceId } = found.state.ranges;
    return reject(
      'CIDR_OVERLAP',
      `${range} overlaps ${field === 'ipv4' ? ipv4 : ipv6}, your own subnet ${holder} of the namespace ${namespaceId}. Give another one, or none to get the next free one.`,
      field,
    );
  }
  const reserved = holders.some((holder) => idKind(holder) === 'addressRange');
  const why = reserved ? 'a range that the platform has reserved' : 'a range that is taken';
  return reject('CIDR_OVERLAP', `${range} overlaps ${why}. Give another one, or none to get the next free one.`, field);
}

export function addressHandlers(needs: AddressNeeds): Pick<CommandHandlers<typeof addressCommands>, Own> {
  const { db, store, subnets, caughtUp } = needs;

  async function wantedRange(
    family: Family,
    typed: string | null,
    prefix: number | null,
  ): Promise<WantedRange | Rejection> {
    if (typed === null) return prefixFault(family, prefix) ?? { kind: 'free', prefix: prefix ?? usualPrefix[family] };
    if (prefix !== null) {
      return reject(
        'INVALID_ARGUMENT',
        'Give a range or a prefix length, not both: a range has its own.',
        family === 4 ? 'ipv4PrefixLength' : 'ipv6PrefixLength',
      );
    }
    const pools = rangesFor(await readRanges(db), 'INSTANCES', family).map(({ range }) => range);
    const parsed = parseSubnetCidr(typed, family, pools);
    return parsed.ok ? { kind: 'exact', range: parsed.range } : parsed.rejection;
  }

  async function addRange(purpose: RangePurpose, typed: string, context: CommandContext) {
    const idempotency = { key: context.key, request: { AddAddressRange: { purpose, cidr: typed } } };
    const family = typed.includes(':') ? 6 : 4;
    const parsed = parseCidr(typed, family, 'cidr', family === 4 ? '10.128.0.0/12' : 'fd12:3456:789a::/48');
    if (!parsed.ok) return refusedUnlessDone(store, context, idempotency, parsed.rejection);
    const { range } = parsed;
    const rangeId = newId('addressRange');
    // What is reserved or for services in the midst of a pool is cut out of it.
    const around = rangesFor(await readRanges(db), 'INSTANCES').find((one) => contains(one.range, range));
    const outcome = await handleCommand(store, {
      decider: addressRange,
      stream: addressRangeStream(rangeId),
      newStream: true,
      command: {
        ...{ kind: 'add', rangeId, purpose, cidr: rangeText(range) },
        within: purpose === 'RESERVED' || purpose === 'SERVICES' ? (around?.rangeId ?? null) : null,
      },
      origin: originOf(context),
      idempotency,
      result: { addressRangeId: rangeId },
      onClaimConflict: ({ holders }) =>
        reject(
          'CIDR_OVERLAP',
          `${rangeText(range)} overlaps what the plan has already: ${holders.map(({ owner }) => owner).join(', ')}. Give another range.`,
          'cidr',
        ),
    });
    return outcome.ok ? outcome : refusedUnlessDone(store, context, idempotency, outcome.rejection);
  }

  return {
    async AddAddressRange({ purpose, cidr }, context) {
      if (context.tenant !== PLATFORM) return { ok: false, rejection: operatorOnly };
      return answer('AddAddressRange', await addRange(purpose, cidr, context));
    },

    async WithdrawAddressRange(input, context) {
      if (context.tenant !== PLATFORM) return { ok: false, rejection: operatorOnly };
      const { addressRangeId } = input;
      const ranges = await readRanges(db);
      const last = ranges.find((one) => one.rangeId === addressRangeId);
      const left = last && rangesFor(ranges, 'INSTANCES', last.range.family).filter((one) => one !== last);
      if (last?.purpose === 'INSTANCES' && left?.length === 0) {
        const rejection = reject(
          'ILLEGAL_STATE',
          'It is the only range of its family: add another one first.',
          'addressRangeId',
        );
        return { ok: false, rejection };
      }
      const outcome = await handleCommand(store, {
        decider: addressRange,
        stream: addressRangeStream(addressRangeId),
        command: { kind: 'withdraw' },
        origin: originOf(context),
        idempotency: { key: context.key, request: { WithdrawAddressRange: input } },
        result: { addressRangeId },
        notFound: noRange,
        onClaimConflict: ({ holders }) =>
          reject(
            'ILLEGAL_STATE',
            `Something is still in it: ${holders.map(({ owner }) => owner).join(', ')}. It can be withdrawn once they are gone.`,
            'addressRangeId',
          ),
      });
      return answer('WithdrawAddressRange', outcome);
    },

    async CreateSubnet(input, context) {
      const { namespaceId } = input;
      // As it was before sizes could be given, where none is: a repeat over an update is still one.
      const given = Object.fromEntries(
        Object.entries(input).filter(([name, value]) => name === 'ipv4' || value !== null),
      );
      const idempotency = { key: context.key, request: { CreateSubnet: given } };
      const refuse = async (rejection: Rejection) =>
        answer('CreateSubnet', await refusedUnlessDone(store, context, idempotency, rejection));
      const closed = await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId');
      if (closed) return refuse(closed);
      const ipv4 = await wantedRange(4, input.ipv4, input.ipv4PrefixLength);
      if ('code' in ipv4) return refuse(ipv4);
      const ipv6 = await wantedRange(6, input.ipv6, input.ipv6PrefixLength);
      if ('code' in ipv6) return refuse(ipv6);
      const outcome = await subnets.allocate({
        namespaceId,
        ranges: { 4: ipv4, 6: ipv6 },
        origin: originOf(context),
        idempotency,
        onClosed: () => beingDeleted('namespaceId'),
        onOverlap: (range, field, holders) => overlapWithHolder(needs, context.tenant, range, field, holders),
      });
      // A repeat may find no room for a second one: the first is what it asks for.
      return outcome.ok ? answer('CreateSubnet', outcome) : refuse(outcome.rejection);
    },

    async DeleteSubnet(input, context) {
      const { subnetId } = input;
      const idempotency = { key: context.key, request: { DeleteSubnet: input } };
      await caughtUp();
      const { rows } = await db.query<{ count: number }>(
        'select count(*)::integer as count from network.address where subnet_id = $1 and instance_id is not null',
        [subnetId],
      );
      const count = rows[0]?.count ?? 0;
      const { tenant } = await loadState(store, { decider: subnet, stream: subnetStream(subnetId) });
      if (tenant === context.tenant && count > 0) {
        return answer('DeleteSubnet', await refusedUnlessDone(store, context, idempotency, inUse(count)));
      }
      for (let tries = 0; tries < maxTries; tries++) {
        const { rows: others } = await db.query<{ id: Id<'subnet'> }>(
          `select o.subnet_id as id from network.subnet s
           join network.subnet o on o.namespace_id = s.namespace_id and o.subnet_id <> s.subnet_id and not o.closed
           where s.subnet_id = $1 order by 1 limit 1`,
          [subnetId],
        );
        let gone = false;
        // Whoever gets an address of it in this moment keeps it: the ranges are released when nobody has one any more.
        const outcome = await handleCommand(store, {
          decider: subnet,
          stream: subnetStream(subnetId),
          command: { kind: 'close', other: others[0]?.id ?? null },
          origin: originOf(context),
          idempotency,
          result: { subnetId },
          notFound: noSubnet,
          onClaimConflict() {
            gone = true;
            return lastSubnet;
          },
        });
        if (outcome.ok) return answer('DeleteSubnet', outcome);
        if (!gone) {
          return answer('DeleteSubnet', await refusedUnlessDone(store, context, idempotency, outcome.rejection));
        }
        await caughtUp();
      }
      return answer('DeleteSubnet', await refusedUnlessDone(store, context, idempotency, contended));
    },

    async SetSubnetGrowth(input, context) {
      const { namespaceId, automatic } = input;
      const idempotency = { key: context.key, request: { SetSubnetGrowth: input } };
      const rejection = await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId');
      if (rejection) return answer('SetSubnetGrowth', await refusedUnlessDone(store, context, idempotency, rejection));
      const outcome = await handleCommand(store, {
        decider: subnetGrowth,
        stream: subnetGrowthStream(namespaceId),
        command: { namespaceId, automatic },
        origin: originOf(context),
        idempotency,
        result: { namespaceId },
        onClaimConflict: () => beingDeleted('namespaceId'),
      });
      return answer('SetSubnetGrowth', outcome);
    },

    async DescribeAddressUse({ ids }, { tenant }) {
      const position = await store.lastPosition();
      return { ok: true, result: { uses: await readUse(db, tenant, ids, needs.restMs) }, position, version: 0 };
    },
  };
}
