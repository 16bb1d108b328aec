/**
 * A command that may place instances: decided on the nodes as they are. Where a place went to somebody else between
 * decision and commit, or what it was chosen by has changed, it is decided again on what is now; the claims make sure that
 * no place is given twice, and none by what isn't so any more.
 */
import {
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
  loadState,
  type Origin,
} from '@atoll/events/store';
import type { Id, Tenant } from '@atoll/schema/ids';
import { PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { denied, isPlaceTaken } from './denials.ts';
import { deploymentNotFound } from './domain/actions.ts';
import { MOST_AT_ONCE } from './domain/advance.ts';
import type { DeploymentCommand } from './domain/commands.ts';
import { deploymentDecider } from './domain/decide.ts';
import type { Deployment } from './domain/deployment.ts';
import { noTerms, type Terms, termsDecider } from './domain/placement-terms.ts';
import { deploymentStream, termsStream } from './domain/streams.ts';
import { anywhere, type ForWhom, type World } from './domain/world.ts';
import { readApart, readNear, readWishes } from './projections/neighbours.ts';
import { type KnownNodes, readNodes } from './projections/nodes.ts';

/** Each try fills at least one place, by this command or by another. */
const TRIES = 50;

export interface Placing {
  readonly deploymentId: Id<'deployment'>;
  /** How many instances it may have to place. */
  readonly places: number;
  readonly command: (world: World) => DeploymentCommand;
  readonly origin: Origin;
  /** Of a deployment that isn't there yet, or that shall ask something else: what it asks. */
  readonly asking?: ForWhom;
  readonly idempotency?: Idempotency;
  readonly expectedVersion?: number | null;
  /** The deployment's id was made up for this command. */
  readonly newStream?: boolean;
  readonly result?: (state: Deployment) => unknown;
  /** Nodes could be heard for long enough: what makes no progress may be judged. */
  readonly judging?: boolean;
  /** Told which claim couldn't be had. */
  readonly conflict?: (set: string) => void;
}

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
}

export async function readTerms(store: EventStore, tenant: Tenant): Promise<Terms> {
  if (tenant === PLATFORM) return noTerms;
  return (await loadState(store, { decider: termsDecider, stream: termsStream(tenant) })).state;
}

type Seen = Omit<World, 'instanceIds' | 'now' | 'judging'>;

/** All that a place is chosen by, for whoever asks so. */
export async function readWorld(
  { store, pool }: Needs,
  tenant: Tenant,
  asking: ForWhom | null,
  self: Id<'deployment'> | null,
): Promise<{ readonly world: Seen; readonly known: KnownNodes }> {
  const whom = asking ?? anywhere('ns_');
  const [terms, near, apart, known] = await Promise.all([
    readTerms(store, tenant),
    readNear(pool, whom),
    readApart(pool, whom, self),
    readNodes(pool),
  ]);
  const { nodes, hostNamespaces } = known;
  return { world: { nodes, hostNamespaces, terms, near, apart }, known };
}

/** `capacity`: the position up to which the nodes that it was decided on are surely known. */
export async function placeAndCommit(
  needs: Needs,
  { deploymentId, places, command, result, asking, conflict: told, judging = false, ...options }: Placing,
): Promise<{ readonly outcome: CommandOutcome; readonly capacity: number }> {
  for (let tries = 1; ; tries++) {
    const whom = asking ?? (await readWishes(needs.pool, deploymentId));
    const { world, known } = await readWorld(needs, options.origin.tenant, whom, deploymentId);
    const instanceIds = Array.from({ length: Math.min(places, MOST_AT_ONCE) }, () => newId('instance'));
    let placeTaken = false;
    const outcome = await handleCommand(needs.store, {
      ...options,
      ...(result && { result: (state: Deployment) => result(state) }),
      decider: deploymentDecider,
      stream: deploymentStream(deploymentId),
      command: command({ ...world, instanceIds, now: Date.now(), judging }),
      notFound: deploymentNotFound,
      onClaimConflict: (conflict) => {
        placeTaken = isPlaceTaken(conflict);
        told?.(conflict.claim.set);
        return denied(conflict);
      },
    });
    if (!placeTaken || tries === TRIES) return { outcome, capacity: known.position };
  }
}
