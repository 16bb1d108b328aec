/**
 * A pool of nodes: what the operator says of all of them. Stream `pool:<id>`, of the platform.
 *
 * Its newest revision is a mark, and what is placed on its nodes requires it in its commit: what was decided on older terms
 * isn't committed. It isn't deleted while a node is in it, and no node comes into one that is gone.
 */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import { DEFAULT_POOL, DEFAULT_POOL_NAME, defaultPoolTerms, type PoolTerms } from '@atoll/schema/deploy/pools';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';

export const POOL_NAME = 'pool-name';
/** Held by `<pool>@<revision>`, of the newest one. */
export const POOL_NOW = 'pool-now';
/** Amounts: its nodes, each 1. Of the default pool only those that were put there by name. */
export const POOL_NODES = 'pool-nodes';

export type PoolEvent = Extract<DeployEvent, { type: `Pool${string}` }>;
export interface Pool {
  readonly status: 'THERE';
  readonly poolId: Id<'pool'>;
  readonly name: string;
  readonly revision: number;
  readonly terms: PoolTerms;
}
export type PoolState = { readonly status: 'NONE' } | Pool | { readonly status: 'GONE' };

type Given = { readonly [K in keyof PoolTerms]?: PoolTerms[K] | undefined };
export type PoolCommand = { readonly poolId: Id<'pool'> } & (
  | { readonly action: 'create'; readonly name: string; readonly terms: Given }
  /** The default pool, where it isn't there yet. */
  | { readonly action: 'ensure' }
  | { readonly action: 'change'; readonly name?: string | undefined; readonly terms: Given }
  | { readonly action: 'delete' }
);

export const poolOwner = (poolId: Id<'pool'>, revision: number) => `${poolId}@${revision}`;
/** For whatever is decided on the pool as it is. */
export const poolUnchanged = (poolId: Id<'pool'>, revision: number): Claim => ({
  ...{ op: 'require', set: POOL_NOW, key: poolId, owner: poolOwner(poolId, revision) },
});

export const poolNotFound = reject(
  'NOT_FOUND',
  'There is no such pool. List the pools and use one of their ids.',
  'poolId',
);
const exists = reject('ILLEGAL_STATE', 'There is a pool with this id already. Create one with a new id.');
const keepDefault = reject(
  'ILLEGAL_STATE',
  'The default pool is where nodes are that were put in no other: it is never deleted. Change it instead.',
  'poolId',
);

function withTerms(before: PoolTerms, given: Given): PoolTerms {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(set) };
}

function claimsOf(before: Pool | null, after: Omit<Pool, 'status'> | null): readonly Claim[] {
  const unique = { kind: 'unique' } as const;
  const letGo: readonly Claim[] = before
    ? [
        { op: 'release', ...unique, set: POOL_NAME, key: before.name, owner: before.poolId },
        {
          ...{ op: 'release', ...unique, set: POOL_NOW, key: before.poolId },
          owner: poolOwner(before.poolId, before.revision),
        },
      ]
    : [];
  if (after === null) return letGo;
  return [
    ...letGo,
    { op: 'take', ...unique, set: POOL_NAME, key: after.name, owner: after.poolId },
    { op: 'take', ...unique, set: POOL_NOW, key: after.poolId, owner: poolOwner(after.poolId, after.revision) },
  ];
}

function write(before: Pool | null, data: Omit<Pool, 'status'>): Decision<PoolEvent> {
  const type = before === null ? 'PoolCreated' : 'PoolChanged';
  return accept<PoolEvent>([{ type, data }], claimsOf(before, data));
}

function decide(state: PoolState, command: PoolCommand): Decision<PoolEvent> {
  const { poolId } = command;
  switch (command.action) {
    case 'ensure':
      if (state.status !== 'NONE') return accept<PoolEvent>([]);
      return write(null, { poolId, name: DEFAULT_POOL_NAME, revision: 1, terms: defaultPoolTerms });
    case 'create':
      if (state.status !== 'NONE') return refuse(exists);
      return write(null, {
        ...{ poolId, name: command.name, revision: 1, terms: withTerms(defaultPoolTerms, command.terms) },
      });
    case 'change': {
      if (state.status !== 'THERE') return refuse(poolNotFound);
      const name = command.name ?? state.name;
      const terms = withTerms(state.terms, command.terms);
      if (name === state.name && equal(terms, state.terms)) return accept<PoolEvent>([]);
      return write(state, { poolId, name, revision: state.revision + 1, terms });
    }
    case 'delete':
      if (state.status !== 'THERE') return refuse(poolNotFound);
      if (poolId === DEFAULT_POOL) return refuse(keepDefault);
      return accept<PoolEvent>(
        [{ type: 'PoolDeleted', data: { poolId, name: state.name } }],
        // Refused while there is one; and it stays, so that none comes later.
        [{ op: 'limit', kind: 'amount', set: POOL_NODES, key: poolId, limit: 0 }, ...claimsOf(state, null)],
      );
    default:
      return command satisfies never;
  }
}

export const poolDecider: Decider<PoolState, PoolCommand, PoolEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve: (_state, event) => (event.type === 'PoolDeleted' ? { status: 'GONE' } : { status: 'THERE', ...event.data }),
};
