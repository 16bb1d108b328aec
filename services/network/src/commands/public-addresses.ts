/** Commands of public addresses and of what their ports lead to. */
import { type ClaimConflict, type EventStore, handleCommand, loadState, type Origin } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, type Tenant } from '@atoll/schema/ids';
import type { addressCommands } from '@atoll/schema/network/addresses';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Holder, QuotaClient } from '@atoll/service/quota-client';
import type { Pool } from 'pg';
import { beingDeleted, namespaceRefusal } from '../denials.ts';
import { addressText, contains, type Family, parseRange } from '../domain/address.ts';
import { addressAlone } from '../domain/address-range.ts';
import { familyName, listed, parseAddress } from '../domain/cidr.ts';
import { RESERVATION } from '../domain/claims.ts';
import { noPortMapping, portMapping, portMappingStream } from '../domain/port-mapping.ts';
import { mappingsPerAddress, noPublicAddress, publicAddress, publicAddressStream } from '../domain/public-address.ts';
import { serviceNotFound } from '../domain/service.ts';
import { originOf } from '../origin.ts';
import { createFreeRanges } from '../pools/free-ranges.ts';
import { rangesFor, readRanges } from '../pools/ranges.ts';
import { answer, refusedUnlessDone } from './answer.ts';
import { targetFault } from './mapping-target.ts';

type Own = 'AllocatePublicAddress' | 'ReleasePublicAddress' | 'CreatePortMapping' | 'DeletePortMapping';

/** Each try lost a race, or met an address that the local table didn't have yet. */
const maxTries = 32;
const contended = reject('UNAVAILABLE', 'Too many of these are being created at this moment. Try again.');
const nameTaken = reject(
  'NAME_TAKEN',
  'There is already a public address of that name in the namespace. Choose another one.',
  'name',
);

interface Found {
  readonly address: string;
  readonly rangeId: Id<'addressRange'>;
  /** The tenant's own that rests there. */
  readonly resting: Id<'publicAddress'> | null;
}

export interface PublicAddressNeeds {
  readonly db: Pool;
  readonly store: EventStore;
  readonly quota: QuotaClient;
  readonly caughtUp: () => Promise<void>;
  /** How long an address rests before another tenant can have it. */
  readonly restMs: number;
}

export function publicAddressHandlers(needs: PublicAddressNeeds): Pick<CommandHandlers<typeof addressCommands>, Own> {
  const { db, store, quota, caughtUp, restMs } = needs;
  const free = createFreeRanges(db);

  async function findFree(family: Family): Promise<Found | Rejection> {
    const pools = rangesFor(await readRanges(db), 'PUBLIC', family);
    for (const { range, rangeId } of pools) {
      const found = await free.next(range, family === 4 ? 32 : 128);
      if (found !== null) return { address: addressText(family, found.first), rangeId, resting: null };
    }
    const had = pools.length === 0 ? 'has none' : `has no free one left of ${listed(pools.map(({ range }) => range))}`;
    return reject(
      'ADDRESSES_EXHAUSTED',
      `Of public ${familyName[family]} addresses the platform ${had}. Release one that is no longer needed, share one by port mappings, or ask the operator for more.`,
      'family',
    );
  }

  async function findThat(typed: string, tenant: Tenant): Promise<Found | Rejection> {
    const parsed = parseAddress(typed, 'address');
    if (!parsed.ok) return parsed.rejection;
    const alone = parseRange(addressAlone(parsed.text));
    const pools = rangesFor(await readRanges(db), 'PUBLIC', parsed.family);
    const pool = pools.find(({ range }) => contains(range, alone));
    if (!pool) {
      return reject(
        'CIDR_NOT_ALLOWED',
        `${parsed.text} is none of the platform's public addresses${pools.length > 0 ? `, which are ${listed(pools.map(({ range }) => range))}` : ''}. Leave it out to get a free one.`,
        'address',
      );
    }
    const { rows } = await db.query<{ id: Id<'publicAddress'> }>(
      'select public_address_id as id from network.public_address where address = $1 and tenant = $2 and rests_until is not null',
      [parsed.text, tenant],
    );
    return { address: parsed.text, rangeId: pool.rangeId, resting: rows[0]?.id ?? null };
  }

  /** Who has that address: by name where it is the tenant's own, else nothing of whose it is. */
  async function addressTaken(address: string, tenant: Tenant, holders: readonly string[]): Promise<Rejection> {
    for (const holder of holders) {
      if (idKind(holder) !== 'publicAddress') continue;
      const found = await loadState(store, { decider: publicAddress, stream: publicAddressStream(holder) });
      if (found.tenant !== tenant || found.state.status !== 'held') continue;
      const { name, namespaceId } = found.state.held;
      return reject(
        'CIDR_OVERLAP',
        `${address} is your own public address "${name}" (${holder}) of the namespace ${namespaceId} already.`,
        'address',
      );
    }
    return reject(
      'CIDR_OVERLAP',
      `${address} is taken, or rests before it can be given again. Leave it out to get a free one.`,
      'address',
    );
  }

  /** Reserves, tries, and gives back what wasn't made use of. */
  async function within(
    origin: Origin,
    holder: Holder,
    amounts: { readonly publicIps: 1 } | { readonly ports: 1 },
    act: (useBefore: string) => Promise<Awaited<ReturnType<typeof handleCommand>>>,
  ) {
    const reservation = await quota.reserve(origin, holder, amounts);
    if ('code' in reservation) return { ok: false, rejection: reservation } as const;
    const outcome = await act(reservation.useBefore);
    if (!outcome.ok || outcome.replayed) quota.giveBack(origin, holder, reservation);
    return outcome;
  }

  async function allocate(
    input: NetworkInput<'AllocatePublicAddress'>,
    context: CommandContext,
    publicAddressId: Id<'publicAddress'>,
    before: string,
  ) {
    const { namespaceId, name } = input;
    for (let tries = 0; tries < maxTries; tries++) {
      const found =
        input.address === null
          ? await findFree(input.family === 'IPV4' ? 4 : 6)
          : await findThat(input.address, context.tenant);
      if ('code' in found) {
        // A range may have been added that the table hasn't yet.
        if (tries > 0) return { ok: false, rejection: found } as const;
        await caughtUp();
        continue;
      }
      let raced = false;
      let taken: readonly string[] | null = null;
      const outcome = await handleCommand(store, {
        decider: publicAddress,
        stream: publicAddressStream(publicAddressId),
        newStream: true,
        command: { kind: 'allocate', publicAddressId, namespaceId, name, useBefore: before, ...found },
        origin: originOf(context),
        idempotency: { key: context.key, request: { AllocatePublicAddress: input } },
        result: { publicAddressId },
        onClaimConflict({ claim, holders }) {
          if (claim.set === 'namespace-open') return beingDeleted('namespaceId');
          if (claim.set === 'public-name') return nameTaken;
          if (claim.set === RESERVATION) return contended;
          if (claim.set === 'public' && input.address !== null) taken = holders.map(({ owner }) => owner);
          else raced = true;
          return contended;
        },
      });
      if (taken !== null)
        return { ok: false, rejection: await addressTaken(found.address, context.tenant, taken) } as const;
      if (!raced) return outcome;
      await caughtUp();
    }
    return { ok: false, rejection: contended } as const;
  }

  /** Where in the input a claim that couldn't be had stands, and who has it where that is the tenant's own. */
  async function mappingDenied(
    { claim, holders }: ClaimConflict,
    { publicAddressId, protocol, port }: NetworkInput<'CreatePortMapping'>,
    tenant: Tenant,
  ): Promise<Rejection> {
    if (claim.set === 'namespace-open') return beingDeleted('target');
    if (claim.set === RESERVATION) return contended;
    if (claim.set === 'public-address') return noPublicAddress;
    if (claim.set === 'service') return serviceNotFound;
    if (claim.set === 'public-mappings') {
      return reject(
        'QUOTA_EXCEEDED',
        `One address has ${mappingsPerAddress} port mappings at most. Use another address.`,
        'publicAddressId',
      );
    }
    const [holder] = holders.map(({ owner }) => owner);
    const own =
      holder === undefined ? null : await loadState(store, { decider: portMapping, stream: portMappingStream(holder) });
    const by = own?.tenant === tenant ? ` by your own mapping ${holder}` : '';
    return reject(
      'NAME_TAKEN',
      `${protocol} ${port} of ${publicAddressId} is taken${by}. Choose another port.`,
      'port',
    );
  }

  return {
    async AllocatePublicAddress(input, context) {
      const { namespaceId, name } = input;
      const idempotency = { key: context.key, request: { AllocatePublicAddress: input } };
      const closed = await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId');
      if (closed) return answer('AllocatePublicAddress', await refusedUnlessDone(store, context, idempotency, closed));
      const publicAddressId = newId('publicAddress');
      const outcome = await within(
        originOf(context),
        { holderId: publicAddressId, namespaceId, name },
        { publicIps: 1 },
        (before) => allocate(input, context, publicAddressId, before),
      );
      return answer(
        'AllocatePublicAddress',
        outcome.ok ? outcome : await refusedUnlessDone(store, context, idempotency, outcome.rejection),
      );
    },

    async ReleasePublicAddress(input, context) {
      const { publicAddressId } = input;
      const outcome = await handleCommand(store, {
        decider: publicAddress,
        stream: publicAddressStream(publicAddressId),
        command: { kind: 'release', restsUntil: new Date(Date.now() + restMs).toISOString() },
        origin: originOf(context),
        idempotency: { key: context.key, request: { ReleasePublicAddress: input } },
        result: { publicAddressId },
        notFound: noPublicAddress,
        onClaimConflict: ({ holders, held }) =>
          reject(
            'ILLEGAL_STATE',
            `${held ?? holders.length} port mappings are on it: ${holders.map(({ owner }) => owner).join(', ')}. Delete them first.`,
            'publicAddressId',
          ),
      });
      return answer('ReleasePublicAddress', outcome);
    },

    async CreatePortMapping(input, context) {
      const { publicAddressId, namespaceId, protocol, port, target } = input;
      const idempotency = { key: context.key, request: { CreatePortMapping: input } };
      const refuse = async (rejection: Rejection) =>
        answer('CreatePortMapping', await refusedUnlessDone(store, context, idempotency, rejection));
      const of = await loadState(store, { decider: publicAddress, stream: publicAddressStream(publicAddressId) });
      if (of.tenant !== context.tenant || of.state.status !== 'held') return refuse(noPublicAddress);
      const closed = await namespaceRefusal(store, context.tenant, namespaceId, 'target');
      if (closed) return refuse(closed);
      const fault = await targetFault(store, context.tenant, input);
      if (fault) return refuse(fault);
      const { address } = of.state.held;
      const portMappingId = newId('portMapping');
      let denied: ClaimConflict | null = null;
      const holder = { holderId: portMappingId, namespaceId, name: `${address} ${protocol}/${port}` };
      const outcome = await within(originOf(context), holder, { ports: 1 }, (useBefore) =>
        handleCommand(store, {
          decider: portMapping,
          stream: portMappingStream(portMappingId),
          newStream: true,
          command: {
            ...{ kind: 'create', useBefore, portMappingId, publicAddressId, namespaceId },
            ...{ address, protocol, port, target },
          },
          origin: originOf(context),
          idempotency,
          result: { portMappingId },
          onClaimConflict(conflict) {
            denied = conflict;
            return contended;
          },
        }),
      );
      if (outcome.ok) return answer('CreatePortMapping', outcome);
      return refuse(denied === null ? outcome.rejection : await mappingDenied(denied, input, context.tenant));
    },

    async DeletePortMapping(input, context) {
      const { portMappingId } = input;
      const outcome = await handleCommand(store, {
        decider: portMapping,
        stream: portMappingStream(portMappingId),
        command: { kind: 'delete' },
        origin: originOf(context),
        idempotency: { key: context.key, request: { DeletePortMapping: input } },
        result: { portMappingId },
        notFound: noPortMapping,
      });
      return answer('DeletePortMapping', outcome);
    },
  };
}
